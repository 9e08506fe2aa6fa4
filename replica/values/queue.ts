/**
 * A queue in one array: items are added at the end and removed at the start; each has an index, 0 for the oldest.
 * Array.shift() would copy the whole array. Here a removed item only frees its slot, and the array is cut once half of
 * its slots are free. So adding and removing take constant time on average, and no slot refers to a removed item.
 */
import { partitionPoint } from './binary-search.ts';

export class Queue<Item extends object> implements Iterable<Item> {
  /** Slots before `#start` are free. */
  #slots: (Item | undefined)[] = [];
  #start = 0;

  get size(): number {
    return this.#slots.length - this.#start;
  }

  /** Undefined if the index is outside of the queue. */
  at(index: number): Item | undefined {
    return this.#slots[this.#start + index];
  }

  add(item: Item): void {
    this.#slots.push(item);
  }

  /** @returns the oldest; undefined if the queue is empty */
  removeOldest(): Item | undefined {
    const oldest = this.#slots[this.#start];
    if (oldest === undefined) return undefined;
    this.#slots[this.#start] = undefined;
    this.#start += 1;
    if (2 * this.#start >= this.#slots.length) {
      this.#slots = this.#slots.slice(this.#start);
      this.#start = 0;
    }
    return oldest;
  }

  /** Takes time in proportion to the number of items behind it, or none for the oldest. @param index of an item */
  removeAt(index: number): void {
    if (index === 0) this.removeOldest();
    else this.#slots.splice(this.#start + index, 1);
  }

  clear(): void {
    this.#slots = [];
    this.#start = 0;
  }

  /**
   * The first index whose item fails the predicate, which must hold for a prefix of the queue and for nothing after it.
   */
  partitionPoint(holds: (item: Item) => boolean): number {
    const slots = this.#slots;
    const found = partitionPoint(this.#start, slots.length, (index) => {
      const item = slots[index];
      return item !== undefined && holds(item);
    });
    return found - this.#start;
  }

  /** A new array of the items at the indexes in [from, to). */
  slice(from: number, to: number = this.size): Item[] {
    const items: Item[] = [];
    for (let index = from; index < to; index += 1) {
      const item = this.at(index);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  /** Oldest first. The queue must not change during the iteration. */
  *[Symbol.iterator](): Generator<Item> {
    for (let index = 0; index < this.size; index += 1) {
      const item = this.at(index);
      if (item !== undefined) yield item;
    }
  }
}
