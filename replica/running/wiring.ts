/** What is there once a replica has a prefix: state, who follows the log, what is sent, who is told. Only wires. */
import { HistoryUnavailableError } from '../../errors.ts';
import type { HybridClock } from '../crdt/clock.ts';
import type { SeenHistories } from '../history/contexts.ts';
import type { KeptTransaction } from '../history/kept-entries.ts';
import { recut, type StagedTransaction, stagedAgain } from '../history/staged.ts';
import { offeredIn } from '../log/batch.ts';
import { newSecret } from '../log/ids.ts';
import type { ReplicaOptions, ReplicaTiming } from '../options.ts';
import { LiveQueries } from '../query/live/live-queries.ts';
import { Changes } from '../readers/changes.ts';
import { TransactionFeed } from '../readers/feed.ts';
import { Standing } from '../readers/standing.ts';
import type { StatusWatch } from '../readers/status-watch.ts';
import type { Waiters } from '../readers/waiters.ts';
import type { Prefix } from '../state/prefix.ts';
import { ReplicaState } from '../state/state.ts';
import { Follower } from '../sync/follower.ts';
import { Outbox } from '../sync/outbox/outbox.ts';
import { SnapshotWriter } from '../sync/snapshots/snapshot-writer.ts';
import type { CheckpointWriter } from '../sync/start/checkpoint-writer.ts';
import { Applier } from './applier.ts';

export interface Loaded {
  readonly state: ReplicaState;
  readonly standing: Standing;
  readonly applier: Applier;
  readonly outbox: Outbox;
  readonly follower: Follower;
  readonly live: LiveQueries;
  readonly feed: TransactionFeed;
  readonly changes: Changes;
  /** Undefined where the log keeps states beside itself. */
  readonly snapshotWriter: SnapshotWriter | undefined;
  /** Histories that what waits here was made in. */
  readonly seen: SeenHistories;
  readonly secret: string;
}

export interface WireOptions {
  readonly options: ReplicaOptions;
  readonly timing: ReplicaTiming;
  readonly clock: HybridClock;
  readonly waiters: Waiters;
  readonly statusWatch: StatusWatch;
  readonly keeper: CheckpointWriter | undefined;
  readonly prefix: Prefix;
  readonly seen: SeenHistories;
  readonly secret: string;
  /** The log is another one, or went back. */
  readonly replaced: (problem: string) => void;
  /** The log has an entry that does not decode, or, undefined, that is over. */
  readonly blocked: (problem: string | undefined) => void;
  /** Why it takes no part in its site, as far as that is known. */
  readonly problem: () => string | undefined;
}

/** Of a transaction that came too late, in the server's log; its file has all. */
const documentsToldOf = 10;

export function wire(parts: WireOptions): Loaded {
  const { timing, clock, waiters, statusWatch, keeper, seen, secret, replaced, blocked, problem } = parts;
  const { log, snapshots, journal, logger, timers, random, indexes } = parts.options;
  const state = new ReplicaState({
    prefix: parts.prefix,
    now: () => timers.now(),
    viewMilliseconds: timing.viewMilliseconds,
    indexes: indexes ?? [],
    changed: (changes, at) => {
      standing.moveTo(at);
      if (changes.length > 0) live.apply(changes);
      waiters.check();
      statusWatch.later();
    },
    shownAgain: (mark) => {
      const remove = () => {
        journal?.saveEvictions([], [mark]).catch((error: unknown) => {
          logger.warn({ err: error }, 'an eviction mark could not be removed');
        });
      };
      // Else a process that begins with what the disk has shows it as it was when it was evicted.
      if (keeper) keeper.onceKept(remove);
      else remove();
    },
  });
  const standing = new Standing(state);
  const live = new LiveQueries(state.durable);
  const head = () => state.prefix.head;
  const markAt = (position: number) => state.prefix.marks.at(position);
  const token = () => standing.token;
  const feed = new TransactionFeed({ log, openView: () => state.durableViews.open(standing.token), head, markAt });
  const applier = new Applier({ state, feed, clock, logger, outbox: () => outbox, token });
  const follower = new Follower({
    log,
    logger,
    head,
    markAt,
    apply: (entry, deltas) => applier.apply(entry, deltas),
    replaced,
    blocked,
  });
  const outbox = new Outbox({
    log,
    journal,
    logger,
    timers,
    secret,
    retryMilliseconds: timing.retryMilliseconds,
    head,
    recordsAfter: (entry) => applier.recordsAfter(entry),
    known: (since) => state.prefix.marks.known(since, state.prefix.head.position),
    appended: (entries, offers) => {
      for (const [entry, deltas] of offeredIn(entries, offers)) follower.offer(entry, deltas);
    },
    catchUp: () => follower.catchUp(),
    keepPrefix: async () => await keeper?.flush(),
    journaled: (transaction) => {
      state.journal(transaction, true);
      return standing.token;
    },
    refused: (transaction) => state.unstage(transaction),
    cutOffChanged: () => statusWatch.now(),
    problem,
    contextMilliseconds: timing.contextMilliseconds,
    tooLate: (transactions) => {
      const late = transactions.map(({ origin, number, delta }) => ({
        transaction: `${origin} ${number}`,
        documents: delta.operations.slice(0, documentsToldOf).map(({ collection, id }) => `${collection} ${id}`),
      }));
      logger.error({ late }, 'the log went on without these: they are in the data folder, in too-late.ndjson');
      for (const transaction of transactions) state.drop(transaction);
    },
  });
  const changes = new Changes(state, standing, () => newSecret(random));
  const snapshotWriter =
    snapshots &&
    new SnapshotWriter({
      snapshots,
      timers,
      random,
      logger,
      prefix: () => state.prefix,
      minimumBytes: timing.snapshotMinimumBytes,
      leaseMilliseconds: timing.leaseMilliseconds,
      chunkKeepMilliseconds: timing.chunkKeepMilliseconds,
      chunkDocuments: timing.chunkDocuments,
    });
  return { state, standing, applier, outbox, follower, feed, live, changes, snapshotWriter, seen, secret };
}

/**
 * P31, P48. Puts a prefix that was loaded beside the state in its place, in one turn, and follows the log from there. What was
 * applied, journaled or staged here and it lacks is handed on, and shown meanwhile.
 * @param changed documents that differ @param lacking what was applied here, and it lacks
 */
export function swapPrefix(
  { state, standing, outbox, feed, follower, seen }: Loaded,
  prefix: Prefix,
  changed: readonly (readonly [collection: string, id: string])[],
  lacking: readonly KeptTransaction[],
): void {
  const { prefix: former } = state;
  if (outbox.isEmpty) seen.clear();
  for (const { marks } of former.kept.histories()) seen.addPrefix(marks);
  seen.addPrefix(former.marks);
  const isIn = ({ origin, number }: StagedTransaction) => !prefix.wentOnWithout(origin, number);
  const returned = outbox.within(prefix.origins).filter(isIn);
  for (const { origin, number } of returned) outbox.cameBack(origin, number, () => standing.token);
  // What counts as in, and is not: the log went on without it.
  outbox.cameTooLate(new Map(prefix.skipped.map(({ origin, upTo }) => [origin, upTo])));
  const handedOn = lacking
    .filter(({ delta }) => !outbox.get(delta.origin, delta.number))
    .map((transaction) => stagedAgain(transaction));
  const cut = seen.cutterFor(prefix.history);
  outbox.rebase(handedOn, (transaction) => recut(transaction, cut));
  prefix.kept.goOnFrom(former.kept);
  state.swap(prefix, changed, outbox.reveal(prefix.origins), outbox.pending());
  feed.end(new HistoryUnavailableError('the log does not go on where this replica had read to'));
  follower.resume();
}
