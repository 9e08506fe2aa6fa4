/** Values that a register can hold, with their equality and their order across types. */

/** A reference to an attachment; its JSON is `{"$attachment": id}`. */
export class AttachmentToken {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

/** An object with a null prototype; its members are its own enumerable keys. */
export interface ValueObject {
  readonly [key: string]: Value;
}

/** Numbers are finite. An integer is a number within +-(2^53-1), and outside of it a bigint within int64 or uint64. */
export type Value = null | boolean | number | bigint | string | AttachmentToken | readonly Value[] | ValueObject;

export const minimumInt64 = -(2n ** 63n);
export const maximumInt64 = 2n ** 63n - 1n;
export const maximumUint64 = 2n ** 64n - 1n;

export function isValueObject(value: Value | undefined): value is ValueObject {
  return typeof value === 'object' && value !== null && !isArray(value) && !(value instanceof AttachmentToken);
}

/** The depth of nested arrays and objects; 0 for any other value. */
export function levelsOf(value: Value): number {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (isArray(value)) for (const item of value) members = Math.max(members, levelsOf(item));
  else if (isValueObject(value)) for (const key in value) members = Math.max(members, levelsOf(value[key] ?? null));
  else return 0;
  return members + 1;
}

const loneSurrogate = /\p{Surrogate}/u;
const anySurrogate = /[\ud800-\udfff]/;

/** True if the text survives encoding as UTF-8: it has no lone surrogate. */
export const isWellFormed = (text: string): boolean => !loneSurrogate.test(text);

/** Compares by code point. UTF-16 surrogates encode code points above U+FFFF, so they sort after all other units. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++) {
    const unitOfA = a.charCodeAt(index);
    const unitOfB = b.charCodeAt(index);
    if (unitOfA === unitOfB) continue;
    const aIsHalf = isSurrogate(unitOfA);
    if (aIsHalf !== isSurrogate(unitOfB)) return aIsHalf ? 1 : -1;
    return unitOfA - unitOfB;
  }
  return a.length - b.length;
}

/** Sorts in place, in the order of compareStrings; several times as fast if no string contains surrogates. */
export function sortStrings(strings: string[]): string[] {
  // Without surrogates, the platform's order by UTF-16 unit is the order by code point.
  return strings.some((text) => anySurrogate.test(text)) ? strings.sort(compareStrings) : strings.sort();
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

/**
 * The order across types that the schema documents: nothing, null, false, true, numbers, strings by code point, arrays
 * (by members, then length), objects (by their sorted keys, then the values under them), attachments (by id). It is
 * total, and 0 exactly if equalValues holds.
 */
export function compareValues(a: Value | undefined, b: Value | undefined): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank;
  if (isNumeric(a) && isNumeric(b)) return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (isArray(a) && isArray(b)) return compareArrays(a, b);
  if (a instanceof AttachmentToken && b instanceof AttachmentToken) return compareStrings(a.id, b.id);
  if (isValueObject(a) && isValueObject(b)) return compareObjects(a, b);
  return 0;
}

/** Sorts in the order of compareValues. Strings take the fast path of sortStrings. */
export function sortValues(values: Iterable<Value>): Value[] {
  const below: Value[] = [];
  const strings: string[] = [];
  const above: Value[] = [];
  for (const value of values) {
    if (typeof value === 'string') strings.push(value);
    else if (compareValues(value, '') < 0) below.push(value);
    else above.push(value);
  }
  return [...below.sort(compareValues), ...sortStrings(strings), ...above.sort(compareValues)];
}

function rankOf(value: Value | undefined): number {
  if (value === undefined) return 0;
  if (value === null) return 1;
  if (value === false) return 2;
  if (value === true) return 3;
  if (isNumeric(value)) return 4;
  if (typeof value === 'string') return 5;
  if (isArray(value)) return 6;
  return value instanceof AttachmentToken ? 8 : 7;
}

/** JavaScript compares a number with a bigint exactly. */
const isNumeric = (value: Value | undefined): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

/** Array.isArray does not narrow a readonly array out of a union. */
const isArray = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

function compareArrays(a: readonly Value[], b: readonly Value[]): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++) {
    const order = compareValues(a[index], b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareObjects(a: ValueObject, b: ValueObject): number {
  const keys = Object.keys(a).sort(compareStrings);
  const order = compareArrays(keys, Object.keys(b).sort(compareStrings));
  if (order !== 0) return order;
  for (const key of keys) {
    const byValue = compareValues(a[key], b[key]);
    if (byValue !== 0) return byValue;
  }
  return 0;
}

/** Compares numbers by mathematical value: 0 equals -0, and a bigint equals a float of exactly its value. */
export function equalValues(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (isNumeric(a)) return isNumeric(b) && compareValues(a, b) === 0;
  if (isArray(a)) {
    return isArray(b) && a.length === b.length && a.every((item, index) => equalValues(item, b[index]));
  }
  if (a instanceof AttachmentToken) return b instanceof AttachmentToken && a.id === b.id;
  if (!isValueObject(a) || !isValueObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && equalValues(a[key], b[key]));
}
