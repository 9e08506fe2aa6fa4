import * as writes from '../../resolvers/writes.ts';
import type { Builder } from '../builder.ts';

export function addWriting(builder: Builder): void {
  builder.enumType('WriteStrategy', {
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
    values: ['REGISTER', 'MAP'],
  });

  const SetOperation = builder.inputType('SetOperation', {
    fields: (t) => ({
      path: t.string({ required: true }),
      value: t.field({ type: 'JSON' }),
      as: t.field({ type: 'StoreAs' }),
    }),
  });
  const RemoveFieldOperation = builder.inputType('RemoveFieldOperation', {
    fields: (t) => ({ path: t.string({ required: true }) }),
  });
  const ReplaceWithCounterOperation = builder.inputType('ReplaceWithCounterOperation', {
    fields: (t) => ({ path: t.string({ required: true }) }),
  });
  const IncrementOperation = builder.inputType('IncrementOperation', {
    fields: (t) => ({
      path: t.string({ required: true }),
      by: t.float({ required: true, defaultValue: 1, description: 'May be negative.' }),
    }),
  });
  const SetAttachmentOperation = builder.inputType('SetAttachmentOperation', {
    fields: (t) => ({ path: t.string({ required: true }), attachment: t.id({ required: true }) }),
  });
  builder.inputType('UpdateOperation', {
    isOneOf: true,
    fields: (t) => ({
      set: t.field({ type: SetOperation }),
      remove: t.field({ type: RemoveFieldOperation }),
      replaceWithCounter: t.field({ type: ReplaceWithCounterOperation }),
      increment: t.field({ type: IncrementOperation }),
      setAttachment: t.field({ type: SetAttachmentOperation }),
    }),
  });

  builder.objectType('DocumentPayload', { fields: (t) => ({ document: t.expose('document', { type: 'Document' }) }) });
  builder.objectType('DocumentsPayload', {
    fields: (t) => ({ documents: t.expose('documents', { type: ['Document'] }) }),
  });
  builder.objectType('IdsPayload', { fields: (t) => ({ ids: t.exposeIDList('ids') }) });

  builder.mutationFields((t) => {
    const collection = t.arg.string({ required: true });
    const id = t.arg.id({ required: true });
    const where = t.arg({ type: 'Filter', required: true });
    const operations = t.arg({ type: ['UpdateOperation'], required: true });
    const strategy = t.arg({ type: 'WriteStrategy', required: true, defaultValue: 'MERGE' });
    return {
      upsert: t.field({
        type: 'DocumentPayload',
        description: 'Creates or merges. Without `_id` in the document, one is made.',
        args: { collection, document: t.arg({ type: 'JSON', required: true }), strategy },
        resolve: writes.upsert,
      }),
      upsertMany: t.field({
        type: 'DocumentsPayload',
        description: 'As `upsert`, for many documents of one collection.',
        args: { collection, documents: t.arg({ type: ['JSON'], required: true }), strategy },
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
        description: 'As `update`, on all documents that match.',
        args: { collection, where, operations },
        resolve: writes.updateMany,
      }),
      remove: t.field({
        type: 'IdsPayload',
        description: 'An id that is not there is left out of `ids`.',
        args: { collection, id },
        resolve: writes.remove,
      }),
      removeMany: t.field({ type: 'IdsPayload', args: { collection, where }, resolve: writes.removeMany }),
      evict: t.field({
        type: 'IdsPayload',
        description:
          'Hides it here only; other replicas keep showing it, and it comes back when it is written to again, anywhere.',
        args: { collection, id },
        resolve: writes.evict,
      }),
      evictMany: t.field({ type: 'IdsPayload', args: { collection, where }, resolve: writes.evictMany }),
    };
  });
}
