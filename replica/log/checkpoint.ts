/**
 * The port of the prefix that a replica keeps on its own disk, so that it starts from there and reads only the log's tail, and
 * starts without its site too. Held by the contract suite test/replica/log/checkpoint-contract.ts. docs/internals/protocol.md, P33.
 */

import type { Head, Origin, Position } from '../crdt/version.ts';
import type { DocumentRecord, Log, RemovedDocument } from './log.ts';
import type { ClosedLog, SkippedNumbers } from './snapshots.ts';

/** A prefix as it was kept. */
export interface LoadedCheckpoint {
  readonly head: Head;
  readonly closedLogs: readonly ClosedLog[];
  readonly origins: ReadonlyMap<Origin, number>;
  readonly skipped: readonly SkippedNumbers[];
  /** The newest of the log, as far as they are kept, rising. */
  readonly runs: readonly CheckpointRun[];
  /** Decoded as they are asked for. @throws {MalformedBytesError} @throws {UnknownFormatError} one does not decode */
  readonly records: Iterable<DocumentRecord>;
  readonly removed: Iterable<RemovedDocument>;
}

/** Entries of the log that follow on one another. */
export interface CheckpointRun {
  /** Position of the last transaction in it. */
  readonly last: Position;
  /** Encoded (log/run.ts). */
  readonly bytes: Uint8Array;
}

/** The part of a document that a checkpoint keeps. */
export interface CheckpointDocument {
  readonly collection: string;
  readonly id: string;
  /** Encoded (crdt/document-codec); undefined: nothing. */
  readonly state: Uint8Array | undefined;
  /** The removal, if the document was removed. */
  readonly removed: RemovedDocument | undefined;
}

export interface CheckpointChange {
  readonly documents: readonly CheckpointDocument[];
  /** Last numbers of those that changed. */
  readonly origins: ReadonlyMap<Origin, number>;
  /** Entries of the log, up to the head where this makes a whole; they follow on those that were given before. */
  readonly runs: readonly CheckpointRun[];
  /** With this change all that is kept is as of there. Undefined: it is a part of a whole that is not complete yet. */
  readonly whole: CheckpointEnd | undefined;
}

export interface CheckpointEnd {
  readonly head: Head;
  readonly closedLogs: readonly ClosedLog[];
  readonly skipped: readonly SkippedNumbers[];
  /** Entries that end at or before this position need not be kept any more. */
  readonly keptFrom: Position;
}

/** Everything that writes settles once it is flushed to disk, in the order of the calls. @throws {StoreUnavailableError} the disk is full or failing: nothing was done */
export interface Checkpoint {
  /**
   * The last complete checkpoint; undefined if there is none.
   * @throws {MalformedBytesError} @throws {UnknownFormatError} its own metadata does not decode
   */
  load(): Promise<LoadedCheckpoint | undefined>;
  /** Writes a change, in one step. */
  keep(change: CheckpointChange): Promise<void>;
  /**
   * From now on changes are of another prefix, which begins empty. What is kept is loaded until one of them makes a whole: then,
   * in the same step, that takes its place. Whoever dies meanwhile may be the last who has it.
   */
  beginAnew(): Promise<void>;
}

/** An embedded site in a data folder that is opened beside a Redis: its log and its states, until it has moved. docs/internals/protocol.md, P80. */
export interface EmbeddedSite {
  readonly log: Log;
  /** The folder is a replica's from now on, for ever: what it keeps as a whole is what the site was. Settles once it is flushed. */
  moved(): Promise<void>;
}
