/**
 * The roles that parts of a replica play for each other. A part names the roles it needs; wiring.ts in running/ hands it the
 * parts that play them.
 */
import type { Head, Mark, Origin, Position } from '../crdt/version.ts';
import type { StagedTransaction } from '../history/staged.ts';
import type { KnownHistory } from '../log/journal.ts';

/** This replica's place in the log. ReplicaState plays it. */
export interface LogPlace {
  /** The last position that is applied here. */
  readonly head: Head;
  /** The mark at a position; undefined if it is not known any more. */
  markAt(position: Position): Mark | undefined;
  /** The history up to the head, as a journal keeps it. @param since the head up to which the journal knows it already */
  knownSince(since: Head | undefined): KnownHistory;
}

/** The state that readers are shown. ReplicaState plays it. */
export interface Shown {
  /** The token of what is durable here now. */
  readonly token: string;
  /** Shows a transaction that the journal holds. @param isStaged whether staging has it */
  journal(transaction: StagedTransaction, isStaged: boolean): void;
  /** Takes a refused transaction back from staging; readers never saw it. */
  unstage(transaction: StagedTransaction): void;
  /** Takes back a transaction that the log went on without, durable or not. */
  drop(transaction: StagedTransaction): void;
}

/** The writes of this replica that have not come back in the log. Unsent plays it. */
export interface OwnWrites {
  get(origin: Origin, number: number): StagedTransaction | undefined;
  /** A transaction is in its place in the log: answers it with the token of what is shown now. */
  cameBack(origin: Origin, number: number, shown: Pick<Shown, 'token'>): void;
  /** P41. The log goes on without transactions up to these numbers. @returns those that were here, oldest first; they are refused */
  cameTooLate(numbers: ReadonlyMap<Origin, number>): readonly StagedTransaction[];
  /** P49. @param origins the last number by origin in the log @returns what is shown from now on, oldest first */
  reveal(origins: ReadonlyMap<Origin, number>): readonly StagedTransaction[];
}
