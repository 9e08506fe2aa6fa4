/** Values from and to JSON, as the contract's scalar JSON spells them. */
import type { Value, ValueObject } from './value.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A value out of parsed JSON, checked: finite numbers, `$int64`, `$uint64` and `$attachment` forms, no other lone `$` key, no `__proto__`
 * key, no lone surrogates, at most limits.documentDepth levels. (bigint is taken too: integer literals of GraphQL.)
 * @param argument how errors name the place: `document`, then `document.address.city`
 * @throws {BadUserInputError}
 */
export function valueFromJson(_json: unknown, _argument: string): Value {
  throw new Error('pending');
}

/** As valueFromJson, where only an object will do. */
export function objectFromJson(_json: unknown, _argument: string): ValueObject {
  throw new Error('pending');
}

export function jsonFromValue(_value: Value): Json {
  throw new Error('pending');
}
