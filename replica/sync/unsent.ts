/**
 * The transactions of an outbox: what is journaled, and what is pending behind it, each oldest first. There may be very many
 * journaled ones, so no write looks at them all.
 */
import type { Origin } from '../crdt/version.ts';
import type { StagedTransaction } from '../staged.ts';

export interface Waiting {
  readonly transaction: StagedTransaction;
  /** Sent, and whether it was appended is unknown, or it was and has not come back. */
  mayBeInLog: boolean;
  /** Sent and taken since the site was reached last. */
  isAcknowledged: boolean;
  isAnswered: boolean;
  /** P41. Sent, and not taken as something that it saw is not in the log; then, that for longer than the limit. */
  isWaiting: boolean;
  isOverdue: boolean;
  /** Given the token of its answer. */
  readonly resolve: (token: string) => void;
  readonly reject: (error: Error) => void;
}

const ignore = () => {};

export class Unsent {
  readonly #journaled = new Map<string, Waiting>();
  readonly #pending = new Map<string, Waiting>();
  /** The last number by origin: of what is journaled, and of all that waits. */
  readonly #journaledNumbers = new Map<Origin, number>();
  readonly #numbers = new Map<Origin, number>();

  get journaledCount(): number {
    return this.#journaled.size;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** The last number by origin among what waits here. */
  get numbers(): ReadonlyMap<Origin, number> {
    return this.#numbers;
  }

  get(origin: Origin, number: number): Waiting | undefined {
    const name = nameOf(origin, number);
    return this.#pending.get(name) ?? this.#journaled.get(name);
  }

  *all(): Generator<Waiting> {
    yield* this.#journaled.values();
    yield* this.#pending.values();
  }

  pending(): Iterable<Waiting> {
    return this.#pending.values();
  }

  addJournaled(transaction: StagedTransaction): void {
    const { origin, number } = transaction;
    const answered = { isAnswered: true, isAcknowledged: false, mayBeInLog: true, resolve: ignore, reject: ignore };
    this.#numbers.set(origin, number);
    this.#journaledNumbers.set(origin, number);
    this.#journaled.set(nameOf(origin, number), { transaction, ...answered, isWaiting: false, isOverdue: false });
  }

  addPending(transaction: StagedTransaction, resolve: (token: string) => void, reject: (error: Error) => void): void {
    const { origin, number } = transaction;
    const fresh = { isAnswered: false, isAcknowledged: false, mayBeInLog: false, isWaiting: false, isOverdue: false };
    this.#numbers.set(origin, number);
    this.#pending.set(nameOf(origin, number), { transaction, ...fresh, resolve, reject });
  }

  /** @returns whether it was still pending */
  journal(waiting: Waiting): boolean {
    const { origin, number } = waiting.transaction;
    const name = nameOf(origin, number);
    if (!this.#pending.delete(name)) return false;
    this.#journaled.set(name, waiting);
    this.#journaledNumbers.set(origin, number);
    return true;
  }

  /** @returns what it was, where it was here */
  remove(
    origin: Origin,
    number: number,
  ): { readonly waiting: Waiting; readonly was: 'pending' | 'journaled' } | undefined {
    const name = nameOf(origin, number);
    const pending = this.#pending.get(name);
    const waiting = pending ?? this.#journaled.get(name);
    if (!waiting) return undefined;
    if (this.#numbers.get(origin) === number) this.#numbers.delete(origin);
    if (pending) this.#pending.delete(name);
    else {
      this.#journaled.delete(name);
      if (this.#journaledNumbers.get(origin) === number) this.#journaledNumbers.delete(origin);
    }
    return { waiting, was: pending ? 'pending' : 'journaled' };
  }

  /** Drops pending ones: numbers are again what is left. */
  dropPending(isDropped: (waiting: Waiting) => boolean): void {
    this.#numbers.clear();
    for (const [origin, number] of this.#journaledNumbers) this.#numbers.set(origin, number);
    for (const [name, waiting] of this.#pending) {
      if (isDropped(waiting)) this.#pending.delete(name);
      else this.#numbers.set(waiting.transaction.origin, waiting.transaction.number);
    }
  }
}

const nameOf = (origin: Origin, number: number): string => `${origin} ${number}`;
