/** The options of a replica: its adapters, and its clock, randomness and logger. */
import type { Logger } from './environment/logger.ts';
import type { Timers } from './environment/timers.ts';
import type { Gossip } from './gossip/gossip.ts';
import type { Checkpoint } from './log/checkpoint.ts';
import type { FormatRange } from './log/formats.ts';
import type { Journal } from './log/journal.ts';
import type { Log } from './log/log.ts';
import type { Snapshots } from './log/snapshots.ts';
import type { IndexedPath } from './query/access/indexes.ts';

export interface ReplicaTiming {
  readonly heartbeatMilliseconds: number;
  readonly viewMilliseconds: number;
  readonly contextMilliseconds: number;
  /** The interval of attempts to reach a site that is cut off; it doubles from the first value up to the second. */
  readonly retryMilliseconds: readonly [number, number];
  /** How long a log that this replica creates on an empty site is not trimmed. */
  readonly newLogKeepMilliseconds: number;
  /** When a snapshot is due, and when its lease and chunks expire. */
  readonly snapshotMinimumBytes: number;
  readonly leaseMilliseconds: number;
  readonly chunkKeepMilliseconds: number;
  readonly chunkDocuments: number;
  /** The interval of writes of the checkpoint. */
  readonly keepMilliseconds: number;
  /** How long a replica with a checkpoint waits for its site before it serves. */
  readonly siteMilliseconds: number;
}

export interface ReplicaOptions {
  /** A readable name: 1 to 64 of [A-Za-z0-9._-]. */
  readonly name: string;
  readonly log: Log;
  /** Undefined if the log stores document states itself. */
  readonly snapshots: Snapshots | undefined;
  readonly gossip: Gossip;
  /** Undefined without a disk. */
  readonly journal: Journal | undefined;
  /** Undefined without a disk, and if the log stores document states itself. */
  readonly checkpoint: Checkpoint | undefined;
  readonly timers: Timers;
  /** Returns this many random bytes. */
  readonly random: (bytes: number) => Uint8Array;
  readonly logger: Logger;
  /** The keypaths to index; none by default. */
  readonly indexes?: readonly IndexedPath[];
  /** The formats of a site that it reads; those of this version where it is left out. Tests open replicas of other versions. */
  readonly reads?: FormatRange;
  readonly timing?: Partial<ReplicaTiming>;
}
