import * as live from '../../resolvers/live.ts';
import type { Builder } from '../builder.ts';

export const liveResultDescription = `One event a transaction that touches the result, in the order in which this replica shows them: the log's, and its own
journaled ones at once (their return is no second event). The first event always comes, and has the whole result, as
insertions too, unless it resumes. To go from the result before to the one after: take out all of \`removed\` and every \`moved.from\` (old
indexes), then put in \`inserted\` and \`moved.to\` in rising order (new indexes). \`moved\` is the fewest that must move; a
document that moved and changed is in \`updated\` too.`;

export const mergedDescription =
  'How many events were merged into this one because their reader was slow; 1 where none were.';

export const afterDescription =
  'With `after`, the token of the last event that the client has seen, from any replica: the first event goes from there to now (`initial` false), or is the whole result again (`initial` true) where this replica can no longer tell.';

export function addLive(builder: Builder): void {
  builder.objectType('LiveInsertion', {
    fields: (t) => ({
      index: t.exposeInt('index', { description: 'In the result after the event.' }),
      node: t.expose('document', { type: 'Document' }),
    }),
  });
  builder.objectType('LiveUpdate', {
    fields: (t) => ({
      index: t.exposeInt('index', { description: 'In the result after the event.' }),
      node: t.expose('document', { type: 'Document' }),
    }),
  });

  builder.enumType('RemovalReason', {
    values: {
      REMOVED: { description: 'The document was removed.' },
      EVICTED: { description: 'It was evicted here.' },
      LEFT_RESULT: { description: 'It exists, and no longer matches the filter, or fell past `first`.' },
      ACCESS_LOST: { description: 'Its reader may no longer see it.' },
    },
  });
  builder.objectType('LiveRemoval', {
    fields: (t) => ({
      index: t.exposeInt('index', { description: 'In the result before the event.' }),
      _id: t.exposeID('id'),
      reason: t.expose('reason', { type: 'RemovalReason' }),
    }),
  });
  builder.objectType('LiveMove', {
    fields: (t) => ({ _id: t.exposeID('id'), from: t.exposeInt('from'), to: t.exposeInt('to') }),
  });

  builder.objectType('LiveDocuments', {
    description: liveResultDescription,
    fields: (t) => ({
      initial: t.exposeBoolean('initial'),
      merged: t.exposeInt('merged', { description: mergedDescription }),
      nodes: t.field({
        type: ['Document'],
        description: 'The whole result after the event.',
        resolve: ({ change }) => Array.from(change.after),
      }),
      inserted: t.field({ type: ['LiveInsertion'], resolve: ({ change }) => change.inserted }),
      updated: t.field({ type: ['LiveUpdate'], resolve: ({ change }) => change.updated }),
      removed: t.field({ type: ['LiveRemoval'], resolve: ({ change }) => change.removed }),
      moved: t.field({ type: ['LiveMove'], resolve: ({ change }) => change.moved }),
      token: t.expose('token', { type: 'CausalToken' }),
    }),
  });

  builder.objectType('LiveDocument', {
    fields: (t) => ({
      initial: t.exposeBoolean('initial'),
      merged: t.exposeInt('merged', { description: mergedDescription }),
      document: t.field({
        type: 'Document',
        nullable: true,
        description: 'Null once it is removed, or before it exists.',
        resolve: live.shownDocument,
      }),
      token: t.expose('token', { type: 'CausalToken' }),
    }),
  });

  builder.subscriptionFields((t) => ({
    documents: t.field({
      type: 'LiveDocuments',
      description: afterDescription,
      args: {
        collection: t.arg.string({ required: true }),
        where: t.arg({ type: 'Filter' }),
        orderBy: t.arg({ type: ['Order'] }),
        first: t.arg.int(),
        after: t.arg({ type: 'CausalToken' }),
      },
      subscribe: live.documents,
      resolve: (event) => event,
    }),
    document: t.field({
      type: 'LiveDocument',
      description: 'As `documents`, for one of them.',
      args: {
        collection: t.arg.string({ required: true }),
        id: t.arg.id({ required: true }),
        after: t.arg({ type: 'CausalToken' }),
      },
      subscribe: live.document,
      resolve: (event) => event,
    }),
  }));
}
