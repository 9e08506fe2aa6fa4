/** The numbers of journaled transactions that are shown here and in no log yet: what tokens name beside a position. */
import type { Origin } from '../crdt/version.ts';

export const noNumbers: ReadonlyMap<Origin, number> = new Map();

export class JournaledNumbers {
  readonly #byOrigin = new Map<Origin, { highest: number; readonly numbers: Set<number> }>();

  /** The highest by origin. */
  get highest(): ReadonlyMap<Origin, number> {
    if (this.#byOrigin.size === 0) return noNumbers;
    const numbers = new Map<Origin, number>();
    for (const [origin, { highest }] of this.#byOrigin) numbers.set(origin, highest);
    return numbers;
  }

  has(origin: Origin, number: number): boolean {
    return this.#byOrigin.get(origin)?.numbers.has(number) ?? false;
  }

  /** @param number higher than all of this origin that were added before */
  add(origin: Origin, number: number): void {
    const held = this.#byOrigin.get(origin) ?? { highest: number, numbers: new Set() };
    held.highest = number;
    held.numbers.add(number);
    this.#byOrigin.set(origin, held);
  }

  /** @returns whether it was here */
  delete(origin: Origin, number: number): boolean {
    const held = this.#byOrigin.get(origin);
    if (!held?.numbers.delete(number)) return false;
    if (held.numbers.size === 0) this.#byOrigin.delete(origin);
    return true;
  }

  clear(): void {
    this.#byOrigin.clear();
  }
}
