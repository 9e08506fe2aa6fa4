/** Binary search in any sorted sequence. */

/**
 * The first index at which the predicate fails. It must hold for all indexes up to some place, and for none from there
 * on.
 * @param from the first index @param to the index after the last, which is returned if the predicate holds for all
 */
export function partitionPoint(from: number, to: number, holdsAt: (index: number) => boolean): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holdsAt(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
