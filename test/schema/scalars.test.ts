import { GraphQLError, parseValue } from 'graphql';
import { describe, expect, it } from 'vitest';
import { jsonFromLiteral } from '../../schema/types/scalars.ts';

const read = (literal: string, variables?: Readonly<Record<string, unknown>>): unknown =>
  jsonFromLiteral(parseValue(literal), variables);

describe('JSON literals', () => {
  it.each([
    ['null', null],
    ['"a\\u00e9"', 'aé'],
    ['"""block"""', 'block'],
    ['true', true],
    ['0', 0],
    ['-5', -5],
    ['1.5e2', 150],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992],
    ['18446744073709552000', 18446744073709552000],
    ['[1, [2]]', [1, [2]]],
  ])('%s', (literal, expected) => {
    expect(read(literal)).toEqual(expected);
  });

  it('take variables: an absent one is null in a list, and leaves its key out of an object', () => {
    expect(read('[$a, $b]', { a: { x: 1 } })).toEqual([{ x: 1 }, null]);
    expect(read('{ a: $a, b: $b, c: { d: $b } }', { a: null })).toEqual({ a: null, c: {} });
  });

  it('never set a prototype', () => {
    const object = read('{ __proto__: { polluted: true } }');
    expect(Object.getPrototypeOf(object)).toBeNull();
    expect(Object.keys(object ?? {})).toEqual(['__proto__']);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it.each([
    ['9007199254740993', '$int64'],
    ['-9007199254740993', '$int64'],
    ['123456789012345678901234567890', '$int64'],
    ['1e999', 'range of a double'],
    ['-1e999', 'range of a double'],
    [`1${'0'.repeat(400)}`, 'range of a double'],
    ['RED', 'quotes'],
    ['{ a: [RED] }', 'quotes'],
    ['['.repeat(67) + ']'.repeat(67), 'levels deep'],
  ])('%s are refused', (literal, said) => {
    const reading = () => read(literal);
    expect(reading).toThrow(GraphQLError);
    expect(reading).toThrow(said);
  });
});
