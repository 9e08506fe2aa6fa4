/** Few of many, in their order. */
import type { Ranked } from '../filters/order.ts';

export interface Selection {
  add(ranked: Ranked): void;
  /** In the order of the query. */
  sorted(): readonly Ranked[];
}

export type RankedOrder = (a: Ranked, b: Ranked) => number;

/**
 * The least of many, in memory for twice as many as are wanted: what is gathered is sorted and halved whenever it is full,
 * and what is beyond the greatest that was kept then is not gathered. O(n log wanted).
 */
export class Least implements Selection {
  readonly #wanted: number;
  readonly #compare: RankedOrder;
  #gathered: Ranked[] = [];
  #greatest: Ranked | undefined;

  constructor(wanted: number, compare: RankedOrder) {
    this.#wanted = wanted;
    this.#compare = compare;
  }

  add(ranked: Ranked): void {
    if (this.#wanted === 0) return;
    if (this.#greatest !== undefined && this.#compare(ranked, this.#greatest) > 0) return;
    this.#gathered.push(ranked);
    if (this.#gathered.length >= 2 * this.#wanted) this.#halve();
  }

  sorted(): Ranked[] {
    this.#halve();
    return this.#gathered;
  }

  #halve(): void {
    this.#gathered.sort(this.#compare);
    if (this.#gathered.length < this.#wanted) return;
    this.#gathered.length = this.#wanted;
    this.#greatest = this.#gathered.at(-1);
  }
}
