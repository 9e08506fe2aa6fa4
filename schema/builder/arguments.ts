/** Arguments that many fields take alike, and the descriptions of those whose type differs by collection. */
import type { ArgBuilder } from '@pothos/core';
import type { Builder } from './builder.ts';

type Arguments = ArgBuilder<Builder['$inferSchemaTypes']>;

export const argumentDescriptions = {
  collection: 'The name of a collection, such as `countries`. A collection comes to be with its first document.',
  documentId: 'The `_id` of the document.',
  documentName:
    'The `_id` of the document. Its global `id` does as well, where no document of the collection has that `_id`.',
  orderBy: 'What to sort by, the most important first. Ties, and documents without any order, go by `_id`.',
  where: 'Which documents; all of the collection without it.',
  strategy: 'What happens where the document exists already.',
} as const;

/** Members of every filter. */
export const filterDescriptions = {
  and: 'All of these hold. There is at least one, and none is empty.',
  or: 'At least one of these holds. There is at least one, and none is empty.',
  not: 'This does not hold. It is not empty.',
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

/** Relay's: a page from the beginning or from the end. */
export const pageArguments = (arg: Arguments) => ({
  first: arg.int({ description: 'At most so many, from the beginning, or from `after` on.' }),
  after: arg.string({ description: 'A cursor: the page begins behind it. Pass `endCursor` for the next page.' }),
  last: arg.int({ description: 'At most so many, from the end, or up to `before`.' }),
  before: arg.string({ description: 'A cursor: the page ends before it. Pass `startCursor` for the page before.' }),
});

/** Of a subscription. */
export const resumeArgument = (arg: Arguments) =>
  arg({
    type: 'CausalToken',
    description: 'The `token` of the last event that the client has seen: the subscription goes on from there.',
  });

/** Of a live query. */
export const liveArguments = (arg: Arguments) => ({
  first: arg.int({ description: 'Watches only so many documents, from the beginning of the order.' }),
  after: resumeArgument(arg),
});
