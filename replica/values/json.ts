/** Converts values to JSON and back, in the spelling that the schema documents for its scalar JSON. */
import { BadUserInputError, PayloadTooLargeError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { isBareKey } from './keypath.ts';
import { memoryOf, memoryOfKey } from './memory-costs.ts';
import {
  AttachmentToken,
  isValueObject,
  isWellFormed,
  maximumInt64,
  maximumUint64,
  minimumInt64,
  type Value,
  type ValueObject,
} from './value.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Checks parsed JSON and makes a value of it. Numbers must be finite and strings well-formed; an object whose only key
 * begins with `$` must be `$int64`, `$uint64` or `$attachment`; no key may be `__proto__`; limits.documentDepth and
 * limits.documentMemoryBytes apply. Accepts bigints, too: GraphQL integer literals arrive as such.
 * @param argument the name of the value in errors: `document`, then `document.address.city`
 * @throws {BadUserInputError} @throws {PayloadTooLargeError}
 */
export function valueFromJson(json: unknown, argument: string): Value {
  return read(json, { name: argument, parent: undefined, levels: 0, room: { left: limits.documentMemoryBytes } });
}

/** Like valueFromJson, but accepts only an object. */
export function objectFromJson(json: unknown, argument: string): ValueObject {
  const value = valueFromJson(json, argument);
  if (!isValueObject(value)) throw new BadUserInputError(argument, 'must be a JSON object');
  return value;
}

/** The reader's place in the value. It is turned into text only for an error. */
interface Place {
  readonly name: string | number;
  readonly parent: Place | undefined;
  readonly levels: number;
  /** Bytes of memory that the rest of the whole value may take. */
  readonly room: { left: number };
}

function spell({ name, parent }: Place): string {
  if (parent === undefined) return String(name);
  if (typeof name === 'number' || isBareKey(name)) return `${spell(parent)}.${name}`;
  return `${spell(parent)}[${JSON.stringify(name)}]`;
}

function take({ name, parent, room }: Place, bytes: number): void {
  room.left -= bytes;
  if (room.left >= 0) return;
  let [whole, above] = [name, parent];
  while (above !== undefined) [whole, above] = [above.name, above.parent];
  throw new PayloadTooLargeError(`${whole}, in memory,`, undefined, limits.documentMemoryBytes, splitDocument);
}

export const splitDocument =
  'each of its objects takes some 200, each other value some 20. Split it into several documents';

const refuse = (place: Place, problem: string): BadUserInputError => new BadUserInputError(spell(place), problem);

function read(json: unknown, place: Place): Value {
  switch (typeof json) {
    case 'boolean':
      return json;
    case 'number':
      if (!Number.isFinite(json)) throw refuse(place, 'must be a finite number');
      return json;
    case 'bigint':
      return integer(json, minimumInt64, maximumUint64, place);
    case 'string':
      return checkedText(json, place);
    case 'object':
      if (json === null) return null;
      return Array.isArray(json) ? readArray(json, place) : readObject(json, place);
    default:
      throw refuse(place, 'must be a JSON value');
  }
}

function readArray(json: readonly unknown[], place: Place): Value {
  checkLevels(place);
  take(place, memoryOf.array + memoryOf.scalar * json.length);
  const { room } = place;
  return json.map((item, index) => read(item, { name: index, parent: place, levels: place.levels + 1, room }));
}

function readObject(json: object, place: Place): Value {
  const prototype: unknown = Object.getPrototypeOf(json);
  if (prototype !== null && prototype !== Object.prototype) throw refuse(place, 'must be a JSON value');
  const entries: [string, unknown][] = Object.entries(json);
  const [only] = entries;
  if (only && entries.length === 1 && only[0].startsWith('$')) return readSpecial(only[0], only[1], place);
  checkLevels(place);
  take(place, memoryOf.object);
  const { room } = place;
  const object: Record<string, Value> = Object.create(null);
  for (const [key, member] of entries) {
    checkKey(key, place);
    take(place, memoryOfKey(key) + memoryOf.scalar);
    object[key] = read(member, { name: key, parent: place, levels: place.levels + 1, room });
  }
  return object;
}

/** Reads an object whose only key begins with $. */
function readSpecial(key: string, json: unknown, place: Place): Value {
  const inside: Place = { name: key, parent: place, levels: place.levels, room: place.room };
  switch (key) {
    case '$int64':
      return integer(integerFromText(json, inside), minimumInt64, maximumInt64, inside);
    case '$uint64':
      return integer(integerFromText(json, inside), 0n, maximumUint64, inside);
    case '$attachment':
      if (typeof json !== 'string' || json === '') throw refuse(inside, "must be an attachment's id");
      return new AttachmentToken(checkedText(json, inside));
    default:
      throw refuse(place, 'an object whose only key begins with $ must be $int64, $uint64 or $attachment');
  }
}

/** 2^64 has twenty digits; longer texts are refused without a conversion. */
const integerText = /^(?:0|-?[1-9][0-9]{0,19})$/;

function integerFromText(json: unknown, place: Place): bigint {
  if (typeof json !== 'string' || !integerText.test(json)) throw refuse(place, 'must be an integer, as a string');
  return BigInt(json);
}

function integer(value: bigint, minimum: bigint, maximum: bigint, place: Place): number | bigint {
  if (value < minimum || value > maximum) throw refuse(place, `must be within ${minimum} and ${maximum}`);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function checkLevels(place: Place): void {
  if (place.levels >= limits.documentDepth) {
    throw refuse(place, `is nested more than ${limits.documentDepth} levels of objects and arrays deep`);
  }
}

function checkKey(key: string, place: Place): void {
  if (key === '__proto__') throw refuse(place, '__proto__ cannot be a key');
  if (!isWellFormed(key)) throw refuse(place, `the key ${JSON.stringify(key)} contains half of a surrogate pair`);
}

function checkedText(text: string, place: Place): string {
  if (!isWellFormed(text)) throw refuse(place, 'contains half of a surrogate pair: text must be valid Unicode');
  take(place, memoryOf.text + text.length);
  return text;
}

export function jsonFromValue(value: Value): Json {
  if (typeof value === 'bigint') {
    return value >= minimumInt64 && value <= maximumInt64 ? { $int64: String(value) } : { $uint64: String(value) };
  }
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof AttachmentToken) return { $attachment: value.id };
  if (!isValueObject(value)) return value.map(jsonFromValue);
  const json: Record<string, Json> = Object.create(null);
  for (const [key, member] of Object.entries(value)) json[key] = jsonFromValue(member);
  return json;
}
