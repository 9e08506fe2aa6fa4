/** Puts the parts of a replica together, once it has a prefix. Each part is given parts, never functions: see state/roles.ts. */
import type { HybridClock } from '../crdt/clock.ts';
import type { Origin } from '../crdt/version.ts';
import type { SeenHistories } from '../history/contexts.ts';
import { readableFormats } from '../log/formats.ts';
import type { ReplicaOptions, ReplicaTiming } from '../options.ts';
import { Changes } from '../readers/changes.ts';
import { Readers } from '../readers/readers.ts';
import { Standing } from '../readers/standing.ts';
import type { StatusWatch } from '../readers/status-watch.ts';
import type { Waiters } from '../readers/waiters.ts';
import type { Prefix } from '../state/prefix.ts';
import { ReplicaState } from '../state/state.ts';
import { Applier } from '../sync/applier.ts';
import { Follower, type LogObserver } from '../sync/follower.ts';
import type { Link } from '../sync/link.ts';
import { Outbox } from '../sync/outbox/outbox.ts';
import { Unsent } from '../sync/outbox/unsent.ts';
import { SnapshotWriter } from '../sync/snapshots/snapshot-writer.ts';
import type { CheckpointWriter } from '../sync/start/checkpoint-writer.ts';
import { EvictionMarks } from '../sync/start/eviction-marks.ts';
import { Transactions } from '../transactions/transactions.ts';

export interface Parts {
  readonly state: ReplicaState;
  readonly standing: Standing;
  readonly unsent: Unsent;
  readonly applier: Applier;
  readonly follower: Follower;
  readonly outbox: Outbox;
  readonly transactions: Transactions;
  readonly readers: Readers;
  readonly changes: Changes;
  /** Undefined if the log keeps states beside itself. */
  readonly snapshotWriter: SnapshotWriter | undefined;
  /** Histories that what waits here was made in. */
  readonly seen: SeenHistories;
}

export interface WiringOptions {
  readonly options: ReplicaOptions;
  readonly timing: ReplicaTiming;
  readonly clock: HybridClock;
  readonly waiters: Waiters;
  readonly statusWatch: StatusWatch;
  readonly checkpoint: CheckpointWriter | undefined;
  readonly link: Link;
  readonly observer: LogObserver;
  readonly prefix: Prefix;
  readonly seen: SeenHistories;
  readonly origin: Origin;
  readonly secret: string;
  /** Numbers of this origin up to here are taken. */
  readonly lastNumber: number;
}

export function putTogether(given: WiringOptions): Parts {
  const { options, timing, clock, waiters, statusWatch, checkpoint, link, observer, prefix, seen } = given;
  const { origin, secret, lastNumber } = given;
  const { log, snapshots, journal, logger, timers, random, indexes = [], reads = readableFormats } = options;
  const { viewMilliseconds, retryMilliseconds, contextMilliseconds } = timing;

  const state = new ReplicaState({ prefix, now: () => timers.now(), viewMilliseconds, indexes });
  const readers = new Readers(state, log, waiters, statusWatch);
  if (journal) state.watch(new EvictionMarks(journal, checkpoint, logger));

  // A write goes down this list, and its answer comes back up from the log: applier, unsent, the client.
  const unsent = new Unsent(journal, logger);
  const applier = new Applier({ state, own: unsent, clock, logger });
  const follower = new Follower({ log, logger, place: state, applier, link, observer, reads });
  const outbox = new Outbox({
    ...{ log, journal, logger, timers, secret, retryMilliseconds, contextMilliseconds },
    ...{ link, unsent, state, follower, applier, checkpoint, reads },
  });
  link.watch(outbox);
  const transactions = new Transactions({ state, queue: outbox, journal, clock, random, origin, lastNumber });

  const standing = new Standing(state, link);
  const changes = new Changes(state, standing, random);
  const { snapshotMinimumBytes: minimumBytes, leaseMilliseconds, chunkKeepMilliseconds, chunkDocuments } = timing;
  const snapshotWriter =
    snapshots &&
    new SnapshotWriter({
      ...{ snapshots, timers, random, logger, state },
      ...{ minimumBytes, leaseMilliseconds, chunkKeepMilliseconds, chunkDocuments },
    });
  return {
    ...{ state, standing, unsent, applier, follower, outbox, transactions },
    ...{ readers, changes, snapshotWriter, seen },
  };
}
