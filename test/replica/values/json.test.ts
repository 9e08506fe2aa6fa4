import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { jsonFromValue, objectFromJson, valueFromJson } from '../../../replica/values/json.ts';
import { AttachmentToken, isValueObject, type Value } from '../../../replica/values/value.ts';
import { values } from '../crdt/arbitraries.ts';

const refusal = (json: unknown): string => {
  try {
    valueFromJson(json, 'document');
  } catch (error) {
    if (error instanceof BadUserInputError) return error.argument;
    throw error;
  }
  throw new Error('it was taken');
};

/** Arrays within each other. */
const nested = (levels: number): unknown => (levels === 1 ? [] : [nested(levels - 1)]);

/** Objects whose only key begins with $ cannot be written in JSON, and do not come in by it. */
const isWritable = (value: Value): boolean => {
  if (Array.isArray(value)) return value.every(isWritable);
  if (!isValueObject(value)) return true;
  const keys = Object.keys(value);
  return !(keys.length === 1 && keys[0]?.startsWith('$')) && Object.values(value).every(isWritable);
};

describe('values out of JSON', () => {
  it('go out as they came in', () => {
    fc.assert(
      fc.property(values.filter(isWritable), (value) => {
        const json: unknown = JSON.parse(JSON.stringify(jsonFromValue(value)));
        // JSON text knows no -0.
        expect(valueFromJson(json, 'document')).toEqual(withoutNegativeZero(value));
        expect(valueFromJson(jsonFromValue(value), 'document')).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  it('hold large integers exactly, and small ones as numbers', () => {
    expect(valueFromJson({ $int64: '-9223372036854775808' }, 'document')).toBe(-(2n ** 63n));
    expect(valueFromJson({ $int64: '9007199254740992' }, 'document')).toBe(2n ** 53n);
    expect(valueFromJson({ $int64: '-5' }, 'document')).toBe(-5);
    expect(valueFromJson({ $uint64: '18446744073709551615' }, 'document')).toBe(2n ** 64n - 1n);
    expect(valueFromJson(12n, 'document')).toBe(12);
    expect(valueFromJson(2n ** 63n, 'document')).toBe(2n ** 63n);
    expect(valueFromJson(2 ** 60, 'document')).toBe(2 ** 60);
    expect(jsonFromValue(2n ** 53n)).toEqual({ $int64: '9007199254740992' });
    expect(jsonFromValue(2n ** 63n)).toEqual({ $uint64: '9223372036854775808' });
  });

  it('hold attachments as tokens', () => {
    expect(valueFromJson({ a: { $attachment: 'id' } }, 'document')).toEqual({ a: new AttachmentToken('id') });
    expect(jsonFromValue(new AttachmentToken('id'))).toEqual({ $attachment: 'id' });
    expect(valueFromJson({ $attachment: 'id', more: 1 }, 'document')).toEqual({ $attachment: 'id', more: 1 });
  });

  it('have no prototype', () => {
    expect(Object.getPrototypeOf(valueFromJson({ a: 1 }, 'document'))).toBeNull();
  });

  it.each([
    { json: { a: { b: [1, Number.POSITIVE_INFINITY] } }, place: 'document.a.b.1' }, // 1e999
    { json: { a: Number.NaN }, place: 'document.a' },
    { json: { a: undefined }, place: 'document.a' },
    { json: { a: new Date(0) }, place: 'document.a' },
    { json: { 'a.b': { c: 2n ** 64n } }, place: 'document["a.b"].c' },
    { json: { a: { $int64: '9223372036854775808' } }, place: 'document.a.$int64' },
    { json: { a: { $uint64: '-1' } }, place: 'document.a.$uint64' },
    { json: { a: { $int64: '1e3' } }, place: 'document.a.$int64' },
    { json: { a: { $int64: 5 } }, place: 'document.a.$int64' },
    { json: { a: { $attachment: '' } }, place: 'document.a.$attachment' },
    { json: { a: { $where: 1 } }, place: 'document.a' },
    { json: { a: { $: 1 } }, place: 'document.a' },
    { json: { a: JSON.parse('{"__proto__": {"admin": true}}') }, place: 'document.a' },
    { json: { a: '\ud83d' }, place: 'document.a' },
    { json: { a: { '\udc00': 1 } }, place: 'document.a' },
  ])('are refused where they are none: $place', ({ json, place }) => {
    expect(refusal(json)).toBe(place);
  });

  it('are refused past so many levels, named where that is', () => {
    expect(valueFromJson(nested(limits.documentDepth), 'document')).toBeInstanceOf(Array);
    expect(refusal(nested(limits.documentDepth + 1))).toBe(`document${'.0'.repeat(limits.documentDepth)}`);
    expect(refusal(nested(5_000))).toBe(`document${'.0'.repeat(limits.documentDepth)}`);
  });

  it('are objects where only these will do', () => {
    expect(objectFromJson({ a: 1 }, 'document')).toEqual({ a: 1 });
    for (const json of [null, [], 'a', 1, { $attachment: 'id' }]) {
      expect(() => objectFromJson(json, 'document')).toThrow(BadUserInputError);
    }
  });
});

function withoutNegativeZero(value: Value): Value {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  if (!isValueObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutNegativeZero(member)]));
}
