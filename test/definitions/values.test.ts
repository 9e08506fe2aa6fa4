import { describe, expect, it } from 'vitest';
import { float, int, list, mapOf, string } from '../../definitions/language.ts';
import { fieldAt, fitsField } from '../../definitions/values.ts';

describe('values', () => {
  it('fit the kind of their field', () => {
    expect(fitsField(int(), 2 ** 31 - 1)).toBe(true);
    expect(fitsField(int(), 5.5)).toBe(false);
    expect(fitsField(int(), 2 ** 31)).toBe(false);
    expect(fitsField(float(), 1e300)).toBe(true);
    expect(fitsField(float(), 2n ** 60n)).toBe(false);
    expect(fitsField(string(), null)).toBe(true);
  });

  it('fit a list by its members, and a map as a whole', () => {
    expect(fitsField(list(int()), [1, 2])).toBe(true);
    expect(fitsField(list(int()), [1, null])).toBe(false);
    expect(fitsField(mapOf(string()), { a: 5 })).toBe(true);
    expect(fitsField(mapOf(string()), [])).toBe(false);
  });

  it('are never those that an object inherits', () => {
    expect(fieldAt({ a: int() }, 'a')?.kind).toBe('int');
    expect(fieldAt({ a: int() }, 'toString')).toBeUndefined();
  });
});
