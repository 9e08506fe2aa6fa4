/**
 * The one source of chance of a simulation.
 * Source: sfc32, from PractRand (Chris Doty-Humphrey, 2010): fast, and the same on every machine.
 */

/** What lies between two numbers, the first included. */
export type Span = readonly [number, number];

export class Random {
  #a: number;
  #b: number;
  #c = 0;
  #counter = 1;

  /** @param seed a safe integer of 0 and more */
  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 2 ** 32) >>> 0;
    for (let turn = 0; turn < 12; turn += 1) this.#next();
  }

  /** From 0 to below 1. */
  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  /** A whole number from 0 to below another. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  within([from, to]: Span): number {
    return from + this.fraction() * (to - from);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** @throws {Error} where there is nothing to pick from */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }

  #next(): number {
    const result = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) >>> 0;
    return result;
  }
}
