/** Random deltas, and the states that random operations leave. */
import fc from 'fast-check';
import type { Delta, WireOperation } from '../../../replica/crdt/delta.ts';
import { applyOperations } from '../../../replica/crdt/document.ts';
import type { DocumentState } from '../../../replica/crdt/document-node.ts';
import type { Context } from '../../../replica/crdt/version.ts';
import { paths, values } from './arbitraries.ts';

const writtenPaths = paths.filter(([key]) => key !== '_id');
const origins = fc.constantFrom('ann.a1b2c3d4', 'bob.A-b_c.D5', 'x');
const counts = fc.oneof(fc.maxSafeInteger().map(Math.abs), fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }));
const totals = fc.record({ up: counts.map(positive), down: counts.map(positive) });
const numbers = fc.nat({ max: 5 });
const isDefault = fc.boolean();

/** -0 is no total. */
function positive(count: number): number {
  return count === 0 ? 0 : count;
}

const floorsAt = (path: readonly string[]) =>
  fc.array(
    fc
      .record({ below: fc.array(fc.constantFrom('p', 'q'), { maxLength: 2 }), origin: origins, birth: numbers, totals })
      .map(({ below, origin, birth, totals: { up, down } }) => ({
        path: [...path, ...below],
        origin,
        birth,
        up,
        down,
      })),
    { maxLength: 2 },
  );

const operation: fc.Arbitrary<WireOperation> = writtenPaths.chain((path) =>
  fc.oneof<fc.Arbitrary<WireOperation>[]>(
    fc.record({
      kind: fc.constant('assign'),
      path: fc.constant(path),
      value: values,
      floors: floorsAt(path),
      isDefault,
    }),
    fc.record({ kind: fc.constant('makeMap'), path: fc.constantFrom(path, []), isDefault }),
    fc.record({
      kind: fc.constant('makeCounter'),
      path: fc.constant(path),
      base: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
      isDefault,
    }),
    fc.record({
      kind: fc.constant('increment'),
      path: fc.constant(path),
      birth: numbers,
      before: totals,
      after: totals,
      isDefault,
    }),
    fc.record({ kind: fc.constant('remove'), path: fc.constant(path), floors: floorsAt(path) }),
  ),
);

const gaps = fc.oneof(
  { weight: 4, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 300 }) },
);
const operations = fc.uniqueArray(
  fc.record({
    collection: fc.constantFrom('cars', 'people'),
    id: fc.constantFrom('1', '2'),
    operations: fc.array(operation, { maxLength: 4 }),
  }),
  { maxLength: 3, selector: ({ collection, id }) => `${collection} ${id}` },
);

const context = fc.record({
  log: fc.constantFrom('log', 'other'),
  position: fc.oneof(numbers, fc.maxSafeNat()),
  others: fc.uniqueArray(fc.tuple(origins, numbers), { selector: ([origin]) => origin }).map((all) => new Map(all)),
});
const time = fc.oneof(numbers, fc.maxSafeNat());
const placed = fc.option(
  fc.record({
    log: fc.constantFrom('log', 'elsewhere'),
    position: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  }),
  { nil: undefined, freq: 3 },
);

/** Any delta there is. */
export const deltas: fc.Arbitrary<Delta> = fc
  .record({ origin: origins, number: fc.maxSafeNat(), gap: gaps, time, context, operations, placed })
  .map(({ gap, number, ...delta }) => {
    const own = Math.max(number, gap);
    return { ...delta, number: own, context: seeing(delta.context, delta.origin, own - gap) };
  });

/** What one origin hands on together: each names the one before it. */
export const batches: fc.Arbitrary<readonly Delta[]> = fc
  .record({
    origin: origins,
    steps: fc.array(fc.record({ gap: gaps, time, context, operations, placed }), { minLength: 1, maxLength: 5 }),
  })
  .map(({ origin, steps }) => {
    let number = 0;
    return steps.map(({ gap, ...delta }) => {
      const seen = seeing(delta.context, origin, number);
      number += gap;
      return { ...delta, origin, number, context: seen };
    });
  });

function seeing(seen: Omit<Context, 'numberBefore'>, origin: string, numberBefore: number): Context {
  return { ...seen, numberBefore, others: new Map([...seen.others].filter(([other]) => other !== origin)) };
}

/** What several writers leave who saw more or less of each other. */
export const states: fc.Arbitrary<DocumentState> = fc
  .array(
    fc.record({
      operations: fc.array(operation, { minLength: 1, maxLength: 4 }),
      origin: origins,
      number: numbers,
      time: numbers,
      log: fc.constantFrom(undefined, 'log', 'other'),
      position: numbers,
      seen: fc.nat({ max: 3 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((writers) => {
    let state: DocumentState | undefined;
    for (const { seen, operations: written, position, ...writer } of writers) {
      const covers = (dot: { number: number; origin: string }) =>
        dot.number < seen || (dot.origin === writer.origin && dot.number === writer.number);
      state = applyOperations(state, written, { ...writer, position: writer.log ? position : 0, covers });
    }
    return state;
  })
  .filter((state) => state !== undefined);
