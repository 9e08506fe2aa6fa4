import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestIncreasing } from '../../../replica/query/longest-increasing.ts';

/** By trying every beginning: quadratic, and plain. */
function longestLength(values: readonly number[]): number {
  const lengths: number[] = [];
  for (const [index, value] of values.entries()) {
    lengths.push(
      1 + Math.max(0, ...lengths.filter((_, before) => before < index && (values[before] ?? value) < value)),
    );
  }
  return Math.max(0, ...lengths);
}

describe('longestIncreasing', () => {
  it('L4: keeps a longest subsequence that rises', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(60), { maxLength: 40 }), (values) => {
        const kept = longestIncreasing(Int32Array.from(values));
        const run = values.filter((_, index) => kept[index] === 1);
        expect(run).toEqual([...run].sort((a, b) => a - b));
        expect(run).toHaveLength(longestLength(values));
      }),
      { numRuns: 1_000 },
    );
  });
});
