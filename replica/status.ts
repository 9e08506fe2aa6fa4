/** The status of a replica and of its peers, and its counters. */
import type { Position } from './crdt/version.ts';

export interface VersionEntry {
  readonly log: string;
  readonly position: Position;
}

export interface PeerStatus {
  readonly id: string;
  readonly lastSeenAtMilliseconds: number;
  readonly version: readonly VersionEntry[];
  readonly behindBy: number;
}

/** Notified of changes that the status shows. */
export interface StatusChanges {
  now(): void;
}

export interface ReplicaStatus {
  readonly id: string;
  readonly ready: boolean;
  readonly connected: boolean;
  /** One line for people if the replica is not ready or does not take part: the problem, with a remedy. */
  readonly problem: string | undefined;
  readonly storage: 'EMBEDDED' | 'REDIS';
  readonly startedAtMilliseconds: number;
  readonly clockMilliseconds: number;
  readonly version: readonly VersionEntry[];
  readonly waiting: number;
  readonly unsent: number;
  readonly documentCount: number;
  readonly lastWriteAtMilliseconds: number | undefined;
  readonly peers: readonly PeerStatus[];
}

/** Counts since the start, for metrics. */
export interface ReplicaCounters {
  readonly transactionsCommitted: number;
  readonly transactionsApplied: number;
  readonly transactionsRefused: number;
  /** Transactions that came too late: the log had passed over them. */
  readonly transactionsLate: number;
  readonly appends: number;
  readonly malformedMessages: number;
  readonly gapsRepaired: number;
  readonly clocksAhead: number;
  /** Snapshots written by this process. */
  readonly snapshotsWritten: number;
  /** The size of the newest known snapshot, and about that of the log since then. */
  readonly snapshotBytes: number;
  readonly logBytes: number;
  /** Queries that used an index, and queries that scanned their collection. */
  readonly queriesByIndex: number;
  readonly queriesByScan: number;
  readonly liveQueries: number;
  readonly liveReaders: number;
}
