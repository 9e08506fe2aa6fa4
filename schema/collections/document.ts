/** `Person`, `PersonPayload` and `PersonField`. */
import type { CollectionDefinition } from '../../definitions/definitions.ts';
import { singularField } from '../../definitions/names.ts';
import { globalId, type TypedDocument } from '../../resolvers/typed/documents.ts';
import { documentField } from '../../resolvers/typed/values.ts';
import type { Builder } from '../builder.ts';
import { exposeFields, outputFields } from './outputs.ts';

export type DocumentRef = ReturnType<typeof addTypedDocument>;

export function addTypedDocument(builder: Builder, { type, fields, description }: CollectionDefinition) {
  const own = outputFields(builder, type, fields);
  return builder.objectRef<TypedDocument>(type).implement({
    interfaces: ['Node'],
    description,
    fields: (t) => ({
      id: t.id({ resolve: globalId }),
      _id: t.id({ resolve: ({ document }) => document.id }),
      ...exposeFields(t, own, documentField),
      document: t.expose('document', {
        type: 'Document',
        description: 'The same document, through the generic API: conflicts, keypaths, the time of its newest value.',
      }),
    }),
  });
}

export const addPayload = (builder: Builder, { type }: CollectionDefinition, document: DocumentRef) =>
  builder.objectRef<TypedDocument>(`${type}Payload`).implement({
    fields: (t) => ({ [singularField(type)]: t.field({ type: document, resolve: (parent) => parent }) }),
  });

export const addFieldEnum = (builder: Builder, { type, fields }: CollectionDefinition) =>
  builder.enumType(`${type}Field`, { values: Object.keys(fields) });
