/**
 * What this replica wrote and has not seen come back in the log: pending transactions, and journaled ones. One append is
 * under way at a time; what gathers meanwhile goes in the next. Cut off, pending ones go to the journal, and are answered.
 *
 * Invariants: transactions stand in the order in which they were made, and are sent in it. One that may be in the log is
 * never refused. What is answered is in the log or in the journal.
 */
import { LogReplacedError, LogUnavailableError, OutcomeUnknownError, StoreUnavailableError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import type { Head, Origin } from '../../crdt/version.ts';
import type { StagedTransaction } from '../../history/staged.ts';
import { batchOf } from '../../log/batch.ts';
import type { OutboxOptions } from './options.ts';
import { Returned } from './returned.ts';
import { Unsent } from './unsent.ts';
import type { Waiting } from './waiting.ts';

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #unsent = new Unsent();
  #working: Promise<void> | undefined;
  #cutOff = false;
  /** P10. Cut off, and the log can be read again: an append is tried, and reached is what takes it. */
  #isTrying = false;
  #closed = false;
  #lastAnswer: Promise<string> | undefined;
  #retry: Disposable | undefined;
  #retryMilliseconds: number;
  /** Up to where the journal has known entries, while it holds any transaction. */
  #knownUpTo: Head | undefined;
  readonly #returned: Returned;
  #problem: string | undefined;
  /** The highest number that was ever pushed; one that was refused is not used again. */
  lastNumber = 0;
  appends = 0;
  refusedCount = 0;
  /** Came too late for the log. */
  lateCount = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#returned = new Returned(options.journal, options.logger);
    this.#retryMilliseconds = options.retryMilliseconds[0];
  }

  /** Why writes are not taken by the log, or by the journal, for the operator; undefined while they are. */
  get problem(): string | undefined {
    return this.#options.log.problem ?? this.#problem;
  }

  /** Journaled, and not yet in the log. */
  get unsent(): number {
    return this.#unsent.journaledCount;
  }

  get isEmpty(): boolean {
    return this.#unsent.journaledCount + this.#unsent.pendingCount === 0;
  }

  get isCutOff(): boolean {
    return this.#cutOff;
  }

  get(origin: Origin, number: number): StagedTransaction | undefined {
    return this.#unsent.get(origin, number)?.transaction;
  }

  /** The last number by origin among what waits here. */
  get numbers(): ReadonlyMap<Origin, number> {
    return this.#unsent.numbers;
  }

  /** @throws {StoreUnavailableError} nothing can be taken now */
  checkOpen(): void {
    if (this.#closed) throw new StoreUnavailableError('this replica is stopping');
    if (this.#cutOff && !this.#usesJournal) throw this.#unavailable();
  }

  /** Takes over what the journal held when the process began; hidden until it is revealed. */
  takeOver(transaction: StagedTransaction): void {
    this.#unsent.addHidden(transaction);
  }

  /** P49. @returns what is shown from now on, oldest first */
  reveal(origins: ReadonlyMap<Origin, number>): readonly StagedTransaction[] {
    return this.#unsent.reveal(origins);
  }

  /** P48. Another history is followed now, which lacks all that is still here, and these, which come before it. */
  rebase(lacking: readonly StagedTransaction[], recut: (transaction: StagedTransaction) => StagedTransaction): void {
    this.#unsent.rebase(lacking, recut);
    this.#knownUpTo = undefined;
  }

  pending(): readonly StagedTransaction[] {
    return Array.from(this.#unsent.pending(), ({ transaction }) => transaction);
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

  /** A transaction came back in the log, and is in its place. */
  cameBack(origin: Origin, number: number, token: () => string): void {
    const removed = this.#unsent.remove(origin, number);
    if (removed?.was === 'pending') removed.waiting.resolve(token());
    else if (removed) this.#returned.add(origin, number);
  }

  /** P41. The log goes on without transactions up to these numbers by origin: those that are here came too late. */
  cameTooLate(numbers: ReadonlyMap<Origin, number>): void {
    const late = [...this.#unsent.all()]
      .map(({ transaction }) => transaction)
      .filter(({ origin, number }) => number <= (numbers.get(origin) ?? -1));
    for (const { origin, number } of late) {
      const { waiting } = this.#unsent.remove(origin, number) ?? {};
      if (waiting?.isAnswered === false)
        waiting.reject(new StoreUnavailableError('the log went on without this write'));
    }
    if (late.length === 0) return;
    this.lateCount += late.length;
    this.#options.tooLate(late);
    this.#returned.setAside(late);
  }

  /** What a log counts as in that has these numbers by origin, oldest first: whoever handed it on. */
  within(origins: ReadonlyMap<Origin, number>): readonly StagedTransaction[] {
    const found: StagedTransaction[] = [];
    for (const { transaction } of this.#unsent.all())
      if (transaction.number <= (origins.get(transaction.origin) ?? 0)) found.push(transaction);
    return found;
  }

  /** Settles once nothing waits that could be answered now. */
  async idle(): Promise<void> {
    while (this.#working ?? this.#returned.removing) await (this.#working ?? this.#returned.removing);
  }

  /** Begins to send, or to journal, unless that is under way. */
  work(): void {
    if (this.#closed || this.#working) return;
    this.#working = this.#work();
  }

  /** The site may be reached again. */
  reconnect(): void {
    if (!this.#cutOff || this.#closed) return;
    this.#retry?.[Symbol.dispose]();
    this.#retry = undefined;
    this.#tryAgain();
  }

  /** The site cannot be reached: journal from now on, until it can. */
  disconnect(): void {
    this.#setCutOff(this.#options.log.problem);
    this.work();
  }

  /** Takes nothing from now on; settles once everything here is answered. */
  async close(): Promise<void> {
    await this.idle();
    this.#closed = true;
    this.#retry?.[Symbol.dispose]();
    for (const { reject, isAnswered } of this.#unsent.pending()) if (!isAnswered) reject(new OutcomeUnknownError());
  }

  #unavailable(): StoreUnavailableError {
    return new StoreUnavailableError(this.#options.problem() ?? this.problem ?? 'the site cannot be reached');
  }

  get #usesJournal(): boolean {
    return this.#options.journal !== undefined && this.#options.log.storage === 'REDIS';
  }

  #hasWork(): boolean {
    if (this.#closed) return false;
    if (this.#isTrying) return true;
    if (this.#cutOff) return some(this.#unsent.pending(), ({ isAnswered }) => !isAnswered);
    // What is acknowledged leaves soon: the first is usually one that is not.
    return some(this.#unsent.all(), ({ isAcknowledged }) => !isAcknowledged);
  }

  async #work(): Promise<void> {
    // What was made in this turn of the event loop goes together.
    await Promise.resolve();
    try {
      if (this.#cutOff && !this.#isTrying) await this.#keep();
      else await this.#send();
    } catch (error) {
      this.#options.logger.error({ err: error }, 'handing on transactions failed');
    }
    this.#working = undefined;
    if (this.#hasWork()) this.work();
  }

  async #send(): Promise<void> {
    const batch = this.#unsent.oldest(limits.appendBytes);
    if (batch.length === 0) {
      if (this.#isTrying) this.#setReached();
      return;
    }
    const uncertain = batch.map(({ mayBeInLog }) => mayBeInLog);
    for (const waiting of batch) waiting.mayBeInLog = true;
    const { log, head, secret, recordsAfter } = this.#options;
    let wasTaken = false;
    try {
      this.appends += 1;
      const seen = head();
      const offers = batch.map(({ transaction: { delta }, isOverdue }) => ({ delta, isOverdue }));
      this.#options.appended(await log.append(batchOf(seen.log, offers), seen, secret, recordsAfter), offers);
      wasTaken = true;
      this.#problem = undefined;
      for (const waiting of batch) waiting.isAcknowledged = true;
      if (batch.some((waiting) => this.#isHere(waiting))) await this.#options.catchUp();
      this.#retryMilliseconds = this.#options.retryMilliseconds[0];
      for (const [index, waiting] of batch.entries()) waiting.mayBeInLog = uncertain[index] ?? true;
      const missed = batch.filter((waiting) => this.#isHere(waiting));
      if (missed.length > 0) this.#wait(missed);
      else if (this.#isTrying) this.#setReached();
    } catch (error) {
      const refused = error instanceof LogReplacedError || (error instanceof LogUnavailableError && error.refused);
      // What is refused after the append took it is reading.
      if (refused && !wasTaken)
        for (const [index, waiting] of batch.entries()) waiting.mayBeInLog = uncertain[index] ?? waiting.mayBeInLog;
      this.#failed(error);
    }
  }

  /** P41. They were not taken: what they saw is not in the log. Tried again until it is, or until they are overdue. */
  #wait(batch: readonly Waiting[]): void {
    for (const waiting of batch) {
      if (waiting.isWaiting) continue;
      waiting.isWaiting = true;
      const { origin, number } = waiting.transaction;
      this.#options.timers.after(this.#options.contextMilliseconds, () => {
        waiting.isOverdue = true;
        const isStill = this.#unsent.get(origin, number) === waiting;
        if (isStill) this.#options.logger.warn({ origin, number }, 'a transaction goes on without what it saw');
      });
    }
    this.#setCutOff();
  }

  #failed(error: unknown): void {
    if (error instanceof LogReplacedError) this.#options.logger.warn({ err: error }, 'the log refused an append');
    else if (!(error instanceof LogUnavailableError)) this.#options.logger.error({ err: error }, 'an append failed');
    this.#setCutOff(error instanceof Error ? error.message : String(error));
  }

  #isHere({ transaction }: Waiting): boolean {
    return this.#unsent.get(transaction.origin, transaction.number) !== undefined;
  }

  /** Journals what is pending, or refuses it where there is no journal. */
  async #keep(): Promise<void> {
    const { journal, head } = this.#options;
    if (this.#unsent.pendingCount > 0) await this.#options.keepPrefix();
    const pending = [...this.#unsent.pending()];
    if (!journal || !this.#usesJournal) {
      this.#refuse(this.#unavailable());
      // An embedded store is tried again with the next write: there is nobody whose return could be noticed.
      if (this.#options.log.storage === 'EMBEDDED') this.#setReached();
      return;
    }
    if (pending.length === 0) return;
    const upTo = head();
    try {
      await journal.add(
        pending.map(({ transaction }) => transaction),
        this.#options.known(this.#unsent.journaledCount === 0 ? undefined : this.#knownUpTo),
      );
      this.#knownUpTo = upTo;
    } catch (error) {
      this.#options.logger.error({ err: error }, 'the journal takes no more');
      const problem = error instanceof StoreUnavailableError ? error : new StoreUnavailableError('the journal failed');
      this.#problem = `the journal in DATA_DIR takes no more: ${error instanceof Error ? error.message : String(error)}`;
      // What was made meanwhile was made over these, and names them as what comes before it.
      this.#refuse(problem);
      return;
    }
    for (const waiting of pending) {
      const { transaction } = waiting;
      if (!this.#unsent.journal(waiting)) {
        this.#returned.add(transaction.origin, transaction.number);
        continue;
      }
      waiting.isAnswered = true;
      waiting.resolve(this.#options.journaled(transaction));
    }
  }

  /** Refuses what is pending. What may be in the log stays, its outcome unknown. */
  #refuse(error: StoreUnavailableError): void {
    this.#unsent.dropPending((waiting) => {
      const { transaction, mayBeInLog, isAnswered } = waiting;
      if (isAnswered) return false;
      waiting.isAnswered = true;
      if (mayBeInLog) {
        waiting.reject(new OutcomeUnknownError());
        return false;
      }
      this.#options.refused(transaction);
      this.refusedCount += 1;
      waiting.reject(error);
      return true;
    });
  }

  /** @param problem undefined where none is new */
  #setCutOff(problem?: string): void {
    this.#isTrying = false;
    this.#problem = problem ?? this.#problem;
    if (!this.#cutOff) {
      this.#cutOff = true;
      if (this.#problem !== undefined)
        this.#options.logger.warn({ problem: this.#problem }, 'the site takes no writes');
      this.#options.cutOffChanged(true);
    }
    if (this.#retry || this.#closed) return;
    this.#retry = this.#options.timers.after(this.#retryMilliseconds, () => {
      this.#retry = undefined;
      this.#tryAgain();
    });
    this.#retryMilliseconds = Math.min(2 * this.#retryMilliseconds, this.#options.retryMilliseconds[1]);
  }

  #setReached(): void {
    this.#retry?.[Symbol.dispose]();
    this.#retry = undefined;
    this.#cutOff = false;
    this.#isTrying = false;
    // The disk of an embedded log is tried by a write, and by nothing else.
    if (this.#problem !== undefined && this.#options.log.storage === 'REDIS') {
      this.#problem = undefined;
      this.#options.logger.info({}, 'the site takes writes again');
    }
    for (const waiting of this.#unsent.all()) waiting.isAcknowledged = false;
    this.#options.cutOffChanged(false);
  }

  #tryAgain(): void {
    this.#options.catchUp().then(
      () => {
        if (this.#closed || !this.#cutOff) return;
        this.#isTrying = true;
        this.work();
      },
      () => this.#setCutOff(),
    );
  }
}

function some<Item>(items: Iterable<Item>, holds: (item: Item) => boolean): boolean {
  for (const item of items) if (holds(item)) return true;
  return false;
}
