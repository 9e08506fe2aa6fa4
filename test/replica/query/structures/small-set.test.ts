import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SmallSet } from '../../../../replica/query/structures/small-set.ts';

describe('a small set', () => {
  it('has what a set has', () => {
    const step = fc.record({ adds: fc.boolean(), member: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const small = new SmallSet<number>();
        const model = new Set<number>();
        for (const { adds, member } of steps) {
          if (adds) {
            small.add(member);
            model.add(member);
          } else expect(small.delete(member)).toBe(model.delete(member));
          expect([...small]).toEqual([...model]);
          expect(small.size).toBe(model.size);
        }
      }),
    );
  });
});
