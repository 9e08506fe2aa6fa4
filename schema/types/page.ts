/** Adds pages of documents to the schema, as Relay's connections. */
import * as documents from '../../resolvers/documents.ts';
import type { Builder } from '../builder/builder.ts';

export const pageDescriptions = {
  connection: "A page of documents, as one of Relay's connections.",
  edge: 'A document of a page, with its cursor.',
  cursor: 'A cursor for `after` and `before`.',
  node: 'The document.',
  edges: 'The documents of the page with their cursors.',
  nodes: 'The documents of the page.',
  pageInfo: 'The place of the page in the result.',
} as const;

export function addPage(builder: Builder): void {
  builder.objectType('PageInfo', {
    description: 'The place of a page in its result.',
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether there are documents after the page.' }),
      hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
        description: 'Whether there are documents before the page.',
      }),
      startCursor: t.string({
        nullable: true,
        description: 'The cursor of the first document; null on an empty page.',
        resolve: documents.startCursor,
      }),
      endCursor: t.string({
        nullable: true,
        description: 'The cursor of the last document; null on an empty page.',
        resolve: documents.endCursor,
      }),
    }),
  });

  builder.objectType('DocumentEdge', {
    description: pageDescriptions.edge,
    fields: (t) => ({
      cursor: t.string({ description: pageDescriptions.cursor, resolve: documents.cursor }),
      node: t.expose('document', { type: 'Document', description: pageDescriptions.node }),
    }),
  });

  builder.objectType('DocumentConnection', {
    description: pageDescriptions.connection,
    fields: (t) => ({
      edges: t.field({ type: ['DocumentEdge'], description: pageDescriptions.edges, resolve: documents.edges }),
      nodes: t.expose('documents', { type: ['Document'], description: pageDescriptions.nodes }),
      pageInfo: t.field({ type: 'PageInfo', description: pageDescriptions.pageInfo, resolve: (page) => page }),
      totalCount: t.exposeInt('totalCount', { description: 'How many documents match, whatever the page.' }),
    }),
  });
}
