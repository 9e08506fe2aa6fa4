/** Adds `PersonConnection` and `PersonEdge`. */
import type { CollectionDefinition } from '../../definitions/definitions.ts';
import * as documents from '../../resolvers/documents.ts';
import { typedReads } from '../../resolvers/typed/documents.ts';
import type { Builder } from '../builder/builder.ts';
import { pageDescriptions } from '../types/page.ts';
import type { DocumentRef } from './document.ts';

export function addTypedPage(builder: Builder, definition: CollectionDefinition, document: DocumentRef) {
  const { type } = definition;
  const { typed } = typedReads(definition);

  const edge = builder.objectRef<documents.Edge>(`${type}Edge`).implement({
    description: pageDescriptions.edge,
    fields: (t) => ({
      cursor: t.string({ description: pageDescriptions.cursor, resolve: documents.cursor }),
      node: t.field({
        type: document,
        description: pageDescriptions.node,
        resolve: (parent) => typed(parent.document),
      }),
    }),
  });

  return builder.objectRef<documents.Connection>(`${type}Connection`).implement({
    description: pageDescriptions.connection,
    fields: (t) => ({
      edges: t.field({ type: [edge], description: pageDescriptions.edges, resolve: documents.edges }),
      nodes: t.field({
        type: [document],
        description: pageDescriptions.nodes,
        resolve: (page) => page.documents.map(typed),
      }),
      pageInfo: t.field({ type: 'PageInfo', description: pageDescriptions.pageInfo, resolve: (page) => page }),
      totalCount: t.exposeInt('totalCount', { description: 'How many documents match, whatever the page.' }),
    }),
  });
}
