/**
 * Resolvers that write documents. Arguments are checked first; the write itself is a request of the operation's
 * transaction.
 */
import { BadUserInputError, TypeMismatchError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { WriteStrategy } from '../replica/crdt/writes.ts';
import { matching } from '../replica/query/access/query-plan.ts';
import type { Filter } from '../replica/query/filters/filter.ts';
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
  return transactionOf(context).request((writer) =>
    writer.upsert(collection, id ?? writer.newId(), fields, strategy, isCounter),
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
  const documents = transactionOf(context).request((writer) =>
    checked.map(({ id, fields }, index) =>
      namingMember(`documents.${index}`, () =>
        writer.upsert(collection, id ?? writer.newId(), fields, args.strategy, isCounter),
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
  const operations = checkOperations(args.operations, collection, context);
  const attachments = namedAttachments(args.operations);
  const isCounter = counterPaths(collection, context);
  const document = transactionOf(context).request((writer) => {
    checkAttachments(writer, attachments);
    return writer.update(collection, writableId(writer, name), operations, isCounter);
  });
  return { document };
}

export interface ManyArguments extends ManyFilterInput {
  readonly collection: string;
}

export interface UpdateManyArguments extends ManyArguments {
  readonly operations: readonly UpdateOperationInput[];
}

export function updateMany(_: unknown, args: UpdateManyArguments, context: Context): DocumentsPayload {
  const collection = checkCollection(args.collection);
  const filter = checkManyFilter(args);
  context.warnings?.query({ collection, filter });
  const operations = checkOperations(args.operations, collection, context);
  const attachments = namedAttachments(args.operations);
  const isCounter = counterPaths(collection, context);
  const documents = transactionOf(context).request((writer) => {
    checkAttachments(writer, attachments);
    return idsThatMatch(writer, collection, filter).map((id) => writer.update(collection, id, operations, isCounter));
  });
  return { documents };
}

export function remove(_: unknown, args: DocumentArguments, context: Context): IdsPayload {
  return removeNamed(context, checkName(context, checkCollection(args.collection), args.id), 'document');
}

export function removeNamed(context: Context, name: DocumentName, view: DocumentView): IdsPayload {
  const { collection } = name;
  const ids = transactionOf(context).request((writer) =>
    [namedId(writer, name)].filter((id) => writer.remove(collection, id)),
  );
  return { view, collection, ids };
}

export function removeMany(_: unknown, args: ManyArguments, context: Context): IdsPayload {
  const collection = checkCollection(args.collection);
  const filter = checkManyFilter(args);
  context.warnings?.query({ collection, filter });
  const ids = transactionOf(context).request((writer) =>
    idsThatMatch(writer, collection, filter).filter((id) => writer.remove(collection, id)),
  );
  return { view: 'document', collection, ids };
}

export function evict(_: unknown, args: DocumentArguments, context: Context): IdsPayload {
  const collection = checkCollection(args.collection);
  const name = checkName(context, collection, args.id);
  const ids = transactionOf(context).request((writer) =>
    [namedId(writer, name)].filter((id) => writer.evict(collection, id)),
  );
  return { view: 'document', collection, ids };
}

export function evictMany(_: unknown, args: ManyArguments, context: Context): IdsPayload {
  const collection = checkCollection(args.collection);
  const filter = checkManyFilter(args);
  context.warnings?.query({ collection, filter });
  const ids = transactionOf(context).request((writer) =>
    idsThatMatch(writer, collection, filter).filter((id) => writer.evict(collection, id)),
  );
  return { view: 'document', collection, ids };
}

/** Sorted by id, so that each run of the transaction does the same. */
function idsThatMatch(writer: DocumentWriter, collection: string, filter: Filter | undefined): readonly string[] {
  return sortDocuments(matching(writer, collection, filter), []).map(({ id }) => id);
}
