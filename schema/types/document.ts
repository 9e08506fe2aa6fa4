/** Adds `Document` to the schema, with its conflicts, and the queries that read documents. */
import * as document from '../../resolvers/document.ts';
import * as documents from '../../resolvers/documents.ts';
import { argumentDescriptions, collectionArgument, documentIdArgument, pageArguments } from '../builder/arguments.ts';
import type { Builder } from '../builder/builder.ts';
import { globalIdDescription } from './node.ts';

export const keypathDescription = 'A keypath, such as `address.city` or `friends["a.b"]`.';

export function addDocument(builder: Builder): void {
  builder.objectType('Document', {
    interfaces: ['Node'],
    description: 'A document of any collection, through the generic API.',
    fields: (t) => ({
      id: t.id({ description: globalIdDescription, resolve: document.globalId }),
      _id: t.exposeID('id', { description: "The document's own id in its collection; never changes." }),
      collection: t.exposeString('collection', { description: 'The name of its collection.' }),
      value: t.field({
        type: 'JSON',
        description:
          'The whole document as JSON, `_id` included. A counter reads as a number, an attachment as {"$attachment": id}.',
        resolve: document.value,
      }),
      at: t.field({
        type: 'JSON',
        nullable: true,
        description: 'The value at one keypath (`friends.foo`, `friends["a.b"]`), null where nothing is there.',
        args: { path: t.arg.string({ required: true, description: keypathDescription }) },
        resolve: document.at,
      }),
      attachment: t.field({
        type: 'Attachment',
        nullable: true,
        description: 'The attachment whose token stands at this keypath.',
        args: { path: t.arg.string({ required: true, description: keypathDescription }) },
        resolve: document.attachment,
      }),
      conflicts: t.field({
        type: ['FieldConflict'],
        description:
          'Fields that were written concurrently, where all that was written is kept: other types, and other values of a register.',
        resolve: document.conflicts,
      }),
      updatedAt: t.field({
        type: 'DateTime',
        description:
          'The time of the newest value in it; a removal does not raise it, default data alone is as of 1970.',
        resolve: document.updatedAt,
      }),
    }),
  });

  builder.enumType('FieldType', {
    description: 'The type of a value in a document.',
    values: {
      REGISTER: { description: 'One value, replaced as a whole.' },
      MAP: { description: 'Named fields, which merge one by one.' },
      COUNTER: { description: 'A number to which concurrent increments add up.' },
    },
  });

  builder.objectType('FieldConflict', {
    description: 'A field that was written concurrently.',
    fields: (t) => ({
      path: t.exposeString('path', { description: 'The keypath of the field.' }),
      shown: t.expose('shown', { type: 'FieldVariant', description: 'What `value` shows.' }),
      retained: t.expose('retained', {
        type: ['FieldVariant'],
        description:
          'What is kept beside it. Other types: until a whole `set`, a `remove`, or a change of type that has seen them. Other values of a register: until its next write that has seen them. Equal values are no conflict.',
      }),
    }),
  });

  builder.objectType('FieldVariant', {
    description: 'One of the values of a field that was written concurrently.',
    fields: (t) => ({
      type: t.expose('type', { type: 'FieldType', description: 'Its type.' }),
      value: t.expose('value', { type: 'JSON', nullable: true, description: 'The value, as in `Document.value`.' }),
      replica: t.exposeID('replica', { description: 'The replica that wrote the newest part of it, and when.' }),
      writtenAt: t.expose('writtenAt', { type: 'DateTime', description: 'When its newest part was written.' }),
    }),
  });

  builder.objectType('Collection', {
    description: 'A collection that has documents.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'The name, for `documents(collection:)`.' }),
      documentCount: t.exposeInt('documentCount', { description: 'The number of its documents on this replica.' }),
    }),
  });

  builder.queryFields((t) => ({
    document: t.field({
      type: 'Document',
      nullable: true,
      description: 'One document of a collection; null if there is none with that id.',
      args: { collection: collectionArgument(t.arg), id: documentIdArgument(t.arg) },
      resolve: documents.one,
    }),
    documents: t.field({
      type: 'DocumentConnection',
      description: 'Documents of a collection, page by page; without `first` and `last`, all of them up to a limit.',
      args: {
        collection: collectionArgument(t.arg),
        where: t.arg({ type: 'Filter', description: argumentDescriptions.where }),
        orderBy: t.arg({ type: ['Order'], description: 'Ties, and no order at all, go by `_id`.' }),
        ...pageArguments(t.arg),
      },
      resolve: documents.page,
    }),
    collections: t.field({
      type: ['Collection'],
      description: 'The collections that have documents, sorted by name.',
      resolve: documents.collections,
    }),
  }));
}
