/**
 * Cursors: places in an order, as opaque text. A cursor holds the order's values and the `_id` of the document that it
 * was made from, so it stays valid when documents are added and removed.
 * L10. A cursor names the place that its document had, whether or not the document still exists.
 * L11. A cursor is small, however large the document's values are: instead of a large value it holds a prefix (of a
 * string) or the
 *      type, and a digest. While the document still has that value, the value itself is used. Otherwise, documents that
 * the prefix cannot
 *      distinguish from it count as beyond the cursor, in both directions: they may be repeated, but are never skipped.
 */
import { createHash } from 'node:crypto';
import { BadUserInputError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { jsonFromValue, objectFromJson, valueFromJson } from '../../values/json.ts';
import { AttachmentToken, compareValues, isValueObject, type Value } from '../../values/value.ts';
import { valueType } from '../filters/fields.ts';
import { compileKeys, type OrderField, type OrderKeys, type Ranked } from '../filters/order.ts';
import type { StoredDocument } from '../stored-document.ts';

/** Types whose values can be too large for a cursor. */
type ShortenedType = 'string' | 'array' | 'object' | 'attachment';

/**
 * A cursor's knowledge of one value. If shortened, `value` is the prefix of a string, or else the least value of the
 * type.
 */
export type CursorKey =
  | { readonly shortened: undefined; readonly value: Value | undefined }
  | { readonly shortened: ShortenedType; readonly value: Value; readonly digest: string };

export interface Cursor {
  readonly id: string;
  readonly keys: readonly CursorKey[];
}

/**
 * The JSON inside is `[digest of the order, _id, [key, …]]`; a key is null (nothing there), [value], or [prefix, type,
 * digest].
 */
export function encodeCursor(document: StoredDocument, order: readonly OrderField[]): string {
  const keys = compileKeys(order)(document).map(encodeKey);
  return Buffer.from(JSON.stringify([markOf(order), document.id, keys])).toString('base64url');
}

/**
 * @param argument the cursor's name in errors: `after` or `before`
 * @throws {BadUserInputError}
 */
export function decodeCursor(text: string, order: readonly OrderField[], argument: string): Cursor {
  const [mark, id, keys] = asArray(parse(text, argument), argument);
  if (typeof mark !== 'string' || typeof id !== 'string' || !Array.isArray(keys)) throw noCursor(argument);
  if (mark !== markOf(order) || keys.length !== order.length) {
    throw new BadUserInputError(argument, 'is a cursor of another order: start again without it');
  }
  return { id, keys: keys.map((key: unknown) => decodeKey(key, argument)) };
}

/** Replaces shortened values by those of the cursor's document, as far as their digests agree. */
export function completeCursor(
  cursor: Cursor,
  document: StoredDocument | undefined,
  order: readonly OrderField[],
): Cursor {
  if (document === undefined) return cursor;
  const values = compileKeys(order)(document);
  const keys = cursor.keys.map((key, field) => {
    const value = values[field];
    const same = key.shortened !== undefined && value !== undefined && digestOf(value) === key.digest;
    return same ? { shortened: undefined, value } : key;
  });
  return { ...cursor, keys };
}

/** @returns less than 0 if the document is before the cursor; undefined if the cursor cannot tell */
export function compileCursorOrder(
  order: readonly OrderField[],
): (ranked: Ranked, cursor: Cursor) => number | undefined {
  const descending = order.map(({ direction }) => direction === 'DESC');
  return ({ document, keys }, cursor) => {
    for (const [field, key] of cursor.keys.entries()) {
      const compared = compareToKey(keys[field], key);
      if (compared === undefined) return undefined;
      if (compared !== 0) return descending[field] ? -compared : compared;
    }
    return compareValues(document.id, cursor.id);
  };
}

/** @returns less than 0 if the value is before the cursor's; undefined if the cursor cannot tell */
export function compareToKey(value: Value | undefined, key: CursorKey): number | undefined {
  if (key.shortened !== undefined && value !== undefined && valueType(value) === key.shortened) {
    const known = typeof value === 'string' && typeof key.value === 'string' && !value.startsWith(key.value);
    if (!known) return undefined;
  }
  return compareValues(value, key.value);
}

function encodeKey(value: OrderKeys[number]): unknown {
  if (value === undefined) return null;
  if (charactersLeft(value, limits.cursorValueCharacters) >= 0) return [jsonFromValue(value)];
  // The prefix may end with half of a code point; it still sorts where the whole one does.
  const beginning = typeof value === 'string' ? value.slice(0, limits.cursorValueCharacters) : null;
  return [beginning, valueType(value), digestOf(value)];
}

function decodeKey(key: unknown, argument: string): CursorKey {
  if (key === null) return { shortened: undefined, value: undefined };
  const parts = asArray(key, argument);
  const [beginning, type, digest] = parts;
  if (parts.length === 1) return { shortened: undefined, value: decodeValue(beginning, argument) };
  if (parts.length !== 3 || typeof digest !== 'string') throw noCursor(argument);
  switch (type) {
    case 'string':
      if (typeof beginning !== 'string') throw noCursor(argument);
      return { shortened: type, value: beginning, digest };
    case 'array':
      return { shortened: type, value: [], digest };
    case 'object':
      return { shortened: type, value: objectFromJson({}, argument), digest };
    case 'attachment':
      return { shortened: type, value: new AttachmentToken(''), digest };
    default:
      throw noCursor(argument);
  }
}

function decodeValue(json: unknown, argument: string): Value {
  try {
    return valueFromJson(json, argument);
  } catch (cause) {
    throw noCursor(argument, cause);
  }
}

/** How many of `characters` are left after the value; negative, without reading all of it, if it does not fit. */
function charactersLeft(value: Value, characters: number): number {
  if (typeof value === 'string') return characters - value.length - 2;
  if (value instanceof AttachmentToken) return characters - value.id.length - 2;
  if (Array.isArray(value)) {
    let left = characters - 2;
    for (const member of value) {
      if (left < 0) return left;
      left = charactersLeft(member, left);
    }
    return left;
  }
  if (isValueObject(value)) {
    let left = characters - 2;
    for (const key in value) {
      if (left < 0) return left;
      const member = value[key];
      if (member !== undefined) left = charactersLeft(member, left - key.length - 2);
    }
    return left;
  }
  return characters - 16;
}

function digestOf(value: Value): string {
  return createHash('sha256')
    .update(JSON.stringify(jsonFromValue(value)))
    .digest('base64url')
    .slice(0, 22);
}

/** Distinguishes orders; not a protection against forgery. */
function markOf(order: readonly OrderField[]): string {
  const text = JSON.stringify(order.map(({ path, direction }) => [path, direction]));
  return createHash('sha256').update(text).digest('base64url').slice(0, 8);
}

function parse(text: string, argument: string): unknown {
  if (text.length > limits.cursorCharacters || !/^[\w-]+$/.test(text)) throw noCursor(argument);
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch (cause) {
    throw noCursor(argument, cause);
  }
}

function asArray(value: unknown, argument: string): readonly unknown[] {
  if (!Array.isArray(value)) throw noCursor(argument);
  return value;
}

const noCursor = (argument: string, cause?: unknown): BadUserInputError =>
  new BadUserInputError(argument, 'is not a cursor of this server: pass one from pageInfo or edges, or none', {
    cause,
  });
