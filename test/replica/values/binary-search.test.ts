import fc from 'fast-check';
import { expect, it } from 'vitest';
import { partitionPoint } from '../../../replica/values/binary-search.ts';

it('finds where a predicate begins to fail, and asks about few indexes', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.array(fc.nat(50), { maxLength: 200 }), fc.nat(51), (from, unsorted, limit) => {
      const sorted = unsorted.sort((a, b) => a - b);
      let asked = 0;
      const found = partitionPoint(from, from + sorted.length, (index) => {
        asked += 1;
        expect(sorted[index - from]).toBeDefined();
        return (sorted[index - from] ?? 0) < limit;
      });
      expect(found).toBe(from + sorted.filter((value) => value < limit).length);
      expect(asked).toBeLessThanOrEqual(Math.ceil(Math.log2(sorted.length + 1)));
    }),
  );
});
