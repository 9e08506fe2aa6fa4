/** What a replica is opened with: its adapters, and time, randomness and a logger as arguments. */
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
  /** Between two tries to reach a site that is cut off; each try waits twice as long, up to the second number. */
  readonly retryMilliseconds: readonly [number, number];
  /** A log that it makes on an empty site is not trimmed for so long. */
  readonly newLogKeepMilliseconds: number;
  /** Of snapshots: when they are due, and what expires meanwhile. */
  readonly snapshotMinimumBytes: number;
  readonly leaseMilliseconds: number;
  readonly chunkKeepMilliseconds: number;
  readonly chunkDocuments: number;
  /** Between two writes of what changed into the data folder. */
  readonly keepMilliseconds: number;
  /** A replica that starts from its own disk waits so long for its site. */
  readonly siteMilliseconds: number;
}

export interface ReplicaOptions {
  /** For people: 1 to 64 of [A-Za-z0-9._-]. */
  readonly name: string;
  readonly log: Log;
  /** Undefined where the log keeps states beside itself. */
  readonly snapshots: Snapshots | undefined;
  readonly gossip: Gossip;
  /** Undefined without a disk. */
  readonly journal: Journal | undefined;
  /** Where it keeps its prefix; undefined without a disk, and where the log keeps states beside itself. */
  readonly checkpoint: Checkpoint | undefined;
  readonly timers: Timers;
  /** So many bytes of randomness. */
  readonly random: (bytes: number) => Uint8Array;
  readonly logger: Logger;
  /** Keypaths to keep a sorted index on; none where it is left out. */
  readonly indexes?: readonly IndexedPath[];
  /** The formats of a site that it reads; those of this version where it is left out. Tests open replicas of other versions. */
  readonly reads?: FormatRange;
  readonly timing?: Partial<ReplicaTiming>;
}
