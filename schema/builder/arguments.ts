/** Arguments shared by many fields, and the descriptions of those whose type differs by collection. */
import type { ArgBuilder } from '@pothos/core';
import type { Builder } from './builder.ts';

type Arguments = ArgBuilder<Builder['$inferSchemaTypes']>;

export const argumentDescriptions = {
  collection: 'The name of a collection, such as `countries`. The first document creates the collection.',
  documentId: 'The `_id` of the document.',
  documentName:
    'The `_id` of the document, or its global `id`. The latter applies if no document of the collection has it as `_id`.',
  orderBy: 'The fields to sort by, the most important first. Ties, and results without an order, are sorted by `_id`.',
  where: 'Selects documents. Without it, all documents of the collection.',
  strategy: 'What to do if the document exists already.',
} as const;

/** The descriptions of members that every filter has. */
export const filterDescriptions = {
  and: 'All of these must hold. At least one is required, and none may be empty.',
  or: 'At least one of these must hold. At least one is required, and none may be empty.',
  not: 'This must not hold. It may not be empty.',
} as const;

export const collectionArgument = (arg: Arguments) =>
  arg.string({ required: true, description: argumentDescriptions.collection });

export const documentIdArgument = (arg: Arguments) =>
  arg.id({ required: true, description: argumentDescriptions.documentName });

export const strategyArgument = (arg: Arguments) =>
  arg({
    type: 'WriteStrategy',
    required: true,
    defaultValue: 'MERGE',
    description: argumentDescriptions.strategy,
  });

/** Relay's arguments: a page from the beginning or from the end of the result. */
export const pageArguments = (arg: Arguments) => ({
  first: arg.int({ description: 'At most this many, from the beginning, or after `after`.' }),
  after: arg.string({ description: 'A cursor: the page starts after it. Pass `endCursor` for the next page.' }),
  last: arg.int({ description: 'At most this many, from the end, or before `before`.' }),
  before: arg.string({ description: 'A cursor: the page ends before it. Pass `startCursor` for the page before.' }),
});

/** The argument by which a subscription resumes. */
export const resumeArgument = (arg: Arguments) =>
  arg({
    type: 'CausalToken',
    description: 'The `token` of the last event that the client has seen: the subscription resumes there.',
  });

/** The arguments of a live query. */
export const liveArguments = (arg: Arguments) => ({
  first: arg.int({ description: 'Watches at most this many documents, from the beginning of the order.' }),
  after: resumeArgument(arg),
});
