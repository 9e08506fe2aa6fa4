/** The whole API: the generic one, and what the collections' definitions add to it. */
import type { GraphQLSchema } from 'graphql';
import type { Definitions } from '../definitions/definitions.ts';
import { createBuilder } from './builder.ts';
import { addCollection } from './collections/collection.ts';
import { addScalarFilters } from './collections/scalar-filters.ts';
import { addAttachment } from './types/attachment.ts';
import { addDocument } from './types/document.ts';
import { addFilter } from './types/filter.ts';
import { addLive } from './types/live.ts';
import { addNode } from './types/node.ts';
import { addPage } from './types/page.ts';
import { addReplica } from './types/replica.ts';
import { addScalars } from './types/scalars.ts';
import { addTransaction } from './types/transaction.ts';
import { addWriting } from './types/writing.ts';

export function buildSchema(definitions: Definitions): GraphQLSchema {
  const builder = createBuilder();
  builder.queryType();
  builder.mutationType({
    description:
      'All the fields of one mutation operation are one transaction: applied together, in order, or not at all, and seen together by every other replica.',
  });
  builder.subscriptionType();
  addScalars(builder);
  addNode(builder);
  addFilter(builder);
  addDocument(builder);
  addPage(builder);
  addWriting(builder);
  addAttachment(builder);
  addReplica(builder);
  addLive(builder);
  addTransaction(builder);
  const filters = addScalarFilters(builder);
  for (const definition of definitions.collections) addCollection(builder, definition, filters);
  return builder.toSchema({ sortSchema: false });
}
