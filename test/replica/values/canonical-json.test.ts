import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from '../../../replica/values/canonical-json.ts';

/** The same value, with the keys of each object in another order. */
function reordered(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(reordered);
  if (typeof json !== 'object' || json === null) return json;
  // Defined, not assigned: a key may be __proto__.
  return Object.entries(json).reduceRight(
    (object, [key, value]) =>
      Object.defineProperty(object, key, { value: reordered(value), enumerable: true, configurable: true }),
    {},
  );
}

it('is the same text for equal values, and reads as the value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json: unknown = JSON.parse(JSON.stringify(value));
      const text = canonicalJson(json);
      expect(canonicalJson(reordered(json))).toBe(text);
      expect(JSON.parse(text)).toEqual(json);
    }),
  );
});

it('sorts keys by their UTF-16 code units, and has no white space', () => {
  expect(canonicalJson({ '\u{1f600}': 1, '\uffff': 2, b: [1, { d: null, c: '"' }], a: 1e21 })).toBe(
    '{"a":1e+21,"b":[1,{"c":"\\"","d":null}],"\u{1f600}":1,"\uffff":2}',
  );
});
