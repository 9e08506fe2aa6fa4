import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonPieces, roughBytes } from '../../../server/traffic/json-pieces.ts';

const values = fc.anything({
  key: fc.string({ unit: 'binary' }),
  values: [
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.date({ noInvalidDate: true }),
    fc.constant('\uD83D\uDE97\uD83D'.repeat(9)),
  ],
  withNullPrototype: true,
  withSparseArray: true,
});

describe('JSON made piece by piece', () => {
  it('is what JSON.stringify makes, whatever the size of the pieces', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 200 }), (value, size) => {
        expect([...jsonPieces({ value, list: [value] }, size)].join('')).toBe(JSON.stringify({ value, list: [value] }));
      }),
      { numRuns: 2_000 },
    );
  });

  it('comes in pieces that stay near their size', () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => ({ _id: `row ${index}`, text: '語'.repeat(index % 50) }));
    const pieces = [...jsonPieces({ data: { rows, long: 'x'.repeat(100_000) } }, 1_000)];
    expect(pieces.join('')).toBe(JSON.stringify({ data: { rows, long: 'x'.repeat(100_000) } }));
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(2_100);
  });
});

describe('the rough size of a value', () => {
  it('is looked at no further than it matters', () => {
    expect(roughBytes(['x'.repeat(100), 1])).toBe(100 + 3 * 16);
    const untouched = Array.from({ length: 1_000 }, () => ({
      get seen(): never {
        throw new Error('it was looked at');
      },
    }));
    expect(roughBytes(untouched, 1_000)).toBeGreaterThan(1_000);
  });
});
