/**
 * Pending transactions, oldest first, found by their number, which rises.
 *
 * Why no Map: what goes through here comes and goes all the time. Each table that a Map of V8's outgrows keeps its entries and a
 * link to the table that took its place; as soon as one of them is in the old generation of the heap, every later one is kept with
 * all that was in it, and moved there as well. Source: V8, src/objects/ordered-hash-table.h.
 */
import type { Waiting } from './waiting.ts';

export class Pending implements Iterable<Waiting> {
  /** Those before `#start` are gone. */
  #all: (Waiting | undefined)[] = [];
  #start = 0;

  get size(): number {
    return this.#all.length - this.#start;
  }

  /** @param waiting its number is higher than all that are here */
  add(waiting: Waiting): void {
    this.#all.push(waiting);
  }

  get(number: number): Waiting | undefined {
    const found = this.#all[this.#indexOf(number)];
    return found?.transaction.number === number ? found : undefined;
  }

  /** @returns whether it was here */
  delete(number: number): boolean {
    const index = this.#indexOf(number);
    if (this.#all[index]?.transaction.number !== number) return false;
    if (index > this.#start) this.#all.splice(index, 1);
    else this.#deleteOldest();
    return true;
  }

  /** Keeps those for which that holds. */
  filter(isKept: (waiting: Waiting) => boolean): void {
    this.#all = Array.from(this).filter(isKept);
    this.#start = 0;
  }

  /** None is added or deleted meanwhile. */
  *[Symbol.iterator](): Generator<Waiting> {
    for (let index = this.#start; index < this.#all.length; index += 1) {
      const waiting = this.#all[index];
      if (waiting !== undefined) yield waiting;
    }
  }

  #deleteOldest(): void {
    this.#all[this.#start] = undefined;
    this.#start += 1;
    // Cut in halves: shifting one at a time would copy the whole each time.
    if (this.#start * 2 < this.#all.length) return;
    this.#all = this.#all.slice(this.#start);
    this.#start = 0;
  }

  /** Of the first whose number is not lower. */
  #indexOf(number: number): number {
    let low = this.#start;
    let high = this.#all.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#all[middle]?.transaction.number ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
