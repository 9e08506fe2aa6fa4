/**
 * The longest increasing subsequence: what of a permutation can stay in place while all else moves.
 * Source: Schensted, Longest Increasing and Decreasing Subsequences (1961); patience sorting with a binary search.
 */

/** @returns for each index whether it is of a longest subsequence whose values rise; O(n log n), O(n) where most rise already */
export function longestIncreasing(values: Int32Array): Uint8Array {
  const previous = new Int32Array(values.length);
  /** At each length less one: where the run of that length with the least last value ends, and that value. */
  const ends = new Int32Array(values.length);
  const endValues = new Int32Array(values.length);
  let longest = 0;
  values.forEach((value, index) => {
    const length = countBelow(endValues, longest, value);
    previous[index] = length === 0 ? -1 : (ends[length - 1] ?? -1);
    ends[length] = index;
    endValues[length] = value;
    longest = Math.max(longest, length + 1);
  });
  const kept = new Uint8Array(values.length);
  for (let index = ends[longest - 1] ?? -1; index >= 0; index = previous[index] ?? -1) kept[index] = 1;
  return kept;
}

/** How many of the first so many values, which rise, are below one. */
function countBelow(rising: Int32Array, count: number, value: number): number {
  const last = rising[count - 1];
  if (last === undefined || last < value) return count;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rising[middle] ?? value) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
