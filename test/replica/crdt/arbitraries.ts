/** Random values, keypaths and requests, small enough to collide often. */
import fc from 'fast-check';
import type { UpdateOperation, WriteStrategy } from '../../../replica/crdt/writes.ts';
import type { Path } from '../../../replica/values/keypath.ts';
import { AttachmentToken, type Value, type ValueObject } from '../../../replica/values/value.ts';

const wellFormedText = fc.string({ unit: 'grapheme', maxLength: 8 });
const keys = wellFormedText.filter((key) => key !== '__proto__');

const largeIntegers = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
);

const objectOf = (entries: readonly (readonly [string, Value])[]): ValueObject => {
  const object: Record<string, Value> = Object.create(null);
  for (const [key, value] of entries) object[key] = value;
  return object;
};

const trees = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -0, 1, 2 ** 53, 2 ** 60),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    largeIntegers,
    wellFormedText,
    wellFormedText.filter((id) => id !== '').map((id) => new AttachmentToken(id)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(keys, tie('value')), { maxLength: 3 }).map(objectOf),
  ),
}));

/** Any value there is. */
export const values: fc.Arbitrary<Value> = trees.value;

export const paths: fc.Arbitrary<Path> = fc.array(keys, { minLength: 1, maxLength: 4 });

const smallKeys = fc.constantFrom('a', 'b', 'c');
const smallObjects = fc.array(fc.tuple(smallKeys, fc.constantFrom<Value>(1, 2, null)), { maxLength: 2 }).map(objectOf);
const smallMembers = fc.oneof(
  fc.constantFrom<Value>(1, 2, 'x', null),
  fc.constant<Value>([1]),
  smallObjects,
  fc.tuple(smallKeys, smallObjects).map((entry) => objectOf([entry])),
);
const smallDocuments = fc.array(fc.tuple(smallKeys, smallMembers), { maxLength: 2 }).map(objectOf);

export type Request =
  | { readonly kind: 'update'; readonly operation: UpdateOperation }
  | { readonly kind: 'upsert'; readonly fields: ValueObject; readonly strategy: WriteStrategy }
  | { readonly kind: 'remove' };

const strategies = fc.constantFrom<WriteStrategy>(
  'MERGE',
  'INSERT_IF_ABSENT',
  'INSERT_DEFAULT_IF_ABSENT',
  'UPDATE_DIFFERENT',
);

/** @param weights of set, remove, replaceWithCounter and increment */
function operationsAt(at: fc.Arbitrary<Path>, weights: readonly [number, number, number, number]) {
  const [set, remove, replaceWithCounter, increment] = weights;
  return fc.oneof(
    {
      weight: set,
      arbitrary: fc.record({
        kind: fc.constant('set' as const),
        path: at,
        value: smallMembers,
        as: fc.constantFrom(undefined, 'REGISTER' as const),
      }),
    },
    { weight: remove, arbitrary: fc.record({ kind: fc.constant('remove' as const), path: at }) },
    {
      weight: replaceWithCounter,
      arbitrary: fc.record({ kind: fc.constant('replaceWithCounter' as const), path: at }),
    },
    {
      weight: increment,
      arbitrary: fc.record({
        kind: fc.constant('increment' as const),
        path: at,
        by: fc.constantFrom(1, 2, 5, -1, -3, 0),
      }),
    },
  );
}

/** @param weights of updates, upserts and removals of the whole document */
function requestsOf(
  operation: fc.Arbitrary<UpdateOperation>,
  fields: fc.Arbitrary<ValueObject>,
  [update, upsert, remove]: readonly [number, number, number],
): fc.Arbitrary<Request> {
  return fc.oneof(
    { weight: update, arbitrary: fc.record({ kind: fc.constant('update' as const), operation }) },
    {
      weight: upsert,
      arbitrary: fc.record({ kind: fc.constant('upsert' as const), fields, strategy: strategies }),
    },
    { weight: remove, arbitrary: fc.constant({ kind: 'remove' as const }) },
  );
}

const smallPaths = fc.array(smallKeys, { minLength: 1, maxLength: 3 });
const counterPaths = fc.constantFrom<Path>(['c'], ['a', 'b'], ['a', 'b'], ['a']);
const counterDocuments = fc.constantFrom<ValueObject>(
  objectOf([]),
  objectOf([['c', 7]]),
  objectOf([['a', objectOf([['b', 7]])]]),
);

/** What one write may ask for; whatever does not fit what stands there is refused. */
export const requests = {
  ofAllKinds: requestsOf(operationsAt(smallPaths, [3, 2, 2, 4]), smallDocuments, [5, 3, 1]),
  /** Counters at three places that are counted into, reset, hidden and brought back again and again. */
  onCounters: requestsOf(operationsAt(counterPaths, [2, 3, 2, 6]), counterDocuments, [8, 1, 1]),
};

/** The only field of these documents that a definition makes a counter. */
export const isCounter = (path: Path): boolean => path.length === 1 && path[0] === 'c';
