/**
 * Resolvers that write documents. Arguments are checked first; the write itself is a request of the operation's
 * transaction.
 */
import { BadUserInputError, TypeMismatchError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { WriteStrategy } from '../replica/crdt/writes.ts';
import type { DocumentReader } from '../replica/query/access/document-reader.ts';
import { matching } from '../replica/query/access/query-plan.ts';
import { sortDocuments } from '../replica/query/filters/order.ts';
import type { StoredDocument } from '../replica/query/stored-document.ts';
import type { CounterPaths, DocumentWriter, Transaction } from '../replica/transaction.ts';
import { type CheckedDocument, checkCollection, checkDocument } from './arguments.ts';
import type { Context } from './context.ts';
import { checkName, namedId, writableId } from './document-names.ts';
import type { DocumentArguments } from './documents.ts';
import { checkManyFilter, type ManyFilterInput } from './filters.ts';
import { type DocumentName, type DocumentView, encodeGlobalId } from './global-ids.ts';
import { checkAttachments, checkOperations, namedAttachments, type UpdateOperationInput } from './operations.ts';

export interface DocumentPayload {
  readonly document: StoredDocument;
}

export interface DocumentsPayload {
  readonly documents: readonly StoredDocument[];
}

/** The removed or evicted documents, and the view through which they were named. */
export interface IdsPayload {
  readonly view: DocumentView;
  readonly collection: string;
  /** The documents' `_id`s. */
  readonly ids: readonly string[];
}

export const deletedIds = ({ view, collection, ids }: IdsPayload): readonly string[] =>
  ids.map((id) => encodeGlobalId({ view, collection, id }));

/** The transaction, which every mutation operation has. */
export function transactionOf({ transaction }: Context): Transaction {
  if (transaction === undefined) throw new Error('a mutation was executed without a transaction');
  return transaction;
}

/** The counters that the definitions declare in a collection. */
export const counterPaths =
  (collection: string, { definitions }: Context): CounterPaths =>
  (path) =>
    definitions.isCounter(collection, path);

export interface UpsertArguments {
  readonly collection: string;
  readonly document: unknown;
  readonly strategy: WriteStrategy;
}

export function upsert(_: unknown, args: UpsertArguments, context: Context): DocumentPayload {
  const collection = checkCollection(args.collection);
  const checked = checkDocument(args.document, 'document');
  context.definitions.checkDocument(collection, checked.fields, 'document');
  return { document: upsertChecked(context, collection, checked, args.strategy) };
}

function upsertChecked(
  context: Context,
  collection: string,
  { id, fields }: CheckedDocument,
  strategy: WriteStrategy,
): StoredDocument {
  const isCounter = counterPaths(collection, context);
  return transactionOf(context).request((writer, newId) =>
    writer.upsert(collection, id ?? newId(), fields, strategy, isCounter),
  );
}

export interface UpsertManyArguments {
  readonly collection: string;
  readonly documents: readonly unknown[];
  readonly strategy: WriteStrategy;
}

export function upsertMany(_: unknown, args: UpsertManyArguments, context: Context): DocumentsPayload {
  const collection = checkCollection(args.collection);
  if (args.documents.length > limits.documentsPerRequest) {
    const problem = `a request may have at most ${limits.documentsPerRequest} documents, not ${args.documents.length}`;
    throw new BadUserInputError('documents', problem);
  }
  const checked = args.documents.map((json, index) => {
    const document = checkDocument(json, `documents.${index}`);
    context.definitions.checkDocument(collection, document.fields, `documents.${index}`);
    return document;
  });
  const isCounter = counterPaths(collection, context);
  const documents = transactionOf(context).request((writer, newId) =>
    checked.map(({ id, fields }, index) =>
      namingMember(`documents.${index}`, () =>
        writer.upsert(collection, id ?? newId(), fields, args.strategy, isCounter),
      ),
    ),
  );
  return { documents };
}

/** Adds the index of the document to a type mismatch in one of many. */
function namingMember<Result>(member: string, write: () => Result): Result {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof TypeMismatchError)) throw error;
    throw new TypeMismatchError(`${member}.${error.path}`, error.message.slice(`${error.path}: `.length));
  }
}

export interface UpdateArguments extends DocumentArguments {
  readonly operations: readonly UpdateOperationInput[];
}

export function update(_: unknown, args: UpdateArguments, context: Context): DocumentPayload {
  const collection = checkCollection(args.collection);
  const name = checkName(context, collection, args.id);
  const updater = checkUpdate(collection, args.operations, context);
  const document = transactionOf(context).request((writer) => updater(writer)(writableId(writer, name)));
  return { document };
}

export interface ManyArguments extends ManyFilterInput {
  readonly collection: string;
}

export interface UpdateManyArguments extends ManyArguments {
  readonly operations: readonly UpdateOperationInput[];
}

export function updateMany(_: unknown, args: UpdateManyArguments, context: Context): DocumentsPayload {
  const { collection, idsIn } = targetOfFilter(args, context);
  const updater = checkUpdate(collection, args.operations, context);
  const documents = transactionOf(context).request((writer) => idsIn(writer).map(updater(writer)));
  return { documents };
}

/** @returns a function that begins an update in a request, and returns the function that updates one document */
function checkUpdate(collection: string, inputs: readonly UpdateOperationInput[], context: Context) {
  const operations = checkOperations(inputs, collection, context);
  const attachments = namedAttachments(inputs);
  const isCounter = counterPaths(collection, context);
  return (writer: DocumentWriter) => {
    checkAttachments(writer, attachments);
    return (id: string): StoredDocument => writer.update(collection, id, operations, isCounter);
  };
}

export const remove = (_: unknown, args: DocumentArguments, context: Context): IdsPayload =>
  takeAway('remove', targetOfId(args, context), 'document', context);

export const removeMany = (_: unknown, args: ManyArguments, context: Context): IdsPayload =>
  takeAway('remove', targetOfFilter(args, context), 'document', context);

export const evict = (_: unknown, args: DocumentArguments, context: Context): IdsPayload =>
  takeAway('evict', targetOfId(args, context), 'document', context);

export const evictMany = (_: unknown, args: ManyArguments, context: Context): IdsPayload =>
  takeAway('evict', targetOfFilter(args, context), 'document', context);

export const removeNamed = (context: Context, name: DocumentName, view: DocumentView): IdsPayload =>
  takeAway('remove', targetOfName(name), view, context);

function takeAway(
  how: 'remove' | 'evict',
  { collection, idsIn }: Target,
  view: DocumentView,
  context: Context,
): IdsPayload {
  const ids = transactionOf(context).request((writer) => idsIn(writer).filter((id) => writer[how](collection, id)));
  return { view, collection, ids };
}

/** The documents that a request is about. Which they are depends on what it reads, so each run of it decides anew. */
interface Target {
  readonly collection: string;
  readonly idsIn: (reader: DocumentReader) => readonly string[];
}

const targetOfId = (args: DocumentArguments, context: Context): Target =>
  targetOfName(checkName(context, checkCollection(args.collection), args.id));

const targetOfName = (name: DocumentName): Target => ({
  collection: name.collection,
  idsIn: (reader) => [namedId(reader, name)],
});

function targetOfFilter(args: ManyArguments, context: Context): Target {
  const collection = checkCollection(args.collection);
  const filter = checkManyFilter(args);
  context.warnings?.query({ collection, filter });
  // Sorted by id, so that each run of the transaction does the same.
  const idsIn = (reader: DocumentReader) => sortDocuments(matching(reader, collection, filter), []).map(({ id }) => id);
  return { collection, idsIn };
}
