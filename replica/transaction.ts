/** What one mutation operation does: requests, run now over a private view and once more at commit. */

import type { UpdateOperation, WriteStrategy } from './crdt/writes.ts';
import type { DocumentReader } from './query/access/document-reader.ts';
import type { StoredDocument } from './query/stored-document.ts';
import type { Path } from './values/keypath.ts';
import type { ValueObject } from './values/value.ts';

/** Says where definitions put counters: a number written there, where nothing is shown, becomes one. */
export type CounterPaths = (path: Path) => boolean;

/** Reads and writes the transaction's private view. Reads see its own writes. */
export interface DocumentWriter extends DocumentReader {
  /** @throws {TypeMismatchError} @throws {TransactionConflictError} where this transaction removed the document */
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
  /** False where it is not there. @throws {TransactionConflictError} where this transaction upserted it */
  remove(collection: string, id: string): boolean;
  /** Takes effect after commit, here only. False where it is not there. */
  evict(collection: string, id: string): boolean;
}

/** What a request may answer: compared between its runs. */
export type RequestResult = StoredDocument | readonly StoredDocument[] | readonly string[];

/**
 * Reads and writes by the writer and nothing else, as it runs again at commit.
 * @param newId makes a document id: the same ones in each run
 */
export type Request<Result extends RequestResult> = (writer: DocumentWriter, newId: () => string) => Result;

export interface Transaction {
  /** What the transaction sees: staging, and its own writes. For selections of its answer. */
  readonly reader: DocumentReader;
  /**
   * Runs a request over the private view, and remembers it for the run at commit: it must do nothing but use the writer.
   * When the operation is executed once more after a commit that saw other things, requests are not run: the results
   * recorded at commit are given, in the order of the calls.
   */
  request<Result extends RequestResult>(run: Request<Result>): Result;
  /** Lets go of the version that it reads. Call it in the end, also after a commit; what was not committed is dropped. */
  close(): void;
}
