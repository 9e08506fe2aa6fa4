/** Selects the least few of many documents, sorted. */
import type { Ranked } from '../filters/order.ts';

export interface Selection {
  add(ranked: Ranked): void;
  /** The selection, in the order of the query. */
  sorted(): readonly Ranked[];
}

export type RankedOrder = (a: Ranked, b: Ranked) => number;

/**
 * The least of many documents, in memory for twice as many as are wanted: whenever the buffer is full it is sorted and
 * halved, and documents greater than the greatest one then kept are skipped. O(n log wanted).
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
