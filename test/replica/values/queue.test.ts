import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Queue } from '../../../replica/values/queue.ts';

type Step = { readonly add: number } | 'removeOldest' | 'clear' | { readonly removeAt: number };

/** Numbers rise, by how much each adds. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ add: fc.nat(3) }) },
  { weight: 9, arbitrary: fc.constant('removeOldest' as const) },
  { weight: 2, arbitrary: fc.record({ removeAt: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant('clear' as const) },
);

interface Item {
  readonly number: number;
}

function take(queue: Queue<Item>, model: Item[], step: Step): void {
  if (step === 'removeOldest') expect(queue.removeOldest()).toBe(model.shift());
  else if (step === 'clear') {
    queue.clear();
    model.length = 0;
  } else if ('add' in step) {
    const item = { number: (model.at(-1)?.number ?? 0) + step.add };
    queue.add(item);
    model.push(item);
  } else if (model.length > 0) {
    const index = step.removeAt % model.length;
    queue.removeAt(index);
    model.splice(index, 1);
  }
}

describe('a queue', () => {
  it('holds what an array holds', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.nat(), fc.nat(), (steps, from, to) => {
        const queue = new Queue<Item>();
        const model: Item[] = [];
        for (const one of steps) {
          take(queue, model, one);
          expect(queue.size).toBe(model.length);
          expect([...queue]).toEqual(model);
          expect([queue.at(-1), queue.at(model.length)]).toEqual([undefined, undefined]);
          for (const [index, item] of model.entries()) expect(queue.at(index)).toBe(item);
        }
        const [start, end] = [from % (model.length + 1), to % (model.length + 1)];
        expect(queue.slice(start, end)).toEqual(model.slice(start, end));
        expect(queue.slice(start)).toEqual(model.slice(start));
      }),
    );
  });

  it('finds the first item that a predicate does not hold for', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.nat(100), (steps, limit) => {
        const queue = new Queue<Item>();
        const model: Item[] = [];
        for (const one of steps) take(queue, model, one);
        const before = model.filter(({ number }) => number < limit).length;
        expect(queue.partitionPoint(({ number }) => number < limit)).toBe(before);
      }),
    );
  });
});
