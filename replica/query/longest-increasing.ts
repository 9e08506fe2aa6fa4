/**
 * The longest increasing subsequence: what of a permutation can stay in place while all else moves.
 * Source: Schensted, Longest Increasing and Decreasing Subsequences (1961); patience sorting with a binary search.
 */

/** @returns the indexes, rising, of a longest subsequence whose values rise; O(n log n), and O(n) where they rise already */
export function longestIncreasing(values: readonly number[]): number[] {
  const previous = new Int32Array(values.length);
  /** At each length less one: where the run of that length with the least last value ends. */
  const ends: number[] = [];
  for (const [index, value] of values.entries()) {
    const length = lengthBelow(values, ends, value);
    previous[index] = ends[length - 1] ?? -1;
    ends[length] = index;
  }
  const kept: number[] = [];
  for (let index = ends.at(-1) ?? -1; index >= 0; index = previous[index] ?? -1) kept.push(index);
  return kept.reverse();
}

/** How long the longest run is that ends below a value. */
function lengthBelow(values: readonly number[], ends: readonly number[], value: number): number {
  const isBelow = (length: number): boolean => {
    const end = values[ends[length] ?? -1];
    return end !== undefined && end < value;
  };
  if (ends.length === 0 || isBelow(ends.length - 1)) return ends.length;
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
