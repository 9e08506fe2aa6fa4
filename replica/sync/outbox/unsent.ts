/**
 * The transactions of an outbox: what is journaled, and what is pending behind it, each oldest first. There may be very many
 * journaled ones, so no write looks at them all.
 */

import type { Origin } from '../../crdt/version.ts';
import type { StagedTransaction } from '../../history/staged.ts';
import { Pending } from './pending.ts';
import type { Waiting } from './waiting.ts';

const ignore = () => {};

export class Unsent {
  readonly #journaled = new Map<string, Waiting>();
  /** All of it was made by this process, under one origin. */
  readonly #pending = new Pending();
  /** The last number by origin of what is shown: of what is journaled, and of all that waits. */
  readonly #journaledNumbers = new Map<Origin, number>();
  readonly #numbers = new Map<Origin, number>();
  #hiddenCount = 0;

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

  get(origin: Origin, number: number): Waiting | undefined {
    return this.#pendingOf(origin, number) ?? this.#journaledOf(origin, number);
  }

  *all(): Generator<Waiting> {
    yield* this.#journaled.values();
    yield* this.#pending;
  }

  /** Of everything that has not come back, acknowledged or not, as much as is not more bytes; one at least. */
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
      const { transaction, isShown } = waiting;
      const { origin, number, delta } = transaction;
      const { numberBefore, others } = delta.context;
      if (isShown || !isHere(origin, numberBefore) || ![...others].every(([name, at]) => isHere(name, at))) continue;
      waiting.isShown = true;
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
      waiting.isShown = false;
      this.#journaled.set(nameOf(waiting.transaction.origin, waiting.transaction.number), waiting);
    }
    this.#hiddenCount = this.#journaled.size;
    for (const waiting of this.all()) waiting.transaction = recut(waiting.transaction);
    for (const { transaction } of this.#pending) this.#numbers.set(transaction.origin, transaction.number);
  }

  addPending(transaction: StagedTransaction, resolve: (token: string) => void, reject: (error: Error) => void): void {
    const { origin, number } = transaction;
    this.#numbers.set(origin, number);
    this.#pending.add({
      transaction,
      isShown: true,
      mayBeInLog: false,
      isAcknowledged: false,
      isAnswered: false,
      isWaiting: false,
      isOverdue: false,
      resolve,
      reject,
    });
  }

  /** @returns whether it was still pending */
  journal(waiting: Waiting): boolean {
    const { origin, number } = waiting.transaction;
    if (!this.#pending.delete(number)) return false;
    this.#journaled.set(nameOf(origin, number), waiting);
    this.#journaledNumbers.set(origin, number);
    return true;
  }

  /** @returns what it was, where it was here */
  remove(
    origin: Origin,
    number: number,
  ): { readonly waiting: Waiting; readonly was: 'pending' | 'journaled' } | undefined {
    const pending = this.#pendingOf(origin, number);
    const waiting = pending ?? this.#journaledOf(origin, number);
    if (!waiting) return undefined;
    if (this.#numbers.get(origin) === number) this.#numbers.delete(origin);
    if (pending) this.#pending.delete(number);
    else {
      this.#journaled.delete(nameOf(origin, number));
      if (!waiting.isShown) this.#hiddenCount -= 1;
      if (this.#journaledNumbers.get(origin) === number) this.#journaledNumbers.delete(origin);
    }
    return { waiting, was: pending ? 'pending' : 'journaled' };
  }

  /** Drops pending ones: numbers are again what is left. */
  dropPending(isDropped: (waiting: Waiting) => boolean): void {
    this.#numbers.clear();
    for (const [origin, number] of this.#journaledNumbers) this.#numbers.set(origin, number);
    this.#pending.filter((waiting) => !isDropped(waiting));
    for (const { transaction } of this.#pending) this.#numbers.set(transaction.origin, transaction.number);
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
  isShown: false,
  mayBeInLog: true,
  isAcknowledged: false,
  isAnswered: true,
  isWaiting: false,
  isOverdue: false,
  resolve: ignore,
  reject: ignore,
});

const nameOf = (origin: Origin, number: number): string => `${origin} ${number}`;
