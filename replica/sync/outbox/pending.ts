/**
 * Pending transactions, oldest first, found by their number, which rises.
 *
 * Why no Map: what goes through here comes and goes all the time. Each table that a Map of V8's outgrows keeps its entries and a
 * link to the table that took its place; as soon as one of them is in the old generation of the heap, every later one is kept with
 * all that was in it, and moved there as well. Source: V8, src/objects/ordered-hash-table.h.
 */
import { Queue } from '../../values/queue.ts';
import type { Waiting } from './waiting.ts';

export class Pending implements Iterable<Waiting> {
  readonly #all = new Queue<Waiting>();

  get size(): number {
    return this.#all.size;
  }

  /** @param waiting its number is higher than all that are here */
  add(waiting: Waiting): void {
    this.#all.add(waiting);
  }

  get(number: number): Waiting | undefined {
    const found = this.#all.at(this.#indexOf(number));
    return found?.transaction.number === number ? found : undefined;
  }

  /** @returns whether it was here */
  delete(number: number): boolean {
    const index = this.#indexOf(number);
    if (this.#all.at(index)?.transaction.number !== number) return false;
    this.#all.removeAt(index);
    return true;
  }

  /** Keeps those for which that holds. */
  filter(isKept: (waiting: Waiting) => boolean): void {
    const kept = this.#all.slice(0).filter(isKept);
    this.#all.clear();
    for (const waiting of kept) this.#all.add(waiting);
  }

  /** None is added or deleted meanwhile. */
  [Symbol.iterator](): Iterator<Waiting> {
    return this.#all[Symbol.iterator]();
  }

  /** The index of the first transaction whose number is not lower. Few numbers are missing: counting from the oldest finds most. */
  #indexOf(number: number): number {
    const counted = number - (this.#all.at(0)?.transaction.number ?? number);
    if (this.#all.at(counted)?.transaction.number === number) return counted;
    return this.#all.partitionPoint(({ transaction }) => transaction.number < number);
  }
}
