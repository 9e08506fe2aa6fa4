/** The interface of a replica of the document store, for the rooms above. */

import type { ChangesPage, ChangesRequest } from './changes-page.ts';
import type { DocumentList } from './query/live/document-list.ts';
import type { LiveQueryDefinition, ResultChange } from './query/live/result-change.ts';
import type { StoredDocument } from './query/stored-document.ts';
import type { ReplicaCounters, ReplicaStatus } from './status.ts';
import type { Transaction } from './transaction.ts';
import type { View } from './view.ts';

/** An open live query. */
export interface OpenLiveQuery extends Disposable {
  /**
   * The first event for a reader that joins now: the change from a token's version to now (`initial` false) if the
   * recent history reaches back to it; otherwise the whole result, as insertions. The reader gets all events after it.
   * @param after a token
   */
  first(after?: string): LiveEvent;
  /**
   * The change from a result that was before or after an earlier event to the present one; undefined if they show the
   * same.
   */
  since(result: DocumentList): LiveEvent | undefined;
}

/** One event of a live query: the change of one turn, and the token of the version that it shows. */
export interface LiveEvent {
  readonly initial: boolean;
  readonly change: ResultChange;
  readonly token: string;
}

/** A transaction in the log, for `transactions` subscriptions. */
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
  /** With `after`: called once, in the turn in which all transactions since then have been delivered. */
  caughtUp?(): void;
  /** Called once with a HistoryUnavailableError if the stream cannot continue without a gap. */
  ended(error: Error): void;
}

export interface LoggedChange {
  readonly collection: string;
  readonly id: string;
  readonly kind: 'UPSERTED' | 'REMOVED';
  /** The written keypaths as text, without the root and without maps that were only created for a value below them. */
  readonly paths: readonly string[];
  readonly document: StoredDocument | undefined;
}

export interface Committed {
  /** The transaction's own position; the durable version if nothing was written. */
  readonly token: string;
  /**
   * Set if the run at commit gave other results or documents than the first run: execute the operation once more with
   * this transaction. Its requests return the recorded results, and its reader is the view at commit.
   */
  readonly again: Transaction | undefined;
}

export interface Replica {
  /** The replica's origin: name, a dot, eight random characters. */
  readonly id: string;
  readonly status: ReplicaStatus;
  readonly counters: ReplicaCounters;
  /** Called at most once a second, and when a peer comes or goes or the connection changes. */
  watchStatus(changed: () => void): Disposable;
  /** Resolves when the replica is ready (has caught up), or is closed before that. */
  readonly ready: Promise<void>;

  /** The token of the present durable version. @throws {StoreUnavailableError} before it is ready */
  readonly token: string;
  /** Opens a read view of the present durable version. @throws {StoreUnavailableError} before it is ready */
  read(): View;
  /** @throws {StoreUnavailableError} before it is ready */
  begin(): Transaction;
  /**
   * Resolves once the transaction is durable and visible here.
   * @throws {TransactionConflictError} the requests failed in the run at commit; nothing was written
   * @throws {PayloadTooLargeError} @throws {StoreUnavailableError} @throws {OutcomeUnknownError}
   */
  commit(transaction: Transaction): Promise<Committed>;

  /**
   * Waits until this replica has reached a token's version.
   * @throws {BadUserInputError} it is not a token
   * @throws {ReplicaBehindError}
   * @throws {TokenUnreachableError}
   */
  waitFor(token: string, maximumMilliseconds: number): Promise<void>;

  /**
   * Opens a live query. Calls `told` once for each transaction that changes it, in the turn of the change. `told` must
   * not throw; it may read in this turn, but not write.
   */
  live(definition: LiveQueryDefinition, told: (event: LiveEvent) => void): OpenLiveQuery;

  /** A page of the changes since a token. @throws {BadUserInputError} `after` is not a token */
  changes(request: ChangesRequest): ChangesPage;

  /**
   * Delivers transactions of the log as they are applied here; with `after`, first those since that token, in order and
   * without a gap.
   */
  transactions(after: string | undefined, listener: TransactionListener): Disposable;

  /** Stops accepting writes, finishes running work, and writes the clean mark. Idempotent. */
  close(): Promise<void>;
}
