import * as document from '../../resolvers/document.ts';
import * as documents from '../../resolvers/documents.ts';
import type { Builder } from '../builder.ts';

export function addDocument(builder: Builder): void {
  builder.objectType('Document', {
    interfaces: ['Node'],
    description: 'A document of any collection, through the generic API.',
    fields: (t) => ({
      id: t.id({ resolve: document.globalId }),
      _id: t.exposeID('id', { description: "The document's own id in its collection; never changes." }),
      collection: t.exposeString('collection'),
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
        args: { path: t.arg.string({ required: true }) },
        resolve: document.at,
      }),
      attachment: t.field({
        type: 'Attachment',
        nullable: true,
        description: 'The attachment whose token stands at this keypath.',
        args: { path: t.arg.string({ required: true }) },
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

  builder.enumType('FieldType', { description: 'What stands at a keypath.', values: ['REGISTER', 'MAP', 'COUNTER'] });

  builder.objectType('FieldConflict', {
    description: 'A field that was written concurrently.',
    fields: (t) => ({
      path: t.exposeString('path'),
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
      type: t.expose('type', { type: 'FieldType' }),
      value: t.expose('value', { type: 'JSON', nullable: true }),
      replica: t.exposeID('replica', { description: 'The replica that wrote the newest part of it, and when.' }),
      writtenAt: t.expose('writtenAt', { type: 'DateTime' }),
    }),
  });

  builder.objectType('Collection', {
    description: 'A collection with documents in it.',
    fields: (t) => ({ name: t.exposeString('name'), documentCount: t.exposeInt('documentCount') }),
  });

  builder.queryFields((t) => ({
    document: t.field({
      type: 'Document',
      nullable: true,
      args: { collection: t.arg.string({ required: true }), id: t.arg.id({ required: true }) },
      resolve: documents.one,
    }),
    documents: t.field({
      type: 'DocumentConnection',
      description: 'Documents of a collection, page by page; without `first` and `last`, all of them up to a limit.',
      args: {
        collection: t.arg.string({ required: true }),
        where: t.arg({ type: 'Filter' }),
        orderBy: t.arg({ type: ['Order'], description: 'Ties, and no order at all, go by `_id`.' }),
        first: t.arg.int(),
        after: t.arg.string(),
        last: t.arg.int(),
        before: t.arg.string(),
      },
      resolve: documents.page,
    }),
    collections: t.field({
      type: ['Collection'],
      description: 'Collections with documents in them, by name.',
      resolve: documents.collections,
    }),
  }));
}
