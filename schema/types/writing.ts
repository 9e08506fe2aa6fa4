/** Adds the mutations of documents to the schema, with their inputs and payloads. */
import * as writes from '../../resolvers/writes.ts';
import { collectionArgument, documentIdArgument, strategyArgument } from '../builder/arguments.ts';
import type { Builder } from '../builder/builder.ts';
import { keypathDescription } from './document.ts';

export function addWriting(builder: Builder): void {
  builder.enumType('WriteStrategy', {
    description: 'What an upsert does if the document exists already.',
    values: {
      MERGE: { description: 'Only the fields supplied change; nested objects merge.' },
      INSERT_IF_ABSENT: { description: 'Nothing happens where the document exists here.' },
      INSERT_DEFAULT_IF_ABSENT: {
        description:
          'Default data: written as of the beginning of time, so that any real write, seen or unseen, wins over it.',
      },
      UPDATE_DIFFERENT: { description: 'Only the fields whose value differs from what stands here are written.' },
    },
  });

  builder.enumType('StoreAs', {
    description:
      'How the value of a `set` is stored. The default follows the value: an object is a map, all else a register.',
    values: {
      REGISTER: { description: 'One value, replaced as a whole.' },
      MAP: { description: 'Named fields, which merge one by one.' },
    },
  });

  const SetOperation = builder.inputType('SetOperation', {
    description: 'Replaces the value at a keypath, whatever it is.',
    fields: (t) => ({
      path: t.string({ required: true, description: keypathDescription }),
      value: t.field({ type: 'JSON', description: 'The new value; null is a value.' }),
      as: t.field({ type: 'StoreAs', description: 'How to store it.' }),
    }),
  });
  const RemoveFieldOperation = builder.inputType('RemoveFieldOperation', {
    description: 'Removes the field at a keypath.',
    fields: (t) => ({ path: t.string({ required: true, description: keypathDescription }) }),
  });
  const ReplaceWithCounterOperation = builder.inputType('ReplaceWithCounterOperation', {
    description: 'Turns the number at a keypath into a counter, or creates one if nothing is there.',
    fields: (t) => ({ path: t.string({ required: true, description: keypathDescription }) }),
  });
  const IncrementOperation = builder.inputType('IncrementOperation', {
    description: 'Adds to a counter; concurrent increments add up.',
    fields: (t) => ({
      path: t.string({ required: true, description: keypathDescription }),
      by: t.float({ required: true, defaultValue: 1, description: 'May be negative.' }),
    }),
  });
  const SetAttachmentOperation = builder.inputType('SetAttachmentOperation', {
    description: 'Puts an uploaded attachment at a keypath.',
    fields: (t) => ({
      path: t.string({ required: true, description: keypathDescription }),
      attachment: t.id({ required: true, description: 'The `id` of an attachment.' }),
    }),
  });
  builder.inputType('UpdateOperation', {
    description: 'One step of an update: exactly one of these.',
    isOneOf: true,
    fields: (t) => ({
      set: t.field({ type: SetOperation, description: 'Replaces a value.' }),
      remove: t.field({ type: RemoveFieldOperation, description: 'Removes a field.' }),
      replaceWithCounter: t.field({ type: ReplaceWithCounterOperation, description: 'Turns a number into a counter.' }),
      increment: t.field({ type: IncrementOperation, description: 'Adds to a counter.' }),
      setAttachment: t.field({ type: SetAttachmentOperation, description: 'Stores an attachment.' }),
    }),
  });

  builder.objectType('DocumentPayload', {
    description: 'The document that was written.',
    fields: (t) => ({
      document: t.expose('document', { type: 'Document', description: 'As the transaction leaves it.' }),
    }),
  });
  builder.objectType('DocumentsPayload', {
    description: 'The documents that were written.',
    fields: (t) => ({
      documents: t.expose('documents', { type: ['Document'], description: 'As the transaction leaves them.' }),
    }),
  });
  builder.objectType('IdsPayload', {
    description: 'The documents that were removed or evicted.',
    fields: (t) => ({
      ids: t.exposeIDList('ids', { description: 'Their `_id`s.' }),
      deletedIds: t.idList({
        description: 'The global ids of what went, as `id` gave them: for caches.',
        resolve: writes.deletedIds,
      }),
    }),
  });

  builder.mutationFields((t) => {
    const collection = collectionArgument(t.arg);
    const id = documentIdArgument(t.arg);
    const many = {
      collection,
      where: t.arg({ type: 'Filter', required: true, description: 'Selects the documents.' }),
      all: t.arg.boolean({
        description:
          'True to select all documents of the collection; `where` is then empty. Without it an empty filter is BAD_USER_INPUT, as an absent variable may have emptied it.',
      }),
    };
    const operations = t.arg({
      type: ['UpdateOperation'],
      required: true,
      description: 'The operations, in order; each sees the effects of those before it.',
    });
    const strategy = strategyArgument(t.arg);
    return {
      upsert: t.field({
        type: 'DocumentPayload',
        description: 'Creates or merges. Without `_id` in the document, one is made.',
        args: {
          collection,
          document: t.arg({ type: 'JSON', required: true, description: 'A JSON object, with or without `_id`.' }),
          strategy,
        },
        resolve: writes.upsert,
      }),
      upsertMany: t.field({
        type: 'DocumentsPayload',
        description: 'Like `upsert`, for many documents of one collection.',
        args: {
          collection,
          documents: t.arg({ type: ['JSON'], required: true, description: 'JSON objects, with or without `_id`.' }),
          strategy,
        },
        resolve: writes.upsertMany,
      }),
      update: t.field({
        type: 'DocumentPayload',
        description: 'Runs operations on a document, in order.',
        args: { collection, id, operations },
        resolve: writes.update,
      }),
      updateMany: t.field({
        type: 'DocumentsPayload',
        description: 'Like `update`, on all documents that match.',
        args: { ...many, operations },
        resolve: writes.updateMany,
      }),
      remove: t.field({
        type: 'IdsPayload',
        description: 'An id that is not there is left out of `ids`.',
        args: { collection, id },
        resolve: writes.remove,
      }),
      removeMany: t.field({
        type: 'IdsPayload',
        description: 'Removes all documents that match.',
        args: many,
        resolve: writes.removeMany,
      }),
      evict: t.field({
        type: 'IdsPayload',
        description:
          'Hides it here only; other replicas keep showing it, and it comes back when it is written to again, anywhere.',
        args: { collection, id },
        resolve: writes.evict,
      }),
      evictMany: t.field({
        type: 'IdsPayload',
        description: 'Like `evict`, on all documents that match.',
        args: many,
        resolve: writes.evictMany,
      }),
    };
  });
}
