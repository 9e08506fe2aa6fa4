/** Adds `changes` to the schema: for clients that keep a copy of a collection. */
import * as changes from '../../resolvers/changes.ts';
import { globalId } from '../../resolvers/document.ts';
import { argumentDescriptions, collectionArgument } from '../builder/arguments.ts';
import type { Builder } from '../builder/builder.ts';

export function addChanges(builder: Builder): void {
  builder.objectType('RemovedDocument', {
    description: 'A document that a client must drop from its copy.',
    fields: (t) => ({
      id: t.id({ description: 'Global.', resolve: globalId }),
      _id: t.exposeID('id', { description: argumentDescriptions.documentId }),
      collection: t.exposeString('collection', { description: 'The name of its collection.' }),
    }),
  });

  builder.objectType('Changes', {
    description: 'A page of the changes of a collection: each document once, in the order of their last changes.',
    fields: (t) => ({
      initial: t.exposeBoolean('initial', {
        description:
          'True where the replica could not tell from `after` to now: what follows is everything, and what the client has beside it is gone.',
      }),
      documents: t.field({
        type: ['Document'],
        description: 'Documents that are new or were written, as they are now.',
        resolve: ({ documents }) => documents,
      }),
      removed: t.expose('removed', {
        type: ['RemovedDocument'],
        description: 'Removed, evicted here, or no longer to be seen by their reader, or no longer matching `where`.',
      }),
      token: t.expose('token', {
        type: 'CausalToken',
        description: 'For the next call: all up to here is told, also where `hasMore`.',
      }),
      hasMore: t.exposeBoolean('hasMore', {
        description: 'True if there are more changes already: call again at once.',
      }),
    }),
  });

  builder.queryFields((t) => ({
    changes: t.field({
      type: 'Changes',
      description:
        'What changed since a token, document by document: for clients that keep a copy. Reaches back 30 days, past recent history, too (removals are kept so long).',
      args: {
        collection: collectionArgument(t.arg),
        where: t.arg({ type: 'Filter', description: argumentDescriptions.where }),
        after: t.arg({
          type: 'CausalToken',
          description: 'The `token` of the previous call, for the same collection and `where`. Without it, everything.',
        }),
        first: t.arg.int({ description: 'At most this many documents, removed ones included.' }),
      },
      resolve: changes.since,
    }),
  }));
}
