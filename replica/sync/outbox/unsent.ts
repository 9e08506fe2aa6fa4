/**
 * The transactions that this replica wrote, or took over, and that have not come back in the log: journaled ones, and pending
 * ones behind them, each oldest first. There may be very many journaled ones, so no write looks at them all.
 */
import { OutcomeUnknownError, StoreUnavailableError } from '../../../errors.ts';
import type { Origin } from '../../crdt/version.ts';
import type { Logger } from '../../environment/logger.ts';
import type { StagedTransaction } from '../../history/staged.ts';
import type { Journal } from '../../log/journal.ts';
import type { OwnWrites, Shown } from '../../state/roles.ts';
import { Pending } from './pending.ts';
import { Returned } from './returned.ts';
import { isAnswered, nextStage, type Stage, type StageEvent, type Waiting } from './waiting.ts';

const ignore = () => {};

export class Unsent implements OwnWrites {
  readonly #returned: Returned;
  readonly #journaled = new Map<string, Waiting>();
  /** This process made all of them, under one origin. */
  readonly #pending = new Pending();
  /** The last number by origin of what is shown: of what is journaled, and of all that waits. */
  readonly #journaledNumbers = new Map<Origin, number>();
  readonly #numbers = new Map<Origin, number>();
  #hiddenCount = 0;
  refusedCount = 0;
  /** Transactions that the log went on without. */
  lateCount = 0;

  /** @param journal undefined without a disk */
  constructor(journal: Journal | undefined, logger: Logger) {
    this.#returned = new Returned(journal, logger);
  }

  get isEmpty(): boolean {
    return this.#journaled.size + this.#pending.size === 0;
  }

  /** Settles once the journal has been rid of what came back; undefined if nothing is under way. Never rejects. */
  get removing(): Promise<void> | undefined {
    return this.#returned.removing;
  }

  get journaledCount(): number {
    return this.#journaled.size;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** The last number by origin among what waits here and is shown. */
  get numbers(): ReadonlyMap<Origin, number> {
    return this.#numbers;
  }

  get(origin: Origin, number: number): StagedTransaction | undefined {
    return this.find(origin, number)?.transaction;
  }

  find(origin: Origin, number: number): Waiting | undefined {
    return this.#pendingOf(origin, number) ?? this.#journaledOf(origin, number);
  }

  /** Whether it has not come back. */
  has(waiting: Waiting): boolean {
    return this.find(waiting.transaction.origin, waiting.transaction.number) === waiting;
  }

  *all(): Generator<Waiting> {
    yield* this.#journaled.values();
    yield* this.#pending;
  }

  /** The oldest transactions that have not come back, up to so many bytes; at least one. */
  oldest(mostBytes: number): Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    for (const waiting of this.all()) {
      bytes += waiting.transaction.bytes.length;
      if (batch.length > 0 && bytes > mostBytes) break;
      batch.push(waiting);
    }
    return batch;
  }

  pending(): Iterable<Waiting> {
    return this.#pending;
  }

  /** Takes a transaction that is durable, and not shown yet. */
  addHidden(transaction: StagedTransaction): void {
    this.#journaled.set(nameOf(transaction.origin, transaction.number), hidden(transaction));
    this.#hiddenCount += 1;
  }

  /**
   * P49. Shows what was hidden and has seen nothing but what is here by now.
   * @param origins last number by origin in the log
   */
  reveal(origins: ReadonlyMap<Origin, number>): readonly StagedTransaction[] {
    if (this.#hiddenCount === 0) return [];
    const revealed: StagedTransaction[] = [];
    const isHere = (origin: Origin, number: number): boolean =>
      number <= (origins.get(origin) ?? 0) || number <= (this.#journaledNumbers.get(origin) ?? 0);
    for (const waiting of this.#journaled.values()) {
      const { transaction, stage } = waiting;
      const { origin, number, delta } = transaction;
      const { numberBefore, others } = delta.context;
      if (stage !== 'hidden' || !isHere(origin, numberBefore) || ![...others].every(([name, at]) => isHere(name, at)))
        continue;
      move(waiting, 'shown');
      this.#hiddenCount -= 1;
      this.#journaledNumbers.set(origin, number);
      if ((this.#numbers.get(origin) ?? 0) < number) this.#numbers.set(origin, number);
      revealed.push(transaction);
    }
    return revealed;
  }

  /**
   * P48. Another history is followed now.
   * @param lacking durable ones that it lacks: they come before all that waits here; hidden until they are revealed
   */
  rebase(lacking: readonly StagedTransaction[], recut: (transaction: StagedTransaction) => StagedTransaction): void {
    const journaled = [...this.#journaled.values()];
    this.#journaled.clear();
    this.#journaledNumbers.clear();
    this.#numbers.clear();
    for (const transaction of lacking)
      this.#journaled.set(nameOf(transaction.origin, transaction.number), hidden(transaction));
    for (const waiting of journaled) {
      move(waiting, 'hidden');
      this.#journaled.set(nameOf(waiting.transaction.origin, waiting.transaction.number), waiting);
    }
    this.#hiddenCount = this.#journaled.size;
    for (const waiting of this.all()) waiting.transaction = recut(waiting.transaction);
    for (const { transaction } of this.#pending) this.#numbers.set(transaction.origin, transaction.number);
  }

  addPending(transaction: StagedTransaction, resolve: (token: string) => void, reject: (error: Error) => void): void {
    const { origin, number } = transaction;
    this.#numbers.set(origin, number);
    this.#pending.add({ transaction, stage: 'unsent', context: 'assumed', resolve, reject });
  }

  /** A whole batch was sent, and did not come back, or not all of it. */
  moveAll(batch: readonly Waiting[], event: 'sent' | 'notTaken' | 'outcomeLost'): void {
    for (const waiting of batch) if (event === 'sent' || this.has(waiting)) move(waiting, event);
  }

  /** The journal has a transaction that was pending: shows it, and answers it. One that came back meanwhile leaves the journal. */
  journal(waiting: Waiting, shown: Shown): void {
    const { transaction, resolve } = waiting;
    const { origin, number } = transaction;
    if (!this.#pending.delete(number)) {
      this.#returned.add(origin, number);
      return;
    }
    this.#journaled.set(nameOf(origin, number), waiting);
    this.#journaledNumbers.set(origin, number);
    const wasAnswered = isAnswered(waiting);
    move(waiting, 'journaled');
    shown.journal(transaction, true);
    if (!wasAnswered) resolve(shown.token);
  }

  cameBack(origin: Origin, number: number, shown: Pick<Shown, 'token'>): void {
    const removed = this.#remove(origin, number);
    if (removed === undefined) return;
    if (!removed.wasPending) this.#returned.add(origin, number);
    else if (!isAnswered(removed.waiting)) removed.waiting.resolve(shown.token);
  }

  cameTooLate(numbers: ReadonlyMap<Origin, number>): readonly StagedTransaction[] {
    const late: StagedTransaction[] = [];
    for (const waiting of [...this.all()]) {
      const { transaction, reject } = waiting;
      const { origin, number } = transaction;
      if (number > (numbers.get(origin) ?? -1)) continue;
      late.push(transaction);
      this.#remove(origin, number);
      if (!isAnswered(waiting)) reject(new StoreUnavailableError('the log went on without this write'));
    }
    if (late.length === 0) return late;
    this.lateCount += late.length;
    this.#returned.setAside(late);
    return late;
  }

  /** Those that a log with these numbers by origin has, whoever appended them; oldest first. */
  within(origins: ReadonlyMap<Origin, number>): readonly StagedTransaction[] {
    const found: StagedTransaction[] = [];
    for (const { transaction } of this.all())
      if (transaction.number <= (origins.get(transaction.origin) ?? 0)) found.push(transaction);
    return found;
  }

  /** Refuses what is pending and cannot be in the log; of the rest the outcome is unknown. */
  refuse(error: StoreUnavailableError, shown: Shown): void {
    this.#numbers.clear();
    for (const [origin, number] of this.#journaledNumbers) this.#numbers.set(origin, number);
    this.#pending.filter((waiting) => {
      const wasAnswered = isAnswered(waiting);
      if (move(waiting, 'refused') !== 'gone') {
        if (!wasAnswered) waiting.reject(new OutcomeUnknownError());
        return true;
      }
      shown.unstage(waiting.transaction);
      this.refusedCount += 1;
      waiting.reject(error);
      return false;
    });
    for (const { transaction } of this.#pending) this.#numbers.set(transaction.origin, transaction.number);
  }

  /** The replica is closed: the outcome of what is still pending is unknown. */
  abandon(): void {
    for (const waiting of this.#pending) if (!isAnswered(waiting)) waiting.reject(new OutcomeUnknownError());
  }

  #remove(origin: Origin, number: number): { readonly waiting: Waiting; readonly wasPending: boolean } | undefined {
    const pending = this.#pendingOf(origin, number);
    const waiting = pending ?? this.#journaledOf(origin, number);
    if (!waiting) return undefined;
    if (this.#numbers.get(origin) === number) this.#numbers.delete(origin);
    if (pending) this.#pending.delete(number);
    else {
      this.#journaled.delete(nameOf(origin, number));
      if (waiting.stage === 'hidden') this.#hiddenCount -= 1;
      if (this.#journaledNumbers.get(origin) === number) this.#journaledNumbers.delete(origin);
    }
    return { waiting, wasPending: pending !== undefined };
  }

  #pendingOf(origin: Origin, number: number): Waiting | undefined {
    const waiting = this.#pending.get(number);
    return waiting?.transaction.origin === origin ? waiting : undefined;
  }

  /** Hardly ever is there any. */
  #journaledOf(origin: Origin, number: number): Waiting | undefined {
    return this.#journaled.size === 0 ? undefined : this.#journaled.get(nameOf(origin, number));
  }
}

const hidden = (transaction: StagedTransaction): Waiting => ({
  transaction,
  stage: 'hidden',
  context: 'assumed',
  resolve: ignore,
  reject: ignore,
});

function move(waiting: Waiting, event: StageEvent): Stage | 'gone' {
  const next = nextStage(waiting.stage, event);
  if (next !== 'gone') waiting.stage = next;
  return next;
}

const nameOf = (origin: Origin, number: number): string => `${origin} ${number}`;
