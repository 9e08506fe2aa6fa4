/** The port of the site's log. Held by the contract suite test/replica/log/contract.ts, which every adapter passes. */

import type { DocumentState } from '../crdt/document-node.ts';
import type { Head, LogId, Mark, Origin, Position, Time } from '../crdt/version.ts';

/** A transaction's name, and that of the one before it. */
export interface NumberedTransaction {
  readonly origin: Origin;
  readonly number: number;
  /** The origin's number before this one; 0 before the first. Refused numbers are skipped. */
  readonly numberBefore: number;
}

/** A transaction as it is offered to a log. */
export interface OfferedTransaction extends NumberedTransaction {
  /** The delta, as crdt/delta-codec.ts puts it into a batch. */
  readonly frame: Uint8Array;
  /** Numbers by origin that its context names beside its own origin's: what they name has to be in before it. */
  readonly seen: ReadonlyMap<Origin, number>;
  /** It has waited long enough: it goes in without what is missing, and what is missing counts as in from then on. */
  readonly isOverdue: boolean;
}

/** Transactions on their way into a log, oldest first; of one origin in order of number, each with the number before it. */
export interface Batch {
  /** P82. The site's format that the frames are written in. */
  readonly format: number;
  /** The part that all frames share. */
  readonly shared: Uint8Array;
  readonly transactions: readonly OfferedTransaction[];
}

/** Consecutive transactions of one origin, each naming the one before it, with one mark. */
export interface LogEntry {
  readonly log: LogId;
  /** Positions of the first and last transaction in it. */
  readonly first: Position;
  readonly last: Position;
  readonly before: Mark;
  readonly mark: Mark;
  readonly origin: Origin;
  readonly firstNumber: number;
  readonly lastNumber: number;
  /** How many transactions are in it. */
  readonly count: number;
  /** Their deltas: what the batch shared that they came in, and their frames. crdt/delta-codec.ts reads it. */
  readonly body: Uint8Array;
}

/** A document as a log that keeps states beside itself stores it. Undefined state: nothing is left of it. */
export interface DocumentRecord {
  readonly collection: string;
  readonly id: string;
  readonly state: DocumentState | undefined;
}

/** The record of a document after an entry, for a log that also keeps states. */
export interface RecordAfter extends DocumentRecord {
  /** The removal, if the document does not exist (any more). */
  readonly removed?: RemovedDocument | undefined;
}

export interface OriginClaim {
  readonly origin: Origin;
  /** Its last number in the log, and its secret, as its process noted them when it closed cleanly. */
  readonly number: number;
  readonly secret: string;
  /** The secret of the process that claims it. */
  readonly nextSecret: string;
}

export interface Log {
  readonly storage: 'EMBEDDED' | 'REDIS';
  /** Why the site cannot be reached, for the operator; undefined while it can. */
  readonly problem: string | undefined;

  /** P82. The format that the site is written in, as the last answer of `head`, `read` or `append` said; the first one before that. */
  readonly format: number;

  /** Where the log ends now; undefined where there is none. @throws {LogUnavailableError} */
  head(): Promise<Head | undefined>;

  /**
   * Makes a log with this id where there is none; gives the head of the one that is there then. What origins and manifest
   * there still were of another log goes in the same step.
   * @param keepMilliseconds how long nothing of a log that was made here is trimmed (Snapshots.trim); 0 where it is not given
   * @throws {LogUnavailableError}
   */
  create(log: LogId, keepMilliseconds?: number): Promise<Head>;

  /**
   * Gives each transaction the next position, in the order given; settles when no crash of this process can lose them.
   * Idempotent: what is in already keeps its position and is skipped. Consecutive transactions of one origin, each naming the one before it, become one
   * entry. Where the number before, or a number that its context names, is missing it stops there: what comes after is not
   * in. One that is overdue goes in all the same, and raises the numbers of origins to those that it names.
   * @param seen where the sender stands; nothing is done where the log has another mark there, or is another log
   * @param secret of the sender's process, kept with the origin's number, so that only who knows it can claim the origin
   * @param recordsAfter asked by logs that keep states beside themselves, once an entry's positions are fixed and before it
   *   is durable; they are written with it, in one step
   * @returns the entries that were appended now, in order. Skipped ones are not among them: read the log for those
   * @throws {LogReplacedError} nothing was appended
   * @throws {LogUnavailableError} whether they were appended is unknown, unless it says refused: append them again. P82: it is
   *   refused where the site is written in another format than the batch; `format` says which
   */
  append(
    batch: Batch,
    seen: Head,
    secret: string,
    recordsAfter: (entry: LogEntry) => readonly RecordAfter[],
  ): Promise<readonly LogEntry[]>;

  /**
   * The entries that come after a position, in order: at most `limit`, fewer where they are large, none only where the log
   * ends there. The mark `before` of the first is what the caller compares with its own.
   * @param after a position, or 0; where it is within an entry, that entry comes first
   * @throws {LogReplacedError} the log has another id, or ends before `after`, or was trimmed past it
   * @throws {MalformedBytesError} the entry after `after` does not decode (those before it were given by an earlier call)
   * @throws {UnknownFormatError} likewise, where it is of a newer format
   * @throws {LogUnavailableError}
   */
  read(log: LogId, after: Position, limit: number): Promise<readonly LogEntry[]>;

  /** The states that the log keeps beside itself, and the point of the log that they are as of; undefined where it keeps none. */
  loadStates(): Promise<LoadedStates | undefined>;

  /** Last number in the log by origin. @throws {LogUnavailableError} */
  origins(): Promise<ReadonlyMap<Origin, number>>;

  /** Goes on with an origin whose process closed cleanly: true, and the secret swapped, only where number and secret are as noted. @throws {LogUnavailableError} */
  claimOrigin(claim: OriginClaim): Promise<boolean>;

  /**
   * P83. Has the site written in a higher format from now on; does nothing where it is, or where the log is another one.
   * Embedded: nothing, as one process alone writes and reads.
   * @throws {LogUnavailableError}
   */
  raiseFormat(log: LogId, format: number): Promise<void>;

  /** Tells at once, in this call, whether the site can be reached as far as the adapter knows, and again at each change. Embedded: always. */
  watchConnection(changed: (connected: boolean) => void): Disposable;

  close(): Promise<void>;
}

export interface LoadedStates {
  readonly head: Head;
  readonly records: Iterable<DocumentRecord>;
  /** In the order of the log; some may be there again. */
  readonly removed: Iterable<RemovedDocument>;
}

/** A document that is there no more. */
export interface RemovedDocument {
  readonly collection: string;
  readonly id: string;
  /** Where the removing transaction stands in the chunk's log; 0 if it is in a log that this one grew from. */
  readonly position: Position;
  readonly time: Time;
}
