/** Adds the status of the replica to the schema, as a query and as a subscription. */
import * as replica from '../../resolvers/replica.ts';
import type { Builder } from '../builder/builder.ts';

const replicaId = "The replica's name, a dot, and eight characters that identify its process.";

export function addReplica(builder: Builder): void {
  builder.enumType('StorageKind', {
    description: "Where the site's log is kept.",
    values: {
      EMBEDDED: { description: 'In the data folder of this server, which is the only replica.' },
      REDIS: { description: 'In Redis, which the replicas of the site share.' },
    },
  });

  builder.objectType('VersionEntry', {
    description: 'How far a replica has applied a log.',
    fields: (t) => ({
      log: t.exposeID('log', { description: 'The id of the log.' }),
      position: t.exposeFloat('position', {
        description: 'The newest transaction of that log which is applied here, with all before it.',
      }),
    }),
  });

  builder.objectType('Peer', {
    description: 'Another replica of this site, as known from its heartbeats.',
    fields: (t) => ({
      id: t.exposeID('id', { description: replicaId }),
      lastSeenAt: t.expose('lastSeenAtMilliseconds', {
        type: 'DateTime',
        description: 'When its last heartbeat arrived.',
      }),
      version: t.expose('version', { type: ['VersionEntry'], description: 'As of its last heartbeat.' }),
      behindBy: t.exposeFloat('behindBy', {
        description:
          "This replica's position less the peer's, at least 0; all of it where the peer follows another log.",
      }),
    }),
  });

  builder.objectType('Replica', {
    description: 'What a replica knows of itself: the state of sync, of what was received and sent, and of its clock.',
    fields: (t) => ({
      id: t.exposeID('id', { description: replicaId }),
      connected: t.exposeBoolean('connected', {
        description:
          'False while the site cannot be reached, or this replica has stopped taking part: writes are kept here and handed on later. True where storage is embedded.',
      }),
      storage: t.expose('storage', { type: 'StorageKind', description: "Where the site's log is kept." }),
      startedAt: t.expose('startedAtMilliseconds', { type: 'DateTime', description: 'When its process started.' }),
      clock: t.expose('clockMilliseconds', {
        type: 'DateTime',
        description: 'The hybrid logical clock, as an instant.',
      }),
      version: t.expose('version', { type: ['VersionEntry'], description: 'The version applied here.' }),
      waiting: t.exposeInt('waiting', { description: 'Received beyond a gap, until the log has been read.' }),
      unsent: t.exposeInt('unsent', {
        description: "Journaled here, and not yet in the site's log; 0 where storage is embedded.",
      }),
      documentCount: t.exposeInt('documentCount', { description: 'The number of documents in all collections.' }),
      lastWriteAt: t.expose('lastWriteAtMilliseconds', {
        type: 'DateTime',
        nullable: true,
        description: 'The time of the newest transaction shown here; null before the first.',
      }),
      peers: t.expose('peers', { type: ['Peer'], description: 'The other live replicas of the site.' }),
    }),
  });

  builder.queryFields((t) => ({
    replica: t.field({
      type: 'Replica',
      description: 'The replica that answers the request.',
      resolve: replica.status,
    }),
  }));

  builder.subscriptionFields((t) => ({
    replica: t.field({
      type: 'Replica',
      description: "This replica's own state, at most once a second and when a peer comes or goes.",
      subscribe: replica.liveStatus,
      resolve: (status) => status,
    }),
  }));
}
