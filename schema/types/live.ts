/** Adds live queries to the schema: the events of live results, and the subscriptions to them. */
import * as live from '../../resolvers/live.ts';
import {
  argumentDescriptions,
  collectionArgument,
  documentIdArgument,
  liveArguments,
  resumeArgument,
} from '../builder/arguments.ts';
import type { Builder } from '../builder/builder.ts';

export const liveResultDescription = `One event a transaction that touches the result, in the order in which this replica shows them: the log's, and its own
journaled ones at once (their return is no second event). The first event always comes, and has the whole result, as
insertions too, unless it resumes. To go from the result before to the one after: take out all of \`removed\` and every \`moved.from\` (old
indexes), then put in \`inserted\` and \`moved.to\` in rising order (new indexes). \`moved\` is the fewest that must move; a
document that moved and changed is in \`updated\` too.`;

export const mergedDescription =
  'How many events were merged into this one because their reader was slow; 1 where none were.';

export const initialDescription = 'True if the event has the whole result; false if it has only what changed.';

export const changeDescriptions = {
  inserted: 'Documents that entered the result.',
  updated: 'Documents that stayed in the result and changed.',
  removed: 'Documents that left the result.',
  moved: 'Documents whose place changed; the fewest that must move.',
} as const;

export const eventTokenDescription =
  'The version that the event shows. Pass the last one as `after` to resume after a reconnect.';

export const afterDescription =
  'With `after`, the token of the last event that the client has seen, from any replica: the first event goes from there to now (`initial` false), or is the whole result again (`initial` true) where this replica can no longer tell.';

export function addLive(builder: Builder): void {
  builder.objectType('LiveInsertion', {
    description: 'A document that entered a live result.',
    fields: (t) => ({
      index: t.exposeInt('index', { description: 'In the result after the event.' }),
      node: t.expose('document', { type: 'Document', description: 'The document after the event.' }),
    }),
  });
  builder.objectType('LiveUpdate', {
    description: 'A document of a live result that changed.',
    fields: (t) => ({
      index: t.exposeInt('index', { description: 'In the result after the event.' }),
      node: t.expose('document', { type: 'Document', description: 'The document after the event.' }),
    }),
  });

  builder.enumType('RemovalReason', {
    description: 'Why a document left a live result.',
    values: {
      REMOVED: { description: 'The document was removed.' },
      EVICTED: { description: 'It was evicted here.' },
      LEFT_RESULT: { description: 'It exists, and no longer matches the filter, or fell past `first`.' },
      ACCESS_LOST: { description: 'Its reader may no longer see it.' },
    },
  });
  builder.objectType('LiveRemoval', {
    description: 'A document that left a live result.',
    fields: (t) => ({
      index: t.exposeInt('index', { description: 'In the result before the event.' }),
      id: t.id({ description: 'Global.', resolve: live.idInView }),
      _id: t.exposeID('id', { description: argumentDescriptions.documentId }),
      reason: t.expose('reason', { type: 'RemovalReason', description: 'Why it left.' }),
    }),
  });
  builder.objectType('LiveMove', {
    description: 'A document whose place in a live result changed.',
    fields: (t) => ({
      id: t.id({ description: 'Global.', resolve: live.idInView }),
      _id: t.exposeID('id', { description: argumentDescriptions.documentId }),
      from: t.exposeInt('from', { description: 'Its index in the result before the event.' }),
      to: t.exposeInt('to', { description: 'Its index in the result after the event.' }),
    }),
  });

  builder.objectType('LiveDocuments', {
    description: liveResultDescription,
    fields: (t) => ({
      initial: t.exposeBoolean('initial', { description: initialDescription }),
      merged: t.exposeInt('merged', { description: mergedDescription }),
      nodes: t.field({
        type: ['Document'],
        description: 'The whole result after the event.',
        resolve: ({ change }) => Array.from(change.after),
      }),
      inserted: t.field({
        type: ['LiveInsertion'],
        description: changeDescriptions.inserted,
        resolve: ({ change }) => change.inserted,
      }),
      updated: t.field({
        type: ['LiveUpdate'],
        description: changeDescriptions.updated,
        resolve: ({ change }) => change.updated,
      }),
      removed: t.field({
        type: ['LiveRemoval'],
        description: changeDescriptions.removed,
        resolve: live.removals('document'),
      }),
      moved: t.field({
        type: ['LiveMove'],
        description: changeDescriptions.moved,
        resolve: live.moves('document'),
      }),
      token: t.expose('token', { type: 'CausalToken', description: eventTokenDescription }),
    }),
  });

  builder.objectType('LiveDocument', {
    description: 'One document, as each transaction that touches it leaves it.',
    fields: (t) => ({
      initial: t.exposeBoolean('initial', { description: initialDescription }),
      merged: t.exposeInt('merged', { description: mergedDescription }),
      document: t.field({
        type: 'Document',
        nullable: true,
        description: 'Null once it is removed, or before it exists.',
        resolve: live.shownDocument,
      }),
      token: t.expose('token', { type: 'CausalToken', description: eventTokenDescription }),
    }),
  });

  builder.subscriptionFields((t) => ({
    documents: t.field({
      type: 'LiveDocuments',
      description: afterDescription,
      args: {
        collection: collectionArgument(t.arg),
        where: t.arg({ type: 'Filter', description: argumentDescriptions.where }),
        orderBy: t.arg({ type: ['Order'], description: argumentDescriptions.orderBy }),
        ...liveArguments(t.arg),
      },
      subscribe: live.documents,
      resolve: (event) => event,
    }),
    document: t.field({
      type: 'LiveDocument',
      description: 'Like `documents`, for a single document.',
      args: {
        collection: collectionArgument(t.arg),
        id: documentIdArgument(t.arg),
        after: resumeArgument(t.arg),
      },
      subscribe: live.document,
      resolve: (event) => event,
    }),
  }));
}
