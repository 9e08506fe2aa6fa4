/** The inside of one replica, put together over a simulated log: what single parts are tested in. */
import { LogUnavailableError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { encodeDelta } from '../../../replica/codec/delta-codec.ts';
import { HybridClock } from '../../../replica/crdt/clock.ts';
import { documentValue } from '../../../replica/crdt/document.ts';
import { type Context, noOthers } from '../../../replica/crdt/version.ts';
import type { Timers } from '../../../replica/environment/timers.ts';
import type { StagedTransaction } from '../../../replica/history/staged.ts';
import { batchOf } from '../../../replica/log/batch.ts';
import { markAtStart } from '../../../replica/log/entry.ts';
import { type FormatRange, readableFormats } from '../../../replica/log/formats.ts';
import type { CleanMark, Eviction, Journal, JournaledTransaction } from '../../../replica/log/journal.ts';
import type { Log, LogEntry } from '../../../replica/log/log.ts';
import { Prefix } from '../../../replica/state/prefix.ts';
import { ReplicaState } from '../../../replica/state/state.ts';
import { Applier } from '../../../replica/sync/applier.ts';
import { Follower, type LogObserver } from '../../../replica/sync/follower.ts';
import { Link } from '../../../replica/sync/link.ts';
import { Outbox } from '../../../replica/sync/outbox/outbox.ts';
import { Unsent } from '../../../replica/sync/outbox/unsent.ts';
import { logOver, snapshotsOver } from '../../simulation/ports.ts';
import { SimulatedRedis } from '../../simulation/redis.ts';
import { quiet } from '../replicas.ts';

export const logId = '0123456789abcdef0123456789abcdef';

/** Time that moves when a test says so. */
export class ManualTimers implements Timers {
  #now = 0;
  readonly #calls = new Set<{ readonly at: number; readonly call: () => void }>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, call: () => void): Disposable {
    const entry = { at: this.#now + milliseconds, call };
    this.#calls.add(entry);
    return { [Symbol.dispose]: () => this.#calls.delete(entry) };
  }

  get pending(): number {
    return this.#calls.size;
  }

  /** Moves time on; what is due is called in order. */
  advance(milliseconds: number): void {
    const until = this.#now + milliseconds;
    for (;;) {
      const [next] = [...this.#calls].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#calls.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
    }
    this.#now = until;
  }
}

/**
 * How the site answers. `refused`: nothing was done. `lost`: it was done, and its answer is lost. `unreadable`: what reads is
 * refused, what appends is done.
 */
export type Conditions = 'good' | 'refused' | 'lost' | 'unreadable';

/** A simulated Redis with one log, and other writers. */
export class TestSite {
  readonly timers = new ManualTimers();
  readonly redis: SimulatedRedis;
  readonly published: LogEntry[] = [];
  conditions: Conditions = 'good';
  /** Requests so far. */
  requests = 0;
  /** While it is set, answers wait for it; what they say is as of before. */
  gate: Promise<void> | undefined;
  readonly log: Log;
  readonly snapshots;

  constructor() {
    this.redis = new SimulatedRedis({ published: (entry) => this.published.push(entry), begun: () => {} }, () =>
      this.timers.now(),
    );
    const connection = {
      request: async <Answer>(deadline: number, perform: (redis: SimulatedRedis) => Answer): Promise<Answer> => {
        this.requests += 1;
        await Promise.resolve();
        const isRead = deadline !== limits.appendDeadlineMilliseconds;
        if (this.conditions === 'refused' || (isRead && this.conditions === 'unreadable'))
          throw new LogUnavailableError('refused', true);
        const answer = perform(this.redis);
        await this.gate;
        if (this.conditions === 'lost') throw new LogUnavailableError('lost', false);
        return answer;
      },
      watch: () => ({ [Symbol.dispose]: () => {} }),
    };
    this.log = logOver(connection);
    this.snapshots = snapshotsOver(connection);
    this.redis.create(logId, 0);
  }

  get head() {
    const head = this.redis.head();
    if (head === undefined) throw new Error('the test site has a log');
    return head;
  }

  /** Another replica appends. */
  append(...transactions: readonly StagedTransaction[]): readonly LogEntry[] {
    const offers = transactions.map(({ delta }) => ({ delta, isOverdue: false }));
    return this.redis.append(batchOf(this.head.log, offers), this.head, 'another secret');
  }

  /** All that the log has, as `origin number`, in order. */
  get contents(): readonly string[] {
    return this.redis
      .read(this.head.log, 0, Number.MAX_SAFE_INTEGER)
      .flatMap(({ origin, firstNumber, count }) =>
        Array.from({ length: count }, (_, index) => `${origin} ${firstNumber + index}`),
      );
  }
}

/** Sets `n` of a document to the transaction's number. @param seen numbers by other origins that it names */
export function write(
  origin: string,
  number: number,
  {
    id = 'vw',
    numberBefore = number - 1,
    log = logId,
    position = 0,
    seen = {} as Readonly<Record<string, number>>,
  } = {},
): StagedTransaction {
  const others = Object.keys(seen).length === 0 ? noOthers : new Map(Object.entries(seen));
  const context: Context = { log, position, numberBefore, others };
  const operations = [
    { kind: 'makeMap' as const, path: [], isDefault: false },
    { kind: 'assign' as const, path: ['n'], value: number, floors: [], isDefault: false },
  ];
  const delta = { origin, number, context, time: number, operations: [{ collection: 'cars', id, operations }] };
  const head = { log, position, mark: position === 0 ? markAtStart(log) : '' };
  return { origin, number, numberBefore, bytes: encodeDelta(delta), context: head, delta };
}

/** In memory; refuses while it is full. */
export class TestJournal implements Journal {
  held: JournaledTransaction[] = [];
  aside: JournaledTransaction[] = [];
  isFull = false;

  async add(transactions: readonly JournaledTransaction[]): Promise<void> {
    if (this.isFull) throw new Error('no space left on device');
    this.held.push(...transactions);
  }
  async load() {
    return this.held;
  }
  async known() {
    return { bases: [], entries: [] };
  }
  async removeUpTo(origin: string, number: number): Promise<void> {
    this.held = this.held.filter((one) => one.origin !== origin || one.number > number);
  }
  async setAside(late: readonly JournaledTransaction[]): Promise<void> {
    this.aside.push(...late);
    this.held = this.held.filter(
      (one) => !late.some(({ origin, number }) => origin === one.origin && number === one.number),
    );
  }
  async saveEvictions(_: readonly Eviction[]): Promise<void> {}
  async loadEvictions() {
    return [];
  }
  async takeCleanMark(): Promise<CleanMark | undefined> {
    return undefined;
  }
  async leaveCleanMark(): Promise<void> {}
  async close(): Promise<void> {}
}

/** One replica, as wiring.ts puts it together, from its state to its outbox. */
export class Inside implements LogObserver {
  readonly site: TestSite;
  readonly origin: string;
  readonly statuses: string[] = [];
  readonly link: Link;
  readonly state: ReplicaState;
  readonly unsent: Unsent;
  readonly applier: Applier;
  readonly follower: Follower;
  readonly outbox: Outbox;
  /** What the follower found. */
  readonly found: string[] = [];
  /** Errors that were logged. */
  readonly errors: string[] = [];
  flushes = 0;

  constructor(
    site: TestSite,
    {
      origin = 'a.aaaaaaaa',
      journal,
      reads = readableFormats,
    }: { origin?: string; journal?: Journal; reads?: FormatRange } = {},
  ) {
    this.site = site;
    this.origin = origin;
    const { timers, log } = site;
    const logger = { ...quiet, error: (_: object, message: string) => this.errors.push(message) };
    this.link = new Link({ now: () => this.statuses.push(this.link.kind) });
    const prefix = new Prefix({ log: logId, position: 0, mark: markAtStart(logId) }, [], [], new Map());
    this.state = new ReplicaState({ prefix, now: () => timers.now(), viewMilliseconds: 1_000, indexes: [] });
    this.unsent = new Unsent(journal, logger);
    const clock = new HybridClock(() => timers.now(), 60_000);
    this.applier = new Applier({ state: this.state, own: this.unsent, clock, logger });
    const { state, applier, link, unsent } = this;
    this.follower = new Follower({
      log,
      logger,
      place: state,
      applier,
      link,
      observer: this,
      reads: readableFormats,
    });
    const flush = async () => {
      this.flushes += 1;
    };
    this.outbox = new Outbox({
      ...{ log, journal, logger, timers, secret: 'secret', retryMilliseconds: [100, 400] },
      ...{ contextMilliseconds: 5_000, link, unsent, state, follower: this.follower, applier, checkpoint: { flush } },
      reads,
    });
    link.watch(this.outbox);
  }

  open(): this {
    this.link.dispatch({ kind: 'opened' });
    return this;
  }

  logReplaced(problem: string): void {
    this.found.push(`replaced: ${problem}`);
    this.link.dispatch({ kind: 'logReplaced', problem });
  }
  logBlocked(problem: string): void {
    this.found.push(`blocked: ${problem}`);
    this.link.dispatch({ kind: 'entryUndecodable', problem });
  }
  logUnblocked(): void {
    this.found.push('unblocked');
    this.link.dispatch({ kind: 'entryDecoded' });
  }

  /** Stages a write, and pushes it. Its answer settles to `shown` with a token, or to the error's code. */
  push(transaction: StagedTransaction): Promise<string> {
    this.state.stage(transaction);
    return this.outbox.push(transaction).then(
      () => 'shown',
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );
  }

  /** What readers see of a document: its `n`. */
  n(id = 'vw'): unknown {
    return this.#read('durable', id);
  }

  /** What the next transaction would see. */
  staged(id = 'vw'): unknown {
    return this.#read('staging', id);
  }

  #read(where: 'durable' | 'staging', id: string): unknown {
    const document = this.state[where].get('cars', id);
    return document && Object(documentValue(document.state)).n;
  }
}
