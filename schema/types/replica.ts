import * as replica from '../../resolvers/replica.ts';
import type { Builder } from '../builder.ts';

export function addReplica(builder: Builder): void {
  builder.enumType('StorageKind', { values: ['EMBEDDED', 'REDIS'] });

  builder.objectType('VersionEntry', {
    fields: (t) => ({
      log: t.exposeID('log'),
      position: t.exposeFloat('position', {
        description: 'The newest transaction of that log which is applied here, with all before it.',
      }),
    }),
  });

  builder.objectType('Peer', {
    description: 'Another replica of this site, by its heartbeats.',
    fields: (t) => ({
      id: t.exposeID('id'),
      lastSeenAt: t.expose('lastSeenAtMilliseconds', { type: 'DateTime' }),
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
      id: t.exposeID('id'),
      connected: t.exposeBoolean('connected', {
        description:
          'False while the site cannot be reached, or this replica has stopped taking part: writes are kept here and handed on later. True where storage is embedded.',
      }),
      storage: t.expose('storage', { type: 'StorageKind' }),
      startedAt: t.expose('startedAtMilliseconds', { type: 'DateTime' }),
      clock: t.expose('clockMilliseconds', {
        type: 'DateTime',
        description: 'The hybrid logical clock, as an instant.',
      }),
      version: t.expose('version', { type: ['VersionEntry'] }),
      waiting: t.exposeInt('waiting', { description: 'Received beyond a gap, until the log has been read.' }),
      unsent: t.exposeInt('unsent', {
        description: "Journaled here, and not yet in the site's log; 0 where storage is embedded.",
      }),
      documentCount: t.exposeInt('documentCount'),
      lastWriteAt: t.expose('lastWriteAtMilliseconds', { type: 'DateTime', nullable: true }),
      peers: t.expose('peers', { type: ['Peer'] }),
    }),
  });

  builder.queryFields((t) => ({
    replica: t.field({ type: 'Replica', description: 'The replica that answers.', resolve: replica.status }),
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
