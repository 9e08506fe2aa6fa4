import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AttachmentToken,
  compareStrings,
  compareValues,
  equalValues,
  isValueObject,
  levelsOf,
  sortValues,
  type Value,
} from '../../../replica/values/value.ts';
import { values } from '../crdt/arbitraries.ts';

const object = (members: Record<string, Value>): Value => Object.assign(Object.create(null), members);

/** Each before the next. */
const inOrder: readonly (Value | undefined)[] = [
  undefined,
  null,
  false,
  true,
  -(2n ** 63n),
  -1e300 / 1e285,
  -1,
  0,
  0.5,
  1,
  Number.MAX_SAFE_INTEGER,
  2n ** 53n,
  2n ** 53n + 1n,
  2 ** 53 + 2,
  2n ** 64n - 1n,
  1e300,
  '',
  'A',
  'a',
  'aa',
  'b',
  '\uffff',
  '\u{10000}',
  [],
  [null],
  [1],
  [1, 0],
  [2],
  object({}),
  object({ a: 1 }),
  object({ a: 2 }),
  object({ a: 1, b: 0 }),
  object({ b: 0 }),
  new AttachmentToken('1'),
  new AttachmentToken('2'),
];

describe('values', () => {
  it('are ordered across types', () => {
    for (const [index, value] of inOrder.entries()) {
      for (const [otherIndex, other] of inOrder.entries()) {
        expect([value, other, Math.sign(compareValues(value, other))]).toEqual([
          value,
          other,
          Math.sign(index - otherIndex),
        ]);
      }
    }
  });

  it('have one total order, that agrees with equality', () => {
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        expect(Math.sign(compareValues(a, b)) + Math.sign(compareValues(b, a))).toBe(0);
        expect(compareValues(a, b) === 0).toBe(equalValues(a, b));
        expect(equalValues(a, a)).toBe(true);
        const [first, second, third] = [a, b, c].sort(compareValues);
        expect(compareValues(first, second) <= 0 && compareValues(first, third) <= 0).toBe(true);
        expect(compareValues(second, third) <= 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('are sorted in their order, many at once', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(values, fc.string({ unit: 'binary' }))), (many) => {
        const sorted = sortValues(many);
        expect(sorted.length).toBe(many.length);
        for (const [at, value] of [...many].sort(compareValues).entries())
          expect(compareValues(sorted[at], value)).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('of integers and floats compare exactly', () => {
    expect(equalValues(2n ** 53n, 2 ** 53)).toBe(true);
    expect(compareValues(2n ** 53n + 1n, 2 ** 53)).toBeGreaterThan(0);
    expect(compareValues(2n ** 64n - 1n, 2 ** 64)).toBeLessThan(0);
    expect(equalValues(0, -0)).toBe(true);
    expect(equalValues(1, true)).toBe(false);
  });

  it('of text are ordered by code point, as UTF-8 bytes are', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
    });
    const bytes = (value: string) => Buffer.from(value, 'utf8');
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareStrings(a, b))).toBe(Buffer.compare(bytes(a), bytes(b)));
      }),
      { numRuns: 500 },
    );
  });

  it('that are objects are equal whatever the order of their keys', () => {
    expect(equalValues(object({ a: 1, b: [2] }), object({ b: [2], a: 1 }))).toBe(true);
    expect(equalValues(object({ a: 1 }), object({ b: 1 }))).toBe(false);
    expect(equalValues(object({ a: 1 }), object({ a: 1, b: 1 }))).toBe(false);
  });

  it('know objects from arrays and attachments', () => {
    expect([object({}), [], new AttachmentToken('1'), null, undefined, 'a'].map(isValueObject)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('have as many levels as arrays and objects lie in each other', () => {
    expect([1, [], [[1], 2], object({ a: [object({})] })].map(levelsOf)).toEqual([0, 1, 2, 3]);
  });
});
