import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Delta } from '../../../replica/crdt/delta.ts';
import { noOthers } from '../../../replica/crdt/version.ts';
import { admit } from '../../../replica/log/admission.ts';
import { batchOf, type Offer, offeredIn } from '../../../replica/log/batch.ts';
import { deltasOf, makeEntry, markAtStart } from '../../../replica/log/entry.ts';

const log = 'log';

/** Of two origins in any order, each naming the one before it; some numbers are skipped, as refused ones are. */
const offered: fc.Arbitrary<readonly Offer[]> = fc
  .array(
    fc.record({
      origin: fc.constantFrom('a.x', 'b.y'),
      step: fc.integer({ min: 1, max: 3 }),
      value: fc.oneof(fc.integer(), fc.string(), fc.boolean()),
    }),
    { maxLength: 12 },
  )
  .map((made) => {
    const numbers = new Map<string, number>();
    return made.map(({ origin, step, value }, index) => {
      const numberBefore = numbers.get(origin) ?? 0;
      const number = numberBefore + step;
      numbers.set(origin, number);
      const delta: Delta = {
        origin,
        number,
        context: { log, position: 0, numberBefore, others: noOthers },
        time: 1_000 + index,
        operations: [
          {
            collection: 'cars',
            id: 'vw',
            operations: [{ kind: 'assign', path: ['n'], value, floors: [], isDefault: false }],
          },
        ],
      };
      return { delta, isOverdue: false };
    });
  });

it('what was offered is found by its entries, and is what their bytes say, whatever of it is in already', () => {
  fc.assert(
    fc.property(offered, fc.nat(12), fc.nat(12), (offers, a, b) => {
      const { shared, transactions } = batchOf(log, offers);
      const { groups } = admit(transactions, (origin) => (origin === 'a.x' ? a : b));
      let last = 0;
      const entries = groups.map((group) => {
        const entry = makeEntry(log, last, markAtStart(log), shared, group);
        last = entry.last;
        return entry;
      });
      const found = [...offeredIn(entries, offers)];
      expect(found.map(([entry]) => entry)).toEqual(entries);
      for (const [entry, deltas] of found) expect(deltas).toEqual(deltasOf(entry));
    }),
  );
});
