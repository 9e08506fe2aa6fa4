/**
 * What this replica wrote and has not seen come back in the log: pending transactions, and journaled ones. One append is
 * under way at a time; what gathers meanwhile goes in the next. Cut off, pending ones go to the journal, and are answered.
 *
 * Invariants: transactions stand in the order in which they were made, and are sent in it. One that may be in the log is
 * never refused. What is answered is in the log or in the journal.
 */
import { LogReplacedError, LogUnavailableError, OutcomeUnknownError, StoreUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Head, Origin, Position } from '../crdt/version.ts';
import type { Journal, KnownEntry } from '../log/journal.ts';
import type { DocumentRecord, Log, LogEntry } from '../log/log.ts';
import type { Logger, Timers } from '../options.ts';
import type { StagedTransaction } from '../staged.ts';
import { Returned } from './returned.ts';

export interface OutboxOptions {
  readonly log: Log;
  readonly journal: Journal | undefined;
  readonly logger: Logger;
  readonly timers: Timers;
  readonly secret: string;
  readonly retryMilliseconds: readonly [number, number];
  readonly head: () => Head;
  readonly recordsAfter: (entry: LogEntry) => readonly DocumentRecord[];
  /** Entries that this replica holds after one position, up to another. */
  readonly knownEntries: (after: Position, upTo: Position) => readonly KnownEntry[];
  /** The log's answer: entries with their positions. */
  readonly appended: (entries: readonly LogEntry[]) => void;
  /** Reads the log to its end. @throws {LogUnavailableError} */
  readonly catchUp: () => Promise<void>;
  /** The journal holds it now: show it, and answer. */
  readonly journaled: (transaction: StagedTransaction) => string;
  /** It was refused: take it back from staging. */
  readonly refused: (transaction: StagedTransaction) => void;
  readonly cutOffChanged: (cutOff: boolean) => void;
  /** The log took no more of what was sent, so it lacks what came before: it is not the log that it was. */
  readonly replaced: (problem: string) => void;
}

interface Waiting {
  readonly transaction: StagedTransaction;
  /** Sent, and whether it was appended is unknown, or it was and has not come back. */
  mayBeInLog: boolean;
  /** Sent and taken since the site was reached last. */
  isAcknowledged: boolean;
  isAnswered: boolean;
  /** Given the token of its answer. */
  resolve: (token: string) => void;
  reject: (error: Error) => void;
}

const ignore = () => {};

export class Outbox {
  readonly #options: OutboxOptions;
  /** Oldest first; all of them are older than what is pending. There may be very many, so no write looks at them all. */
  readonly #journaled = new Map<string, Waiting>();
  /** Oldest first. */
  readonly #pending = new Map<string, Waiting>();
  /** The last number by origin: of what is journaled, and of all that waits. */
  readonly #journaledNumbers = new Map<Origin, number>();
  readonly #numbers = new Map<Origin, number>();
  #working: Promise<void> | undefined;
  #cutOff = false;
  #stopped: string | undefined;
  #closed = false;
  #lastAnswer: Promise<string> | undefined;
  #retry: Disposable | undefined;
  #retryMilliseconds: number;
  /** Up to where the journal has known entries, while it holds any transaction. */
  #knownUpTo: Position = 0;
  readonly #returned: Returned;
  /** The highest number that was ever pushed; one that was refused is not used again. */
  lastNumber = 0;
  appends = 0;
  refusedCount = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#returned = new Returned(options.journal, options.logger);
    this.#retryMilliseconds = options.retryMilliseconds[0];
  }

  /** Journaled, and not yet in the log. */
  get unsent(): number {
    return this.#journaled.size;
  }

  get isEmpty(): boolean {
    return this.#journaled.size + this.#pending.size === 0;
  }

  get isCutOff(): boolean {
    return this.#cutOff;
  }

  get(origin: Origin, number: number): StagedTransaction | undefined {
    return this.#find(nameOf(origin, number))?.transaction;
  }

  /** The last number by origin among what waits here. */
  get numbers(): ReadonlyMap<Origin, number> {
    return this.#numbers;
  }

  /** @throws {StoreUnavailableError} nothing can be taken now */
  checkOpen(): void {
    if (this.#closed) throw new StoreUnavailableError('this replica is stopping');
    if (this.#cutOff && !this.#usesJournal)
      throw new StoreUnavailableError(this.#stopped ?? 'the site cannot be reached');
  }

  /** Takes over what the journal held when the process began; it is shown already. */
  takeOver(transaction: StagedTransaction): void {
    const { origin, number } = transaction;
    this.#numbers.set(origin, number);
    this.#journaledNumbers.set(origin, number);
    this.#journaled.set(nameOf(origin, number), {
      transaction,
      mayBeInLog: true,
      isAcknowledged: false,
      isAnswered: true,
      resolve: ignore,
      reject: ignore,
    });
  }

  /**
   * Takes a transaction that was staged; settles with the token of its answer once it is durable and shown.
   * @throws {StoreUnavailableError} it was refused @throws {OutcomeUnknownError} it may be in the log, or come into it
   */
  push(transaction: StagedTransaction): Promise<string> {
    this.#numbers.set(transaction.origin, transaction.number);
    this.lastNumber = transaction.number;
    const answered = new Promise<string>((resolve, reject) => {
      this.#pending.set(nameOf(transaction.origin, transaction.number), {
        transaction,
        mayBeInLog: false,
        isAcknowledged: false,
        isAnswered: false,
        resolve,
        reject,
      });
    });
    // Awaited by who answers; `settled` may look at it later, or nobody.
    answered.catch(ignore);
    this.#lastAnswer = answered;
    this.work();
    return answered;
  }

  /**
   * Settles once everything that staging sees now is durable.
   * @returns the last one's token, or undefined where nothing was pending
   */
  async settled(): Promise<string | undefined> {
    return this.#pending.size > 0 ? this.#lastAnswer : undefined;
  }

  /** A transaction came back in the log, and is in its place. */
  cameBack(origin: Origin, number: number, token: () => string): void {
    const name = nameOf(origin, number);
    if (this.#numbers.get(origin) === number) this.#numbers.delete(origin);
    const pending = this.#pending.get(name);
    if (pending) {
      this.#pending.delete(name);
      pending.resolve(token());
    } else if (this.#journaled.delete(name)) {
      if (this.#journaledNumbers.get(origin) === number) this.#journaledNumbers.delete(origin);
      this.#returned.add(origin, number);
    }
  }

  /** Settles once nothing waits that could be answered now. */
  async idle(): Promise<void> {
    while (this.#working ?? this.#returned.removing) await (this.#working ?? this.#returned.removing);
  }

  /** Begins to send, or to journal, unless that is under way. */
  work(): void {
    if (this.#closed || this.#working) return;
    this.#working = this.#work()
      .catch((error: unknown) => this.#options.logger.error({ err: error }, 'handing on transactions failed'))
      .finally(() => {
        this.#working = undefined;
        if (this.#hasWork()) this.work();
      });
  }

  /** The site may be reached again. */
  reconnect(): void {
    if (!this.#cutOff || this.#stopped !== undefined || this.#closed) return;
    this.#retry?.[Symbol.dispose]();
    this.#retry = undefined;
    this.#tryAgain();
  }

  /** The site cannot be reached: journal from now on, until it can. */
  disconnect(): void {
    this.#setCutOff();
    this.work();
  }

  /** This replica takes no part in its site any more: it journals, or refuses. */
  stop(problem: string): void {
    this.#stopped = problem;
    this.disconnect();
  }

  /** Takes nothing from now on; settles once everything here is answered. */
  async close(): Promise<void> {
    await this.idle();
    this.#closed = true;
    this.#retry?.[Symbol.dispose]();
    for (const { reject, isAnswered } of this.#pending.values()) if (!isAnswered) reject(new OutcomeUnknownError());
  }

  get #usesJournal(): boolean {
    return this.#options.journal !== undefined && this.#options.log.storage === 'REDIS';
  }

  #hasWork(): boolean {
    if (this.#closed) return false;
    if (this.#cutOff) return some(this.#pending.values(), ({ isAnswered }) => !isAnswered);
    // What is acknowledged leaves soon: the first is usually one that is not.
    return some(this.#all(), ({ isAcknowledged }) => !isAcknowledged);
  }

  #find(name: string): Waiting | undefined {
    return this.#pending.get(name) ?? this.#journaled.get(name);
  }

  *#all(): Generator<Waiting> {
    yield* this.#journaled.values();
    yield* this.#pending.values();
  }

  async #work(): Promise<void> {
    // What was made in this turn of the event loop goes together.
    await Promise.resolve();
    if (this.#cutOff) await this.#keep();
    else await this.#send();
  }

  async #send(): Promise<void> {
    const batch = this.#nextBatch();
    if (batch.length === 0) return;
    const uncertain = batch.map(({ mayBeInLog }) => mayBeInLog);
    for (const waiting of batch) waiting.mayBeInLog = true;
    const { log, head, secret, recordsAfter } = this.#options;
    try {
      this.appends += 1;
      const encoded = batch.map(({ transaction }) => transaction);
      this.#options.appended(await log.append(encoded, head(), secret, recordsAfter));
      for (const waiting of batch) waiting.isAcknowledged = true;
      if (batch.some((waiting) => this.#isHere(waiting))) await this.#options.catchUp();
      this.#retryMilliseconds = this.#options.retryMilliseconds[0];
      const lost = batch.find((waiting) => this.#isHere(waiting))?.transaction;
      if (lost) this.#options.replaced(`the log lacks what came before ${lost.origin} ${lost.number}`);
    } catch (error) {
      const refused = error instanceof LogReplacedError || (error instanceof LogUnavailableError && error.refused);
      if (refused)
        for (const [index, waiting] of batch.entries()) waiting.mayBeInLog = uncertain[index] ?? waiting.mayBeInLog;
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (error instanceof LogReplacedError) this.#options.logger.warn({ err: error }, 'the log refused an append');
    else if (!(error instanceof LogUnavailableError)) this.#options.logger.error({ err: error }, 'an append failed');
    this.#setCutOff();
  }

  #isHere({ transaction }: Waiting): boolean {
    return this.#find(nameOf(transaction.origin, transaction.number)) !== undefined;
  }

  /** Everything that has not come back, acknowledged or not, oldest first, as far as one append carries it. */
  #nextBatch(): Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    for (const waiting of this.#all()) {
      bytes += waiting.transaction.bytes.length;
      if (batch.length > 0 && bytes > limits.appendBytes) break;
      batch.push(waiting);
    }
    return batch;
  }

  /** Journals what is pending, or refuses it where there is no journal. */
  async #keep(): Promise<void> {
    const pending = [...this.#pending.values()];
    const { journal, head } = this.#options;
    if (!journal || !this.#usesJournal) {
      this.#refuse(new StoreUnavailableError(this.#stopped ?? 'the site cannot be reached'));
      // An embedded store is tried again with the next write: there is nobody whose return could be noticed.
      if (this.#options.log.storage === 'EMBEDDED') this.#setReached();
      return;
    }
    if (pending.length === 0) return;
    const upTo = head().position;
    try {
      await journal.add(
        pending.map(({ transaction }) => transaction),
        this.#options.knownEntries(this.#journaled.size === 0 ? 0 : this.#knownUpTo, upTo),
      );
      this.#knownUpTo = upTo;
    } catch (error) {
      this.#options.logger.error({ err: error }, 'the journal takes no more');
      const problem = error instanceof StoreUnavailableError ? error : new StoreUnavailableError('the journal failed');
      // What was made meanwhile was made over these, and names them as what comes before it.
      this.#refuse(problem);
      return;
    }
    for (const waiting of pending) {
      const { transaction } = waiting;
      const { origin, number } = transaction;
      const name = nameOf(origin, number);
      if (!this.#pending.delete(name)) {
        this.#returned.add(origin, number);
        continue;
      }
      this.#journaled.set(name, waiting);
      this.#journaledNumbers.set(origin, number);
      waiting.isAnswered = true;
      waiting.resolve(this.#options.journaled(transaction));
    }
  }

  /** Refuses what is pending. What may be in the log stays, its outcome unknown. */
  #refuse(error: StoreUnavailableError): void {
    this.#numbers.clear();
    for (const [origin, number] of this.#journaledNumbers) this.#numbers.set(origin, number);
    for (const [name, waiting] of this.#pending) {
      const { transaction, mayBeInLog, isAnswered } = waiting;
      if (mayBeInLog) this.#numbers.set(transaction.origin, transaction.number);
      if (isAnswered) continue;
      waiting.isAnswered = true;
      if (mayBeInLog) waiting.reject(new OutcomeUnknownError());
      else {
        this.#pending.delete(name);
        this.#options.refused(transaction);
        this.refusedCount += 1;
        waiting.reject(error);
      }
    }
  }

  #setCutOff(): void {
    if (!this.#cutOff) {
      this.#cutOff = true;
      this.#options.cutOffChanged(true);
    }
    if (this.#retry || this.#stopped !== undefined || this.#closed) return;
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
    for (const waiting of this.#all()) waiting.isAcknowledged = false;
    this.#options.cutOffChanged(false);
  }

  #tryAgain(): void {
    this.#options.catchUp().then(
      () => {
        if (this.#stopped !== undefined || this.#closed || !this.#cutOff) return;
        this.#setReached();
        this.work();
      },
      () => this.#setCutOff(),
    );
  }
}

const nameOf = (origin: Origin, number: number): string => `${origin} ${number}`;

function some<Item>(items: Iterable<Item>, holds: (item: Item) => boolean): boolean {
  for (const item of items) if (holds(item)) return true;
  return false;
}
