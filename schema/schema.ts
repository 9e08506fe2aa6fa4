/** Builds the GraphQL schema: the generic API, and the typed API generated from collection definitions. */
import type { GraphQLSchema } from 'graphql';
import type { Definitions } from '../definitions/definitions.ts';
import { createBuilder } from './builder/builder.ts';
import { addCollection } from './collections/collection.ts';
import { addScalarFilters } from './collections/scalar-filters.ts';
import { addAttachment } from './types/attachment.ts';
import { addChanges } from './types/changes.ts';
import { addDocument } from './types/document.ts';
import { addFilter } from './types/filter.ts';
import { addLive } from './types/live.ts';
import { addNode } from './types/node.ts';
import { addPage } from './types/page.ts';
import { addReplica } from './types/replica.ts';
import { addScalars } from './types/scalars.ts';
import { addTransaction } from './types/transaction.ts';
import { addWriting } from './types/writing.ts';

/** The description of the schema, which documentation explorers show first. */
const description = `Begin with \`collections\`: it lists the collections that have documents. \`documents\` reads any of them, page by page, and
\`upsert\`, \`update\` and \`remove\` write. A collection that is defined in \`collections.ts\` also has typed fields:
\`countries\` has \`countries\`, \`country\`, \`upsertCountry\`, \`updateCountry\` and \`removeCountry\`. Subscriptions with the same
names send changes as they happen. \`replica\` shows the state of this server and of the other replicas of its site.`;

export function buildSchema(definitions: Definitions): GraphQLSchema {
  const builder = createBuilder();
  builder.queryType({
    description: 'Reads. All the fields of one query operation show the same version of the documents.',
  });
  builder.mutationType({
    description:
      'All the fields of one mutation operation are one transaction: applied together, in order, or not at all, and seen together by every other replica.',
  });
  builder.subscriptionType({
    description: 'Live queries: first the result, then an event for each transaction that changes it.',
  });
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
  addChanges(builder);
  const filters = addScalarFilters(builder);
  for (const definition of definitions.collections) addCollection(builder, definition, filters);
  const schema = builder.toSchema({ sortSchema: false });
  schema.description = description;
  return schema;
}
