/** The port of what a replica keeps on its own disk beside the log: unsent transactions, its clean mark, its evictions. */
import type { Touch } from '../crdt/document.ts';
import type { Head, Mark, Origin, Position } from '../crdt/version.ts';
import type { NumberedTransaction } from './log.ts';

export interface JournaledTransaction extends NumberedTransaction {
  /** The delta with all that it says: it may be sent later, and to another log. */
  readonly bytes: Uint8Array;
  /** The position and mark of its context. */
  readonly context: Head;
}

/** A log entry that this replica held when it journaled: what contexts are rewritten by, should the log go back. */
export interface KnownEntry {
  readonly last: Position;
  readonly mark: Mark;
  readonly origin: Origin;
  readonly firstNumber: number;
  readonly lastNumber: number;
}

/** Left by a process that closed cleanly. */
export interface CleanMark {
  readonly origin: Origin;
  readonly number: number;
  readonly secret: string;
}

export interface Eviction {
  readonly collection: string;
  readonly id: string;
  /** Hidden while this is the document's last touch. */
  readonly touch: Touch;
}

/** Everything settles once it is flushed to disk. @throws {StoreUnavailableError} the disk is full, failing, or the journal has no room */
export interface Journal {
  /** What is in it, oldest first, as it stood when the process began. */
  load(): Promise<readonly JournaledTransaction[]>;
  /** @param known entries up to the newest context, that earlier calls did not bring */
  add(transactions: readonly JournaledTransaction[], known: readonly KnownEntry[]): Promise<void>;
  knownEntries(): Promise<readonly KnownEntry[]>;
  /** Removes what came back: an origin's transactions up to a number. Known entries go with the last transaction. */
  removeUpTo(origin: Origin, number: number): Promise<void>;

  /** Writes transactions that came too late for the log where people find them, and removes them from the journal. */
  setAside(transactions: readonly JournaledTransaction[]): Promise<void>;

  /** The clean mark, removed from the disk. */
  takeCleanMark(): Promise<CleanMark | undefined>;
  leaveCleanMark(mark: CleanMark): Promise<void>;

  loadEvictions(): Promise<readonly Eviction[]>;
  saveEvictions(
    added: readonly Eviction[],
    removed: readonly { readonly collection: string; readonly id: string }[],
  ): Promise<void>;

  close(): Promise<void>;
}
