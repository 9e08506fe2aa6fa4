/** Adds the types `Person`, `PersonPayload` and `PersonField`. */
import type { CollectionDefinition } from '../../definitions/definitions.ts';
import { singularField } from '../../definitions/names.ts';
import type { TypedDocument } from '../../resolvers/nodes.ts';
import { globalId } from '../../resolvers/typed/documents.ts';
import { documentField } from '../../resolvers/typed/values.ts';
import type { Builder } from '../builder/builder.ts';
import { globalIdDescription } from '../types/node.ts';
import { exposeFields, outputFields } from './outputs.ts';

export type DocumentRef = ReturnType<typeof addTypedDocument>;

export function addTypedDocument(builder: Builder, definition: CollectionDefinition) {
  const { name, type, fields } = definition;
  const own = outputFields(builder, type, fields);
  return builder.objectRef<TypedDocument>(type).implement({
    interfaces: ['Node'],
    description: definition.description ?? `A document of the collection \`${name}\`.`,
    fields: (t) => ({
      id: t.id({ description: globalIdDescription, resolve: globalId }),
      _id: t.id({ description: 'The id in the collection; it never changes.', resolve: ({ document }) => document.id }),
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
    description: 'The document that was written.',
    fields: (t) => ({
      [singularField(type)]: t.field({
        type: document,
        description: 'As the transaction leaves it.',
        resolve: (parent) => parent,
      }),
    }),
  });

export const addFieldEnum = (builder: Builder, { type, fields }: CollectionDefinition) =>
  builder.enumType(`${type}Field`, {
    description: 'A field that can be removed.',
    values: Object.fromEntries(Object.keys(fields).map((name) => [name, { description: `The field \`${name}\`.` }])),
  });
