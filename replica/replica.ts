/** A replica of the document store: wires the rooms below and is what the rooms above call. */

import type { ChangesPage, ChangesRequest } from './changes-page.ts';
import type { DocumentList } from './query/live/document-list.ts';
import type { LiveQueryDefinition, ResultChange } from './query/live/result-change.ts';
import type { StoredDocument } from './query/stored-document.ts';
import type { ReplicaCounters, ReplicaStatus } from './status.ts';
import type { Transaction } from './transaction.ts';
import type { View } from './view.ts';

/** A live query that is open. */
export interface OpenLiveQuery extends Disposable {
  /**
   * The first event of who joins now, who is told all that follows: from a token's version to now (`initial` false) where
   * recent history reaches back to it, else the whole result as insertions.
   * @param after a token
   */
  first(after?: string): LiveEvent;
  /** From a result that an event led to or from, to now; undefined where that shows the same. */
  since(result: DocumentList): LiveEvent | undefined;
}

/** An event of a live query: a result change of one turn, with the token of what it shows. */
export interface LiveEvent {
  readonly initial: boolean;
  readonly change: ResultChange;
  readonly token: string;
}

/** A transaction as the log has it, for `transactions` subscriptions. */
export interface LoggedTransaction {
  readonly replica: string;
  readonly log: string;
  readonly position: number;
  readonly committedAtMilliseconds: number;
  readonly changes: readonly LoggedChange[];
  readonly token: string;
}

export interface TransactionListener {
  told(transaction: LoggedTransaction): void;
  /** With `after`: told once, in the turn in which all since then has been told. */
  caughtUp?(): void;
  /** Told once where it cannot go on without a gap, with a HistoryUnavailableError. */
  ended(error: Error): void;
}

export interface LoggedChange {
  readonly collection: string;
  readonly id: string;
  readonly kind: 'UPSERTED' | 'REMOVED';
  /** Keypaths written, as text. Maps that were only made for what is written below them are not among them, nor is the root. */
  readonly paths: readonly string[];
  readonly document: StoredDocument | undefined;
}

export interface Committed {
  /** The transaction's own position (or what is shown here, where nothing was written). */
  readonly token: string;
  /**
   * Set where the run at commit gave other results or documents than the first: execute the operation once more with
   * this transaction, whose requests give the recorded results and whose reader is the view at commit.
   */
  readonly again: Transaction | undefined;
}

export interface Replica {
  /** Its origin: name, a dot, eight random characters. */
  readonly id: string;
  readonly status: ReplicaStatus;
  readonly counters: ReplicaCounters;
  /** Told at most once a second, and when a peer comes or goes or the connection changes. */
  watchStatus(changed: () => void): Disposable;
  /** Resolves when it is ready (caught up), or was closed before that. */
  readonly ready: Promise<void>;

  /** Of what is durable here now. @throws {StoreUnavailableError} before it is ready */
  readonly token: string;
  /** Opens a read view of what is durable here. @throws {StoreUnavailableError} before it is ready */
  read(): View;
  /** @throws {StoreUnavailableError} before it is ready */
  begin(): Transaction;
  /**
   * Settles once the transaction is durable and shown here.
   * @throws {TransactionConflictError} the requests failed in the run at commit: nothing is written
   * @throws {PayloadTooLargeError} @throws {StoreUnavailableError} @throws {OutcomeUnknownError}
   */
  commit(transaction: Transaction): Promise<Committed>;

  /** Waits until all that a token shows is here. @throws {BadUserInputError} no token @throws {ReplicaBehindError} @throws {TokenUnreachableError} */
  waitFor(token: string, maximumMilliseconds: number): Promise<void>;

  /**
   * Opens a live query: one event for each transaction that changes it, in the turn in which it does. `told` must not throw;
   * it may read in this turn, and not write.
   */
  live(definition: LiveQueryDefinition, told: (event: LiveEvent) => void): OpenLiveQuery;

  /** What changed since a token, a page of it. @throws {BadUserInputError} `after` is no token */
  changes(request: ChangesRequest): ChangesPage;

  /** Transactions of the log as they are applied here; with `after`, first those since that token, in order, without a gap. */
  transactions(after: string | undefined, listener: TransactionListener): Disposable;

  /** Stops taking writes, finishes what is under way, leaves the clean mark. Idempotent. */
  close(): Promise<void>;
}
