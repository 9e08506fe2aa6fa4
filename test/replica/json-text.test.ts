import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../errors.ts';
import { checkIntegers, keepsDigits } from '../../replica/json-text.ts';

function refusedArgument(text: string, argument = '', within: readonly string[] = []): string | undefined {
  try {
    JSON.parse(text);
    checkIntegers(text, argument, within);
  } catch (error) {
    if (error instanceof BadUserInputError) return error.argument;
    throw error;
  }
  return undefined;
}

describe('JSON of a request', () => {
  it.each([
    ['{"variables": {"document": {"n": 9007199254740993}}}', 'document.n'],
    ['{"variables": {"d": [1, {"a": "\\\\", "b\\"": [0, -9223372036854775807]}]}}', 'd.1["b\\""].1'],
    ['{"extensions": {"a": {"b": {}, "c": [[], 18446744073709551615]}}}', 'extensions.a.c.1'],
    ['{"variables": 10000000000000000000000001}', 'variables'],
    ['9007199254740993', ''],
  ])('%s is refused: an integer loses digits', (text, argument) => {
    expect(refusedArgument(text, '', ['variables'])).toBe(argument);
  });

  it('names the argument that it is of', () => {
    expect(refusedArgument('{"a": [12345678901234567]}', 'metadata')).toBe('metadata.a.0');
    expect(refusedArgument('{"p": {"v": {"a b": [12345678901234567]}}}', '', ['p', 'v'])).toBe('a b.0');
  });

  it.each([
    '9007199254740992',
    '18446744073709552000',
    '-9007199254740991',
    '0.12345678901234567',
    '12345678901234567e3',
    '12345678901234567.5',
    '{"12345678901234567": "12345678901234567", "a\\"": "\\\\"}',
    '"\\"12345678901234567"',
  ])('%s is taken', (text) => {
    expect(refusedArgument(text)).toBeUndefined();
  });

  it('is taken whatever JavaScript makes of its values', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.double({ noNaN: true, noDefaultInfinity: true }), (value, number) => {
        const text = JSON.stringify({ value, number, long: '12345678901234567' });
        expect(refusedArgument(text)).toBeUndefined();
      }),
    );
  });

  it('keeps exactly the integers that come back as they are', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (integer) => {
        const isExact = BigInt(Number(integer)) === integer || String(Number(integer)) === String(integer);
        expect(keepsDigits(String(integer))).toBe(isExact);
        expect(refusedArgument(`{"a": [${integer}]}`)).toBe(isExact ? undefined : 'a.0');
      }),
    );
  });

  it('may nest deep, and be large', () => {
    const levels = 100_000;
    const deep = `${'[{"a":'.repeat(levels)}9007199254740993${'}]'.repeat(levels)}`;
    expect(refusedArgument(deep)).toMatch(/^0(\.a\.0)+\.a$/);
    expect(refusedArgument(`["${'1\\"'.repeat(5_000_000)}", "12345678901234567"]`)).toBeUndefined();
  });
});
