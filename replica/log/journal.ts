/** The port of what a replica keeps on its own disk beside the log: unsent transactions, its clean mark, its evictions. */
import type { LastWriter } from '../crdt/document-node.ts';
import type { Head, Mark, Origin, Position } from '../crdt/version.ts';
import type { NumberedTransaction } from './log.ts';

export interface JournaledTransaction extends NumberedTransaction {
  /** The delta with all that it says: it may be sent later, and to another log. */
  readonly bytes: Uint8Array;
  /** The position and mark of its context. */
  readonly context: Head;
}

/** A log entry that this replica held when it journaled: what contexts are cut by, should the log go back. */
export interface KnownEntry {
  readonly first: Position;
  readonly last: Position;
  readonly before: Mark;
  readonly mark: Mark;
  readonly origin: Origin;
  readonly firstNumber: number;
  readonly lastNumber: number;
}

/** Where what is known of a history begins: a mark, and the last number by origin as of there. */
export interface KnownBase {
  readonly mark: Mark;
  readonly origins: ReadonlyMap<Origin, number>;
}

/** The histories that a replica made its transactions in, as it knows them: more than one after a log went back. */
export interface KnownHistory {
  readonly bases: readonly KnownBase[];
  readonly entries: readonly KnownEntry[];
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
  readonly lastWriter: LastWriter;
}

/** Everything settles once it is flushed to disk. @throws {StoreUnavailableError} the disk is full, failing, or the journal has no room */
export interface Journal {
  /** The transactions in the journal when the process began, oldest first. */
  load(): Promise<readonly JournaledTransaction[]>;
  /** @param known up to the newest context, as far as earlier calls did not bring it */
  add(transactions: readonly JournaledTransaction[], known: KnownHistory): Promise<void>;
  known(): Promise<KnownHistory>;
  /** Removes what came back: an origin's transactions up to a number. What is known goes with the last transaction. */
  removeUpTo(origin: Origin, number: number): Promise<void>;

  /** Writes transactions that came too late for the log where people find them, and removes them from the journal. */
  setAside(transactions: readonly JournaledTransaction[]): Promise<void>;

  /** The clean mark, removed from the disk. */
  takeCleanMark(): Promise<CleanMark | undefined>;
  leaveCleanMark(mark: CleanMark): Promise<void>;

  loadEvictions(): Promise<readonly Eviction[]>;
  /** @param removed those that are there still: another of the same document stays */
  saveEvictions(added: readonly Eviction[], removed: readonly Eviction[]): Promise<void>;

  close(): Promise<void>;
}
