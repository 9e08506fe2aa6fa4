import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { checkIntegers, jsonProblem, keepsDigits } from '../../../replica/values/json-text.ts';

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

describe('JSON before it is parsed', () => {
  const { requestDepth: depth, requestValues: values } = limits;
  const array = (member: string, count: number) => `[${`${member},`.repeat(count - 1)}${member}]`;
  const padding = ' '.repeat(limits.smallJsonCharacters);

  it.each([
    ['numbers', array('0', values - 1), array('0', values)],
    ['empty objects', array('{ }', values - 1), array('{ }', values)],
    ['objects', array('{"a,b\\"{":1}', (values - 2) / 2), array('{"a":1}', values / 2)],
    ['levels', `${'['.repeat(depth)}${']'.repeat(depth)}${padding}`, `${padding}${'[{"a":'.repeat(depth / 2)}[1]`],
  ])('may hold so many %s, and no more', (_, most, more) => {
    expect(jsonProblem(most)).toBeUndefined();
    expect(jsonProblem(more)).toMatch(/send less at once|make it flatter/);
  });

  it('is not refused for what stands in its strings', () => {
    const text = JSON.stringify(['[{,"\\'.repeat(values), '\\', '"']);
    expect(jsonProblem(text)).toBeUndefined();
  });

  it('counts each of its values', () => {
    const count = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? Object.values(value).reduce((sum: number, member) => sum + count(member), 1)
        : 1;
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (value, spaces) => {
        const rest = values - 1 - count(value);
        const text = (more: number) => `[${array('0', rest - 1 + more)},${JSON.stringify(value, undefined, spaces)}]`;
        expect(jsonProblem(text(0))).toBeUndefined();
        expect(jsonProblem(text(1))).toBeDefined();
      }),
      { numRuns: 10 },
    );
  });

  it('is left to the parser where it is none', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(jsonProblem(`${text}${padding}`)).toBeUndefined();
      }),
    );
  });
});
