import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestIncreasing } from '../../../../replica/query/structures/longest-increasing.ts';
import { assertProperty } from '../properties.ts';

interface Member {
  readonly value: number;
  readonly preferred: boolean;
}

/** The length of the best run, then how many in it are preferred: by trying every beginning, quadratic and plain. */
function best(members: readonly Member[]): readonly [number, number] {
  const runs: [number, number][] = [];
  const better = (a: [number, number], b: [number, number]) => (a[0] - b[0] || a[1] - b[1]) > 0;
  for (const [index, { value, preferred }] of members.entries()) {
    let before: [number, number] = [0, 0];
    for (const [earlier, run] of runs.entries()) {
      if (earlier < index && (members[earlier]?.value ?? value) < value && better(run, before)) before = run;
    }
    runs.push([before[0] + 1, before[1] + (preferred ? 1 : 0)]);
  }
  return runs.reduce((most, run) => (better(run, most) ? run : most), [0, 0]);
}

const members = fc.uniqueArray(fc.record({ value: fc.nat(60), preferred: fc.boolean() }), {
  maxLength: 40,
  selector: ({ value }) => value,
});

describe('longestIncreasing', () => {
  it('L4: keeps a longest subsequence that rises, and of these one with the most that should stay', () => {
    assertProperty(
      fc.property(members, (all) => {
        const kept = longestIncreasing(
          Int32Array.from(all.map(({ value }) => value)),
          Float64Array.from(all.map(({ preferred }) => all.length + (preferred ? 2 : 1))),
        );
        const run = all.filter((_, index) => kept[index] === 1);
        const values = run.map(({ value }) => value);
        expect(values).toEqual([...values].sort((a, b) => a - b));
        expect([run.length, run.filter(({ preferred }) => preferred).length]).toEqual(best(all));
      }),
      { numRuns: 1_000 },
    );
  });
});
