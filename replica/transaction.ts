/** One mutation operation as a transaction: requests that run now over a private view, and again at commit. */

import type { UpdateOperation, WriteStrategy } from './crdt/writes.ts';
import type { DocumentReader } from './query/access/document-reader.ts';
import type { StoredDocument } from './query/stored-document.ts';
import type { Path } from './values/keypath.ts';
import type { ValueObject } from './values/value.ts';

/** Whether definitions declare a counter at a path: a number written there becomes a counter if nothing is shown. */
export type CounterPaths = (path: Path) => boolean;

/** Reads and writes the transaction's private view. Reads include its own writes. */
export interface DocumentWriter extends DocumentReader {
  /** @throws {TypeMismatchError} @throws {TransactionConflictError} this transaction has removed the document */
  upsert(
    collection: string,
    id: string,
    fields: ValueObject,
    strategy: WriteStrategy,
    isCounter: CounterPaths,
  ): StoredDocument;
  /** @throws {DocumentNotFoundError} @throws {TypeMismatchError} */
  update(
    collection: string,
    id: string,
    operations: readonly UpdateOperation[],
    isCounter: CounterPaths,
  ): StoredDocument;
  /** False if the document does not exist. @throws {TransactionConflictError} this transaction has upserted it */
  remove(collection: string, id: string): boolean;
  /** Takes effect after commit, on this replica only. False if the document does not exist. */
  evict(collection: string, id: string): boolean;
}

/** The possible results of a request, which are compared between its two runs. */
export type RequestResult = StoredDocument | readonly StoredDocument[] | readonly string[];

/**
 * Must only read and write through the writer, as it runs again at commit.
 * @param newId generates a document id; returns the same ids in each run
 */
export type Request<Result extends RequestResult> = (writer: DocumentWriter, newId: () => string) => Result;

export interface Transaction {
  /** Shows the staged state and the transaction's own writes. Selections of the response are read from it. */
  readonly reader: DocumentReader;
  /**
   * Runs a request over the private view, and keeps it for the run at commit, so it must have no effects except through
   * the writer. When the operation is executed once more after the commit, requests do not run: they return the results
   * recorded at commit, in the order of the calls.
   */
  request<Result extends RequestResult>(run: Request<Result>): Result;
  /**
   * Releases the version that is read. Must be called in the end, also after a commit; uncommitted writes are dropped.
   */
  close(): void;
}
