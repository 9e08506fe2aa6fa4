/** What a replica knows of itself and its peers. */
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

/** Told when something changed that a status shows. */
export interface StatusChanges {
  now(): void;
}

export interface ReplicaStatus {
  readonly id: string;
  readonly ready: boolean;
  readonly connected: boolean;
  /** One line for people where it is not ready or does not take part: what is wrong, and the remedy. */
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

/** Counted since the start; for metrics. */
export interface ReplicaCounters {
  readonly transactionsCommitted: number;
  readonly transactionsApplied: number;
  readonly transactionsRefused: number;
  /** Came too late for the log, which went on without them. */
  readonly transactionsLate: number;
  readonly appends: number;
  readonly malformedMessages: number;
  readonly gapsRepaired: number;
  readonly clocksAhead: number;
  /** Written by this process. */
  readonly snapshotsWritten: number;
  /** Bytes of the newest snapshot that was heard of here, and of the log since, about. */
  readonly snapshotBytes: number;
  readonly logBytes: number;
  /** Queries that found their documents by an index, and those that looked at all of a collection. */
  readonly queriesByIndex: number;
  readonly queriesByScan: number;
  readonly liveQueries: number;
  readonly liveReaders: number;
}
