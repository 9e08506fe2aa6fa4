/**
 * The longest increasing subsequence: what of a permutation can stay in place while all else moves. Among those of equal
 * length, one with the most members that should stay.
 * Source: the greatest sum below each value, from a binary indexed tree: Fenwick, A New Data Structure for Cumulative
 * Frequency Tables (1994). A member weighs so much that one more counts for more than any preference.
 */

/**
 * @param values no two are equal
 * @param preferred 1 for each index that should stay
 * @returns 1 for each index that is of the subsequence; O(n log s) for values within a span of s, O(n) where all rise
 */
export function longestIncreasing(values: Int32Array, preferred: Uint8Array): Uint8Array {
  const kept = new Uint8Array(values.length);
  if (isRising(values)) return kept.fill(1);
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  const previous = new Int32Array(values.length);
  const runs = new HeaviestRuns(greatest - least + 1, values.length);
  values.forEach((value, index) => {
    const rank = value - least;
    const before = runs.endBelow(rank);
    previous[index] = before;
    runs.add(rank, index, before, values.length + (preferred[index] ?? 0));
  });
  for (let index = runs.endBelow(greatest - least + 1); index >= 0; index = previous[index] ?? -1) kept[index] = 1;
  return kept;
}

function isRising(values: Int32Array): boolean {
  for (let index = 1; index < values.length; index += 1) {
    if ((values[index - 1] ?? 0) > (values[index] ?? 0)) return false;
  }
  return true;
}

/** Where the heaviest run ends whose last value is below a rank. */
class HeaviestRuns {
  /** A binary indexed tree: indexes of the runs' ends, -1 for none. */
  readonly #ends: Int32Array;
  readonly #weights: Float64Array;

  constructor(ranks: number, members: number) {
    this.#ends = new Int32Array(ranks + 1).fill(-1);
    this.#weights = new Float64Array(members);
  }

  endBelow(rank: number): number {
    let heaviest = -1;
    for (let node = rank; node > 0; node -= node & -node) {
      const end = this.#ends[node] ?? -1;
      if (this.#weightOf(end) > this.#weightOf(heaviest)) heaviest = end;
    }
    return heaviest;
  }

  add(rank: number, end: number, before: number, weight: number): void {
    const sum = this.#weightOf(before) + weight;
    this.#weights[end] = sum;
    for (let node = rank + 1; node < this.#ends.length; node += node & -node) {
      if (sum > this.#weightOf(this.#ends[node] ?? -1)) this.#ends[node] = end;
    }
  }

  #weightOf(end: number): number {
    return this.#weights[end] ?? 0;
  }
}
