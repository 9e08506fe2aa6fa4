/** A replica as it runs: its state, the log that it follows, what it sends, and who is told. Only wires. */
import { StoreUnavailableError, TokenUnreachableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { ChangesPage, ChangesRequest } from '../changes-page.ts';
import { HybridClock, millisecondsOf } from '../crdt/clock.ts';
import { SeenHistories } from '../history/contexts.ts';
import { newDocumentId, newOrigin } from '../log/ids.ts';
import type { ReplicaOptions, ReplicaTiming } from '../options.ts';
import type { LiveQueryDefinition } from '../query/live/result-change.ts';
import { systemPrefix } from '../readers/feed.ts';
import { OpenedLiveQuery } from '../readers/live.ts';
import { StatusWatch } from '../readers/status-watch.ts';
import { Waiters } from '../readers/waiters.ts';
import type { Committed, LiveEvent, OpenLiveQuery, Replica, TransactionListener } from '../replica.ts';
import type { ReplicaCounters, ReplicaStatus } from '../status.ts';
import { Peers } from '../sync/peers.ts';
import { CheckpointWriter } from '../sync/start/checkpoint-writer.ts';
import { chooseOrigin, openPrefix, StartAborted, type StartOptions, unsentOf } from '../sync/start/start.ts';
import { decodeToken } from '../token.ts';
import type { Transaction } from '../transaction.ts';
import { type CommitParts, commit } from '../transactions/commit.ts';
import { PrivateView } from '../transactions/private-view.ts';
import { RequestTransaction } from '../transactions/requests.ts';
import type { View } from '../view.ts';
import { Participation } from './participation.ts';
import { type Loaded, wire } from './wiring.ts';

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
  /** Undefined where it keeps no prefix of its own. */
  readonly #keeper: CheckpointWriter | undefined;
  readonly #participation: Participation;
  readonly #peers: Peers;
  readonly #statusWatch: StatusWatch;
  readonly #waiters: Waiters;
  readonly #startedAtMilliseconds: number;
  readonly #disposables: (Disposable | AsyncDisposable)[] = [];
  #origin: string;
  #loaded: Loaded | undefined;
  /** The same for all transactions. */
  #commitParts: CommitParts | undefined;
  #closing: Promise<void> | undefined;
  /** In the journal when the process began: what is unsent until it is ready. */
  #unsentAtStart = 0;
  /** Before the first of this process. */
  #lastNumber = 0;
  #committed = 0;
  #malformed = 0;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
    const { timers } = options;
    this.#origin = newOrigin(options.name, options.random);
    this.#clock = new HybridClock(() => timers.now(), limits.clockDriftMilliseconds);
    this.#startedAtMilliseconds = timers.now();
    this.#statusWatch = new StatusWatch(timers, limits.statusMilliseconds);
    this.#waiters = new Waiters(timers);
    const { checkpoint: kept, logger } = options;
    const { keepMilliseconds: intervalMilliseconds } = this.#timing;
    this.#keeper = kept && new CheckpointWriter({ kept, timers, logger, intervalMilliseconds });
    this.#participation = new Participation({
      options,
      timing: this.#timing,
      statusWatch: this.#statusWatch,
      keeper: this.#keeper,
      own: () => ({
        origin: this.#origin,
        position: this.#loaded?.state.prefix.head.position ?? 0,
        keptFrom: this.#loaded?.state.prefix.kept.keptFrom ?? 0,
        closedLogs: this.#loaded?.state.prefix.closedLogs.length ?? 0,
      }),
      others: () => this.#peers.healers(),
      closed: () => this.#closing !== undefined,
    });
    this.#peers = new Peers({
      gossip: options.gossip,
      timers,
      heartbeatMilliseconds: this.#timing.heartbeatMilliseconds,
      own: () => ({
        origin: this.#origin,
        head: this.#loaded?.state.prefix.head,
        closedLogs: this.#loaded?.state.prefix.closedLogs.length ?? 0,
        mayHeal: this.#participation.mayHeal,
        keptFrom: this.#loaded?.state.prefix.kept.keptFrom ?? 0,
        unsent: this.#loaded?.outbox.unsent ?? this.#unsentAtStart,
        missingGeneration: this.#participation.missingGeneration,
      }),
      heard: (heartbeat) => this.#participation.heard(heartbeat),
      beat: () => this.#participation.beat(),
      changed: () => this.#statusWatch.now(),
      malformed: (problem) => this.#countMalformed(problem),
    });
    this.ready = this.#start();
    // Who does not await it is told by `status.problem`.
    this.ready.catch(() => {});
  }

  get id(): string {
    return this.#origin;
  }

  get status(): ReplicaStatus {
    const { timers, log } = this.#options;
    const loaded = this.#loaded;
    const head = loaded?.state.prefix.head;
    let documentCount = 0;
    for (const [collection, count] of loaded?.state.counts ?? [])
      if (!collection.startsWith(systemPrefix)) documentCount += count;
    return {
      id: this.#origin,
      ready: loaded !== undefined,
      connected:
        log.storage === 'EMBEDDED' ||
        (loaded !== undefined && this.#participation.isConnected && !loaded.outbox.isCutOff),
      problem: this.#participation.problem ?? loaded?.outbox.problem,
      storage: log.storage,
      startedAtMilliseconds: this.#startedAtMilliseconds,
      clockMilliseconds: Math.max(millisecondsOf(this.#clock.last), timers.now()),
      version: head ? [{ log: head.log, position: head.position }] : [],
      waiting: loaded?.follower.waiting ?? 0,
      unsent: log.storage === 'EMBEDDED' ? 0 : (loaded?.outbox.unsent ?? this.#unsentAtStart),
      documentCount,
      lastWriteAtMilliseconds: loaded?.applier.lastWriteAtMilliseconds,
      peers: head ? this.#peers.status(head) : [],
    };
  }

  get counters(): ReplicaCounters {
    const { queries, readers } = this.#loaded?.live.size ?? { queries: 0, readers: 0 };
    return {
      transactionsCommitted: this.#committed,
      transactionsApplied: this.#loaded?.applier.applied ?? 0,
      transactionsRefused: this.#loaded?.outbox.refusedCount ?? 0,
      transactionsLate: this.#loaded?.outbox.lateCount ?? 0,
      appends: this.#loaded?.outbox.appends ?? 0,
      malformedMessages: this.#malformed,
      gapsRepaired: this.#loaded?.follower.gapsRepaired ?? 0,
      clocksAhead: this.#loaded?.applier.clocksAhead ?? 0,
      snapshotsWritten: this.#loaded?.snapshotWriter?.written ?? 0,
      snapshotBytes: this.#loaded?.snapshotWriter?.generation?.bytes ?? 0,
      logBytes: this.#loaded?.snapshotWriter?.logBytes ?? 0,
      queriesByIndex: this.#loaded?.state.queries.index ?? 0,
      queriesByScan: this.#loaded?.state.queries.scan ?? 0,
      liveQueries: queries,
      liveReaders: readers,
    };
  }

  watchStatus(changed: () => void): Disposable {
    return this.#statusWatch.watch(changed);
  }

  get token(): string {
    return this.#check().standing.token;
  }

  read(): View {
    const { state, standing } = this.#check();
    return state.durableViews.open(standing.token);
  }

  begin(): Transaction {
    const { state, standing } = this.#check('write');
    const base = state.stagingViews.open(standing.token);
    const view = new PrivateView(base, { origin: this.#origin, number: this.#nextNumber(), time: this.#clock.tick() });
    const makeId = () => newDocumentId(this.#options.random);
    return new RequestTransaction(view, state.stagingVersion, makeId, () => base.close());
  }

  commit(transaction: Transaction): Promise<Committed> {
    this.#commitParts ??= this.#makeCommitParts();
    return commit(this.#commitParts, transaction);
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
    const missing = () => Math.max(1, wanted.position - state.prefix.head.position);
    await this.#waiters.wait(isHere, maximumMilliseconds, missing);
  }

  live(definition: LiveQueryDefinition, told: (event: LiveEvent) => void): OpenLiveQuery {
    return new OpenedLiveQuery(() => this.#check(), definition, told);
  }

  changes(request: ChangesRequest): ChangesPage {
    return this.#check().changes.read(request);
  }

  transactions(after: string | undefined, listener: TransactionListener): Disposable {
    const { feed } = this.#check();
    return feed.open(after === undefined ? undefined : decodeToken(after, 'after'), listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const loaded = this.#loaded;
    if (loaded) {
      await loaded.outbox.close();
      loaded.follower.stop();
      await loaded.snapshotWriter?.stop();
      loaded.feed.end(new StoreUnavailableError('this replica is stopping'));
    }
    await this.#keeper?.stop();
    this.#peers.close();
    for (const disposable of this.#disposables.reverse()) {
      if (Symbol.asyncDispose in disposable) await disposable[Symbol.asyncDispose]();
      else disposable[Symbol.dispose]();
    }
    const { journal } = this.#options;
    const number = loaded?.state.prefix.origins.get(this.#origin);
    if (loaded && number !== undefined && loaded.outbox.isEmpty && journal)
      await journal.leaveCleanMark({ origin: this.#origin, number, secret: loaded.secret });
  }

  async #start(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      if (error instanceof StartAborted || this.#closing) return;
      this.#participation.problem = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  async #load(): Promise<void> {
    const { log, gossip, journal, logger } = this.#options;
    const start: StartOptions = {
      ...this.#options,
      keeper: this.#keeper,
      siteMilliseconds: this.#timing.siteMilliseconds,
      heartbeatMilliseconds: this.#timing.heartbeatMilliseconds,
      retryMilliseconds: this.#timing.retryMilliseconds,
      newLogKeepMilliseconds: this.#timing.newLogKeepMilliseconds,
      missing: (generation) => this.#participation.missing(generation),
      peersKnowLog: () => this.#peers.anyKnowsLog,
      waitingFor: (problem) => {
        this.#participation.problem = problem;
      },
      closed: () => this.#closing !== undefined,
    };
    this.#disposables.push(
      await gossip.subscribe({
        isKnown: (place) => this.#loaded?.state.prefix.knows(place) ?? false,
        received: (entry) => this.#loaded?.follower.offer(entry),
        heartbeat: (bytes) => this.#peers.received(bytes),
        malformed: (problem) => this.#countMalformed(problem),
        interrupted: () => this.#loaded?.follower.readInBackground(),
      }),
    );
    this.#peers.start();
    const journaled = (await journal?.load()) ?? [];
    this.#unsentAtStart = journaled.length;
    const { prefix, manifest, missing, isReached } = await openPrefix(start, journaled);
    const seen = new SeenHistories();
    const unsent = journal ? await unsentOf(journal, prefix, seen) : [];
    const evictions = (await journal?.loadEvictions()) ?? [];
    const { origin, secret } = await chooseOrigin(start, this.#origin, isReached);
    if (this.#closing) throw new StartAborted();
    // Peers know this process by the name that it began with.
    if (origin !== this.#origin) this.#peers.leave();
    // P51.
    if (origin !== this.#origin) this.#lastNumber = this.#clock.tick();
    this.#origin = origin;
    this.#loaded = wire({
      options: this.#options,
      timing: this.#timing,
      clock: this.#clock,
      waiters: this.#waiters,
      statusWatch: this.#statusWatch,
      keeper: this.#keeper,
      prefix,
      seen,
      secret,
      replaced: (problem) => this.#participation.replaced(problem),
      blocked: (problem) => this.#participation.blocked(problem),
      problem: () => this.#participation.problem,
    });
    this.#participation.begin(this.#loaded, manifest);
    for (const transaction of unsent) this.#loaded.outbox.takeOver(transaction);
    for (const transaction of this.#loaded.outbox.reveal(prefix.origins))
      this.#loaded.state.journal(transaction, false);
    // Only now: what the journal held may have made the very touch that a mark names.
    for (const mark of evictions) this.#loaded.state.expectEviction(mark);
    const { outbox, follower } = this.#loaded;
    if (missing !== undefined) this.#participation.missing(missing);
    this.#disposables.push(log.watchConnection((connected) => this.#participation.connectionChanged(connected)));
    // Cut off, until the log was read to its end.
    if (!isReached) outbox.disconnect();
    outbox.work();
    follower.readInBackground();
    logger.info({ replica: origin, log: prefix.head.log, position: prefix.head.position }, 'replica is ready');
    this.#statusWatch.now();
  }

  #makeCommitParts(): CommitParts {
    const { state, standing, outbox } = this.#check('write');
    return {
      state,
      outbox,
      origin: this.#origin,
      journal: this.#options.journal,
      nextNumber: () => this.#nextNumber(),
      tick: () => this.#clock.tick(),
      token: () => standing.token,
      committed: () => {
        this.#committed += 1;
      },
    };
  }

  #countMalformed(problem: string): void {
    this.#malformed += 1;
    this.#options.logger.warn({ problem }, 'a malformed message was dropped');
  }

  #nextNumber(): number {
    const { state, outbox } = this.#check('write');
    return Math.max(this.#lastNumber, outbox.lastNumber, state.prefix.origins.get(this.#origin) ?? 0) + 1;
  }

  #check(asked: 'read' | 'write' = 'read'): Loaded {
    if (this.#loaded) return this.#loaded;
    const problem = `this replica is not ready (${this.#participation.problem ?? 'starting'})`;
    throw new StoreUnavailableError(problem, {}, asked);
  }
}

/** Opens a replica at once; `ready` resolves when it has caught up. The replica does not close its adapters. */
export function openReplica(options: ReplicaOptions): Replica {
  return new RunningReplica(options);
}
