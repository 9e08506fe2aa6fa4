/** `PersonConnection` and `PersonEdge`. */
import type { CollectionDefinition } from '../../definitions/definitions.ts';
import * as documents from '../../resolvers/documents.ts';
import { typedReads } from '../../resolvers/typed/documents.ts';
import type { Builder } from '../builder.ts';
import type { DocumentRef } from './document.ts';

export function addTypedPage(builder: Builder, definition: CollectionDefinition, document: DocumentRef) {
  const { type } = definition;
  const { typed } = typedReads(definition);

  const edge = builder.objectRef<documents.Edge>(`${type}Edge`).implement({
    fields: (t) => ({
      cursor: t.string({ resolve: documents.cursor }),
      node: t.field({ type: document, resolve: (parent) => typed(parent.document) }),
    }),
  });

  return builder.objectRef<documents.Connection>(`${type}Connection`).implement({
    fields: (t) => ({
      edges: t.field({ type: [edge], resolve: documents.edges }),
      nodes: t.field({ type: [document], resolve: (page) => page.documents.map(typed) }),
      pageInfo: t.field({ type: 'PageInfo', resolve: (page) => page }),
      totalCount: t.exposeInt('totalCount', { description: 'How many documents match, whatever the page.' }),
    }),
  });
}
