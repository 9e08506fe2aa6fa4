import * as documents from '../../resolvers/documents.ts';
import type { Builder } from '../builder.ts';

export function addPage(builder: Builder): void {
  builder.objectType('PageInfo', {
    description: 'Where a page stands in its result.',
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('hasNextPage'),
      hasPreviousPage: t.exposeBoolean('hasPreviousPage'),
      startCursor: t.string({ nullable: true, resolve: documents.startCursor }),
      endCursor: t.string({ nullable: true, resolve: documents.endCursor }),
    }),
  });

  builder.objectType('DocumentEdge', {
    fields: (t) => ({
      cursor: t.string({ resolve: documents.cursor }),
      node: t.expose('document', { type: 'Document' }),
    }),
  });

  builder.objectType('DocumentConnection', {
    fields: (t) => ({
      edges: t.field({ type: ['DocumentEdge'], resolve: documents.edges }),
      nodes: t.expose('documents', { type: ['Document'] }),
      pageInfo: t.field({ type: 'PageInfo', resolve: (page) => page }),
      totalCount: t.exposeInt('totalCount', { description: 'How many documents match, whatever the page.' }),
    }),
  });
}
