/** A replica as it runs: it starts, answers what the face promises from its parts, and closes. */
import { StoreUnavailableError, TokenUnreachableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { ChangesPage, ChangesRequest } from '../changes-page.ts';
import { HybridClock, millisecondsOf } from '../crdt/clock.ts';
import { SeenHistories } from '../history/contexts.ts';
import { readableFormats } from '../log/formats.ts';
import { newOrigin } from '../log/ids.ts';
import type { ReplicaOptions, ReplicaTiming } from '../options.ts';
import type { LiveQueryDefinition } from '../query/live/result-change.ts';
import { OpenedLiveQuery } from '../readers/live.ts';
import { StatusWatch } from '../readers/status-watch.ts';
import { Waiters } from '../readers/waiters.ts';
import type { Committed, LiveEvent, OpenLiveQuery, Replica, TransactionListener } from '../replica.ts';
import type { ReplicaCounters, ReplicaStatus } from '../status.ts';
import { Link } from '../sync/link.ts';
import { CheckpointWriter } from '../sync/start/checkpoint-writer.ts';
import { chooseOrigin, openPrefix, StartAborted, type StartOptions, unsentOf } from '../sync/start/start.ts';
import { decodeToken } from '../token.ts';
import type { Transaction } from '../transaction.ts';
import { isSystemCollection } from '../values/collections.ts';
import type { View } from '../view.ts';
import { Participation } from './participation.ts';
import { type Parts, putTogether } from './wiring.ts';

const defaultTiming: ReplicaTiming = {
  heartbeatMilliseconds: limits.heartbeatMilliseconds,
  viewMilliseconds: limits.viewMilliseconds,
  contextMilliseconds: limits.contextMilliseconds,
  retryMilliseconds: [100, 2_000],
  newLogKeepMilliseconds: limits.newLogKeepMilliseconds,
  snapshotMinimumBytes: limits.snapshotMinimumBytes,
  leaseMilliseconds: limits.leaseMilliseconds,
  chunkKeepMilliseconds: limits.chunkKeepMilliseconds,
  chunkDocuments: limits.chunkDocuments,
  keepMilliseconds: limits.keepMilliseconds,
  siteMilliseconds: limits.siteMilliseconds,
};

export class RunningReplica implements Replica {
  readonly ready: Promise<void>;
  readonly #options: ReplicaOptions;
  readonly #timing: ReplicaTiming;
  readonly #clock: HybridClock;
  readonly #link: Link;
  readonly #participation: Participation;
  /** Undefined if this replica keeps no checkpoint. */
  readonly #checkpoint: CheckpointWriter | undefined;
  readonly #statusWatch: StatusWatch;
  readonly #waiters: Waiters;
  readonly #startedAtMilliseconds: number;
  readonly #disposables: (Disposable | AsyncDisposable)[] = [];
  readonly #closes = new AbortController();
  /** Undefined until it has a prefix. */
  #parts: Parts | undefined;
  /** The secret of this process, by which the log knows its origin. */
  #secret: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
    const { timers, checkpoint: kept, logger } = options;
    const { keepMilliseconds: intervalMilliseconds } = this.#timing;
    this.#clock = new HybridClock(() => timers.now(), limits.clockDriftMilliseconds);
    this.#startedAtMilliseconds = timers.now();
    this.#statusWatch = new StatusWatch(timers, limits.statusMilliseconds);
    this.#waiters = new Waiters(timers);
    this.#checkpoint = kept && new CheckpointWriter({ kept, timers, logger, intervalMilliseconds });
    this.#link = new Link(this.#statusWatch);
    this.#participation = new Participation({
      options,
      timing: this.#timing,
      link: this.#link,
      statusWatch: this.#statusWatch,
      checkpoint: this.#checkpoint,
      origin: newOrigin(options.name, options.random),
      signal: this.#closes.signal,
    });
    this.ready = this.#start();
    // A caller that does not await it reads `status.problem`.
    this.ready.catch(() => {});
  }

  get id(): string {
    return this.#participation.origin;
  }

  get status(): ReplicaStatus {
    const { timers, log } = this.#options;
    const parts = this.#parts;
    const head = parts?.state.head;
    const isEmbedded = log.storage === 'EMBEDDED';
    let documentCount = 0;
    for (const [collection, count] of parts?.state.counts ?? [])
      if (!isSystemCollection(collection)) documentCount += count;
    return {
      id: this.id,
      ready: parts !== undefined,
      connected: isEmbedded || this.#link.kind === 'attached',
      problem: this.#link.problem ?? parts?.outbox.problem,
      storage: log.storage,
      startedAtMilliseconds: this.#startedAtMilliseconds,
      clockMilliseconds: Math.max(millisecondsOf(this.#clock.last), timers.now()),
      version: head ? [{ log: head.log, position: head.position }] : [],
      waiting: parts?.follower.early ?? 0,
      unsent: isEmbedded ? 0 : this.#participation.unsent,
      documentCount,
      lastWriteAtMilliseconds: parts?.applier.lastWriteAtMilliseconds,
      peers: head ? this.#participation.peers.status(head) : [],
    };
  }

  get counters(): ReplicaCounters {
    const parts = this.#parts;
    const { queries, readers } = parts?.readers.live.size ?? { queries: 0, readers: 0 };
    return {
      transactionsCommitted: parts?.transactions.committed ?? 0,
      transactionsApplied: parts?.applier.applied ?? 0,
      transactionsRefused: parts?.unsent.refusedCount ?? 0,
      transactionsLate: parts?.unsent.lateCount ?? 0,
      appends: parts?.outbox.appends ?? 0,
      malformedMessages: this.#participation.malformedMessages,
      gapsRepaired: parts?.follower.gapsRepaired ?? 0,
      clocksAhead: parts?.applier.clocksAhead ?? 0,
      snapshotsWritten: parts?.snapshotWriter?.written ?? 0,
      snapshotBytes: parts?.snapshotWriter?.generation?.bytes ?? 0,
      logBytes: parts?.snapshotWriter?.logBytes ?? 0,
      queriesByIndex: parts?.state.queries.index ?? 0,
      queriesByScan: parts?.state.queries.scan ?? 0,
      liveQueries: queries,
      liveReaders: readers,
    };
  }

  watchStatus(changed: () => void): Disposable {
    return this.#statusWatch.watch(changed);
  }

  get token(): string {
    return this.#check().state.token;
  }

  read(): View {
    const { state } = this.#check();
    return state.durableViews.open(state.token);
  }

  begin(): Transaction {
    return this.#check('write').transactions.begin();
  }

  commit(transaction: Transaction): Promise<Committed> {
    return this.#check('write').transactions.commit(transaction);
  }

  async waitFor(token: string, maximumMilliseconds: number): Promise<void> {
    const { state, standing, follower } = this.#check();
    const wanted = decodeToken(token, 'token');
    const isHere = () => standing.knows(wanted) && standing.shows(wanted);
    if (isHere()) return;
    const reading = follower.catchUp().then(
      () => true,
      () => false,
    );
    // P50. It may be of a log that has begun, and is not loaded here yet; not where this replica stands in the one that is there.
    if (!standing.knows(wanted) && (await reading) && !standing.knows(wanted)) throw new TokenUnreachableError();
    const missing = () => Math.max(1, wanted.position - state.head.position);
    await this.#waiters.wait(isHere, maximumMilliseconds, missing);
  }

  live(definition: LiveQueryDefinition, told: (event: LiveEvent) => void): OpenLiveQuery {
    const { state, standing, readers } = this.#check();
    return new OpenedLiveQuery({ state, standing, live: readers.live }, definition, told);
  }

  changes(request: ChangesRequest): ChangesPage {
    return this.#check().changes.read(request);
  }

  transactions(after: string | undefined, listener: TransactionListener): Disposable {
    const { readers } = this.#check();
    return readers.feed.open(after === undefined ? undefined : decodeToken(after, 'after'), listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closes.abort();
    const parts = this.#parts;
    if (parts) {
      await parts.outbox.close();
      await parts.snapshotWriter?.stop();
      parts.readers.feed.end(new StoreUnavailableError('this replica is stopping'));
    }
    this.#link.dispatch({ kind: 'closed' });
    await this.#checkpoint?.stop();
    this.#participation.peers.close();
    for (const disposable of this.#disposables.reverse()) {
      if (Symbol.asyncDispose in disposable) await disposable[Symbol.asyncDispose]();
      else disposable[Symbol.dispose]();
    }
    const { journal } = this.#options;
    const number = parts?.state.prefix.origins.get(this.id);
    if (parts?.unsent.isEmpty && number !== undefined && this.#secret !== undefined)
      await journal?.leaveCleanMark({ origin: this.id, number, secret: this.#secret });
  }

  async #start(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      if (error instanceof StartAborted || this.#closes.signal.aborted) return;
      this.#participation.waitsFor(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  async #load(): Promise<void> {
    const { gossip, journal } = this.#options;
    const participation = this.#participation;
    const start: StartOptions = {
      ...this.#options,
      keeper: this.#checkpoint,
      siteMilliseconds: this.#timing.siteMilliseconds,
      heartbeatMilliseconds: this.#timing.heartbeatMilliseconds,
      retryMilliseconds: this.#timing.retryMilliseconds,
      newLogKeepMilliseconds: this.#timing.newLogKeepMilliseconds,
      reads: this.#options.reads ?? readableFormats,
      peers: participation.peers,
      host: participation,
      signal: this.#closes.signal,
    };
    this.#disposables.push(
      await gossip.subscribe({
        isKnown: (place) => this.#parts?.state.prefix.knows(place) ?? false,
        received: (entry) => this.#parts?.follower.offer(entry),
        heartbeat: (bytes) => participation.peers.received(bytes),
        malformed: (problem) => participation.malformed(problem),
        interrupted: () => this.#parts?.follower.readInBackground(),
      }),
    );
    participation.peers.start();
    const journaled = (await journal?.load()) ?? [];
    participation.unsentAtStart = journaled.length;
    const { prefix, manifest, missing, isReached } = await openPrefix(start, journaled);
    const seen = new SeenHistories();
    const unsent = journal ? await unsentOf(journal, prefix, seen) : [];
    const evictions = (await journal?.loadEvictions()) ?? [];
    const fresh = participation.origin;
    const { origin, secret } = await chooseOrigin(start, fresh, isReached);
    if (this.#closes.signal.aborted) throw new StartAborted();
    // Peers know this process by the name that it began with.
    if (origin !== fresh) participation.peers.leave();
    participation.origin = origin;
    this.#secret = secret;
    this.#parts = putTogether({
      ...{ options: this.#options, timing: this.#timing, clock: this.#clock, link: this.#link },
      ...{ waiters: this.#waiters, statusWatch: this.#statusWatch, checkpoint: this.#checkpoint },
      ...{ observer: participation, prefix, seen, origin, secret },
      // P51.
      lastNumber: origin === fresh ? 0 : this.#clock.tick(),
    });
    participation.open(this.#parts, manifest, isReached);
    for (const transaction of unsent) this.#parts.unsent.addHidden(transaction);
    this.#parts.applier.reveal();
    // After that: what the journal held may have made the very write that a mark names.
    for (const mark of evictions) this.#parts.state.expectEviction(mark);
    if (missing !== undefined) participation.missing(missing);
    this.#begin(this.#parts);
  }

  /** Follows the log, and hands on what the journal held. */
  #begin({ state, outbox, follower }: Parts): void {
    const { log, logger } = this.#options;
    this.#disposables.push(log.watchConnection((isConnected) => this.#participation.connectionChanged(isConnected)));
    outbox.work();
    follower.readInBackground();
    logger.info({ replica: this.id, log: state.head.log, position: state.head.position }, 'replica is ready');
    this.#statusWatch.now();
  }

  #check(asked: 'read' | 'write' = 'read'): Parts {
    if (this.#parts) return this.#parts;
    throw new StoreUnavailableError(`this replica is not ready (${this.#link.problem ?? 'starting'})`, {}, asked);
  }
}

/** Opens a replica at once; `ready` resolves when it has caught up. The replica does not close its adapters. */
export function openReplica(options: ReplicaOptions): Replica {
  return new RunningReplica(options);
}
