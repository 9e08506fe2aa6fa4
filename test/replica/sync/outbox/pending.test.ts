import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pending } from '../../../../replica/sync/outbox/pending.ts';
import type { Waiting } from '../../../../replica/sync/outbox/waiting.ts';
import { staged } from '../../transactions.ts';

const waitingOf = (number: number): Waiting => ({
  transaction: staged(number),
  stage: 'unsent',
  context: 'assumed',
  resolve: () => {},
  reject: () => {},
});

type Step = { readonly add: number } | { readonly deleteAt: number } | { readonly keepEven: true };

/** Numbers leave gaps; most deletions are of the oldest. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ deleteAt: fc.oneof(fc.constant(0), fc.nat(9)) }) },
  { weight: 1, arbitrary: fc.constant({ keepEven: true } as const) },
);

describe('pending transactions', () => {
  it('are what a map by number holds, oldest first', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pending = new Pending();
        const model = new Map<number, Waiting>();
        let last = 0;
        for (const one of steps) {
          if ('add' in one) {
            last += one.add;
            const waiting = waitingOf(last);
            pending.add(waiting);
            model.set(last, waiting);
          } else if ('deleteAt' in one) {
            // Beyond the end: a number that is not there.
            const number = [...model.keys()][one.deleteAt] ?? last + 1;
            expect(pending.delete(number)).toBe(model.delete(number));
            expect(pending.delete(number)).toBe(false);
          } else {
            pending.filter(({ transaction }) => transaction.number % 2 === 0);
            for (const number of [...model.keys()]) if (number % 2 === 1) model.delete(number);
          }
          expect([...pending]).toEqual([...model.values()]);
          expect(pending.size).toBe(model.size);
          for (let number = 0; number <= last + 1; number++) expect(pending.get(number)).toBe(model.get(number));
        }
      }),
    );
  });
});
