/**
 * Heaviest increasing subsequence: the part of a permutation that can stay in place while the rest moves.
 * Source: the greatest sum below each value, from a binary indexed tree: Fenwick, A New Data Structure for Cumulative
 * Frequency Tables (1994).
 */

/**
 * @param values all different
 * @param weights one per value, above 0; their sum must be exact as a double
 * @returns 1 at each index that belongs to the subsequence; O(n log n)
 */
export function longestIncreasing(values: Int32Array, weights: Float64Array): Uint8Array {
  const kept = new Uint8Array(values.length);
  const previous = new Int32Array(values.length);
  const runs = new HeaviestRuns(values.length);
  const ranks = ranksOf(values);
  ranks.forEach((rank, index) => {
    const before = runs.endBelow(rank);
    previous[index] = before;
    runs.add(rank, index, before, weights[index] ?? 0);
  });
  for (let index = runs.endBelow(values.length); index >= 0; index = previous[index] ?? -1) kept[index] = 1;
  return kept;
}

/** For each value, the number of smaller values. */
function ranksOf(values: Int32Array): Int32Array {
  const rising = Int32Array.from(values.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = new Int32Array(values.length);
  rising.forEach((index, rank) => {
    ranks[index] = rank;
  });
  return ranks;
}

/** Finds the end of the heaviest run whose last value is below a given rank. */
class HeaviestRuns {
  /** A binary indexed tree: indexes of the runs' ends, -1 for none. */
  readonly #ends: Int32Array;
  readonly #weights: Float64Array;

  constructor(members: number) {
    this.#ends = new Int32Array(members + 1).fill(-1);
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
