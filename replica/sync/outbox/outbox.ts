/**
 * Hands on what this replica writes: to the log, or, cut off from it, to the journal. One append is under way at a time; what
 * gathers meanwhile goes in the next.
 *
 * Invariants: transactions stand in the order in which they were made, and are sent in it. One that may be in the log is
 * never refused. What is answered is in the log or in the journal.
 */
import { LogReplacedError, LogUnavailableError, StoreUnavailableError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import type { Head, Origin } from '../../crdt/version.ts';
import type { Logger } from '../../environment/logger.ts';
import { Backoff, type Timers } from '../../environment/timers.ts';
import type { StagedTransaction } from '../../history/staged.ts';
import { batchOf, offeredIn } from '../../log/batch.ts';
import type { FormatRange } from '../../log/formats.ts';
import type { Journal } from '../../log/journal.ts';
import type { Log, LogEntry, RecordAfter } from '../../log/log.ts';
import type { LogPlace, Shown } from '../../state/roles.ts';
import type { Follower } from '../follower.ts';
import type { Link, LinkKind, LinkWatcher } from '../link.ts';
import type { Unsent } from './unsent.ts';
import { isAnswered, type Waiting } from './waiting.ts';

export interface OutboxOptions {
  readonly log: Log;
  readonly journal: Journal | undefined;
  readonly logger: Logger;
  readonly timers: Timers;
  /** The secret of this process, by which the log knows its origin. */
  readonly secret: string;
  /** Between two tries to reach the site; each waits twice as long, up to the second number. */
  readonly retryMilliseconds: readonly [number, number];
  /** How long a transaction waits until the log has all that it saw. */
  readonly contextMilliseconds: number;
  /** The formats of a site that this version reads. */
  readonly reads: FormatRange;
  readonly link: Link;
  readonly unsent: Unsent;
  /** The staged and the shown state, and this replica's place in the log. */
  readonly state: LogPlace & Shown;
  /** Applies what an append answers. */
  readonly follower: Pick<Follower, 'offer' | 'catchUp'>;
  /** Works out the states that an embedded log stores beside an entry. */
  readonly applier: { recordsAfter(entry: LogEntry): readonly RecordAfter[] };
  /** Keeps what journaled transactions saw; undefined where there is no checkpoint. */
  readonly checkpoint: { flush(): Promise<void> } | undefined;
}

export class Outbox implements LinkWatcher {
  readonly #options: OutboxOptions;
  readonly #unsent: Unsent;
  readonly #link: Link;
  #working: Promise<void> | undefined;
  #lastAnswer: Promise<string> | undefined;
  #retry: Disposable | undefined;
  readonly #backoff: Backoff;
  /** Up to where the journal has known entries, while it holds any transaction. */
  #knownUpTo: Head | undefined;
  #problem: string | undefined;
  /** The highest number that was ever pushed; one that was refused is not used again. */
  lastNumber = 0;
  appends = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#unsent = options.unsent;
    this.#link = options.link;
    this.#backoff = new Backoff(options.retryMilliseconds);
  }

  /** Why writes are not taken by the log, or by the journal, for the operator; undefined while they are. */
  get problem(): string | undefined {
    return this.#options.log.problem ?? this.#problem;
  }

  /** The last number by origin among what waits here and is shown. */
  get numbers(): ReadonlyMap<Origin, number> {
    return this.#unsent.numbers;
  }

  /** @throws {StoreUnavailableError} nothing can be taken now */
  checkOpen(): void {
    if (this.#link.isClosed) throw new StoreUnavailableError('this replica is stopping');
    if (this.#link.kind !== 'attached' && !this.#usesJournal) throw this.#unavailable();
  }

  /** P48. Another history is followed now, which lacks all that is still here, and these, which come before it. */
  rebase(lacking: readonly StagedTransaction[], recut: (transaction: StagedTransaction) => StagedTransaction): void {
    this.#unsent.rebase(lacking, recut);
    this.#knownUpTo = undefined;
  }

  /**
   * Takes a transaction that was staged; settles with the token of its answer once it is durable and shown.
   * @throws {StoreUnavailableError} it was refused @throws {OutcomeUnknownError} it may be in the log, or come into it
   */
  push(transaction: StagedTransaction): Promise<string> {
    this.lastNumber = transaction.number;
    const answered = new Promise<string>((resolve, reject) => this.#unsent.addPending(transaction, resolve, reject));
    this.#lastAnswer = answered;
    this.work();
    return answered;
  }

  /**
   * Settles once everything that staging sees now is durable.
   * @returns the last one's token, or undefined where nothing was pending
   */
  async settled(): Promise<string | undefined> {
    return this.#unsent.pendingCount > 0 ? this.#lastAnswer : undefined;
  }

  /** Settles once nothing waits that could be answered now. */
  async idle(): Promise<void> {
    while (this.#working ?? this.#unsent.removing) await (this.#working ?? this.#unsent.removing);
  }

  /** Begins to send, or to journal, unless that is under way. */
  work(): void {
    if (this.#link.isClosed || this.#working) return;
    this.#working = this.#work();
  }

  /** The site may be reached again: tries now. */
  reconnect(): void {
    if (this.#link.kind === 'attached' || this.#link.isClosed) return;
    this.#stopRetry();
    this.#tryAgain();
  }

  linkChanged(before: LinkKind, after: LinkKind): void {
    if (after === 'attached') this.#reached();
    if (after === 'attached' || after === 'trying' || after === 'closed') return;
    if (before === 'attached' || before === 'starting') this.#cutOff();
    this.#retryLater();
    this.work();
  }

  /** Takes nothing from now on; settles once everything here is answered. */
  async close(): Promise<void> {
    await this.idle();
    this.#link.dispatch({ kind: 'closed' });
    this.#stopRetry();
    this.#unsent.abandon();
  }

  #unavailable(): StoreUnavailableError {
    return new StoreUnavailableError(this.#link.problem ?? this.problem ?? 'the site cannot be reached');
  }

  get #usesJournal(): boolean {
    return this.#options.journal !== undefined && this.#options.log.storage === 'REDIS';
  }

  #hasWork(): boolean {
    switch (this.#link.kind) {
      case 'closed':
        return false;
      case 'attached':
        return !this.#unsent.isEmpty;
      case 'trying':
        return true;
      default:
        return some(this.#unsent.pending(), (waiting) => !isAnswered(waiting));
    }
  }

  async #work(): Promise<void> {
    // Transactions of one turn of the event loop go together.
    await Promise.resolve();
    try {
      if (this.#link.mayAppend) await this.#send();
      else await this.#keep();
    } catch (error) {
      this.#options.logger.error({ err: error }, 'handing on transactions failed');
    }
    this.#working = undefined;
    if (this.#hasWork()) this.work();
  }

  async #send(): Promise<void> {
    const batch = this.#unsent.oldest(limits.appendBytes);
    if (batch.length === 0) {
      this.#link.dispatch({ kind: 'appendTaken' });
      return;
    }
    this.#unsent.moveAll(batch, 'sent');
    let wasTaken = false;
    try {
      await this.#append(batch);
      wasTaken = true;
      this.#problem = undefined;
      if (batch.some((waiting) => this.#unsent.has(waiting))) await this.#options.follower.catchUp();
      this.#backoff.reset();
      this.#unsent.moveAll(batch, 'notTaken');
      const missed = batch.filter((waiting) => this.#unsent.has(waiting));
      if (missed.length > 0) this.#awaitContexts(missed);
      else this.#link.dispatch({ kind: 'appendTaken' });
    } catch (error) {
      const wasRefused = error instanceof LogReplacedError || (error instanceof LogUnavailableError && error.refused);
      // After the append was taken, only reading can be refused.
      this.#unsent.moveAll(batch, wasRefused && !wasTaken ? 'notTaken' : 'outcomeLost');
      this.#failed(error);
    }
  }

  /** The log's answer is applied before this settles, unless something comes before it that is not here. */
  async #append(batch: readonly Waiting[]): Promise<void> {
    const { log, state, secret, applier, follower } = this.#options;
    const offers = batch.map(({ transaction: { delta }, context }) => ({ delta, isOverdue: context === 'overdue' }));
    const seen = state.head;
    this.appends += 1;
    const recordsAfter = (entry: LogEntry) => applier.recordsAfter(entry);
    const { format } = log;
    const send = () => log.append(batchOf(seen.log, offers, log.format), seen, secret, recordsAfter);
    const entries = await send().catch((error: unknown) => {
      // P82. The site is written in another format by now: nothing was appended.
      const [from, to] = this.#options.reads;
      const isReadable = log.format !== format && from <= log.format && log.format <= to;
      if (!isReadable || !(error instanceof LogUnavailableError && error.refused)) throw error;
      return send();
    });
    for (const [entry, deltas] of offeredIn(entries, offers)) follower.offer(entry, deltas);
  }

  /** P41. They were not taken: what they saw is not in the log. Tried again until it is, or until they are overdue. */
  #awaitContexts(batch: readonly Waiting[]): void {
    for (const waiting of batch) {
      if (waiting.context !== 'assumed') continue;
      waiting.context = 'awaited';
      this.#options.timers.after(this.#options.contextMilliseconds, () => {
        waiting.context = 'overdue';
        const { origin, number } = waiting.transaction;
        if (this.#unsent.has(waiting))
          this.#options.logger.warn({ origin, number }, 'a transaction goes on without what it saw');
      });
    }
    this.#link.dispatch({ kind: 'appendFailed' });
  }

  #failed(error: unknown): void {
    if (error instanceof LogReplacedError) this.#options.logger.warn({ err: error }, 'the log refused an append');
    else if (!(error instanceof LogUnavailableError)) this.#options.logger.error({ err: error }, 'an append failed');
    this.#problem = error instanceof Error ? error.message : String(error);
    this.#link.dispatch({ kind: 'appendFailed' });
  }

  /** Journals what is pending, or refuses it where there is no journal. */
  async #keep(): Promise<void> {
    const { journal, state, checkpoint, log } = this.#options;
    if (this.#unsent.pendingCount > 0) await checkpoint?.flush();
    const pending = [...this.#unsent.pending()];
    if (!journal || !this.#usesJournal) {
      this.#unsent.refuse(this.#unavailable(), state);
      if (log.storage === 'EMBEDDED') this.#link.dispatch({ kind: 'retriedByWrite' });
      return;
    }
    if (pending.length === 0) return;
    const upTo = state.head;
    try {
      await journal.add(
        pending.map(({ transaction }) => transaction),
        state.knownSince(this.#unsent.journaledCount === 0 ? undefined : this.#knownUpTo),
      );
      this.#knownUpTo = upTo;
    } catch (error) {
      this.#options.logger.error({ err: error }, 'the journal takes no more');
      this.#problem = `the journal in DATA_DIR takes no more: ${error instanceof Error ? error.message : String(error)}`;
      // Transactions that were made meanwhile depend on these.
      const reason = error instanceof StoreUnavailableError ? error : new StoreUnavailableError('the journal failed');
      this.#unsent.refuse(reason, state);
      return;
    }
    for (const waiting of pending) this.#unsent.journal(waiting, state);
  }

  #cutOff(): void {
    this.#problem = this.#options.log.problem ?? this.#problem;
    if (this.#problem !== undefined) this.#options.logger.warn({ problem: this.#problem }, 'the site takes no writes');
  }

  #reached(): void {
    this.#stopRetry();
    // The disk of an embedded log is tried by a write, and by nothing else.
    if (this.#problem === undefined || this.#options.log.storage === 'EMBEDDED') return;
    this.#problem = undefined;
    this.#options.logger.info({}, 'the site takes writes again');
  }

  #retryLater(): void {
    if (this.#retry || this.#link.isClosed) return;
    this.#retry = this.#options.timers.after(this.#backoff.next(), () => {
      this.#retry = undefined;
      this.#tryAgain();
    });
  }

  #stopRetry(): void {
    this.#retry?.[Symbol.dispose]();
    this.#retry = undefined;
  }

  /** P10. Once the log can be read again, an append is tried: reached is what takes it. */
  #tryAgain(): void {
    this.#options.follower.catchUp().then(
      () => {
        this.#link.dispatch({ kind: 'logRead' });
        if (this.#link.kind === 'trying') this.work();
        else if (this.#link.kind !== 'attached') this.#retryLater();
      },
      () => this.#retryLater(),
    );
  }
}

function some<Item>(items: Iterable<Item>, holds: (item: Item) => boolean): boolean {
  for (const item of items) if (holds(item)) return true;
  return false;
}
