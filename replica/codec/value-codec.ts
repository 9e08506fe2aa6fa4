/** Values as bytes: a tag each, then what it says. docs/internals/codec.md, section "Values". */

import type { Totals } from '../crdt/delta.ts';
import type { Origin } from '../crdt/version.ts';
import { memoryOf } from '../values/memory-costs.ts';
import { AttachmentToken, isValueObject, maximumInt64, type Value } from '../values/value.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { sharedName } from './shared-names.ts';

const tags = {
  null: 0,
  false: 1,
  true: 2,
  positive: 3,
  negative: 4,
  float: 5,
  int64: 6,
  uint64: 7,
  string: 8,
  array: 9,
  object: 10,
  attachment: 11,
} as const;

/** A tag from here on also holds the prefix of a string, added to this number. */
const strings = 64;
/** A tag from here on also holds an integer, added to this number. */
const integers = 128;

export function writeValue(writer: ByteWriter, value: Value): void {
  if (value === null) writer.byte(tags.null);
  else if (typeof value === 'boolean') writer.byte(value ? tags.true : tags.false);
  else if (typeof value === 'number') writeNumber(writer, value);
  else if (typeof value === 'bigint') {
    writer.byte(value > maximumInt64 ? tags.uint64 : tags.int64);
    writer.integer64(value);
  } else if (typeof value === 'string') {
    writer.stringWithTag(value, strings, integers - strings, tags.string);
  } else if (value instanceof AttachmentToken) {
    writer.byte(tags.attachment);
    writer.string(value.id);
  } else if (isValueObject(value)) {
    const entries = Object.entries(value);
    writer.byte(tags.object);
    writer.varint(entries.length);
    for (const [key, member] of entries) {
      writer.string(key);
      writeValue(writer, member);
    }
  } else {
    writer.byte(tags.array);
    writer.varint(value.length);
    for (const item of value) writeValue(writer, item);
  }
}

/** @param levels how many arrays and objects may lie within each other */
export function readValue(reader: ByteReader, levels: number): Value {
  const tag = reader.byte();
  if (tag >= integers) return tag - integers;
  if (tag >= strings) return reader.stringOf(tag - strings);
  switch (tag) {
    case tags.null:
      return null;
    case tags.false:
      return false;
    case tags.true:
      return true;
    case tags.positive:
    case tags.negative:
    case tags.float:
      return readTaggedNumber(reader, tag);
    case tags.int64:
      return largeInteger(reader, reader.int64());
    case tags.uint64:
      return largeInteger(reader, reader.uint64());
    case tags.string:
      return reader.string();
    case tags.attachment:
      return new AttachmentToken(reader.string());
    case tags.array:
      if (levels === 0) throw reader.malformed('a value is too deep');
      return readArray(reader, levels - 1);
    case tags.object:
      if (levels === 0) throw reader.malformed('a value is too deep');
      return readObject(reader, levels - 1);
    default:
      throw reader.malformed(`a value has the unknown tag ${tag}`);
  }
}

function readArray(reader: ByteReader, levels: number): Value {
  return reader.list(1, () => readValue(reader, levels), memoryOf.array, memoryOf.scalar);
}

function readObject(reader: ByteReader, levels: number): Value {
  const count = reader.count(2);
  reader.spend(memoryOf.object + (memoryOf.key + memoryOf.scalar) * count);
  const object: Record<string, Value> = Object.create(null);
  for (let left = count; left > 0; left--) {
    const key = readKey(reader);
    if (key in object) throw reader.malformed('an object has a key twice');
    object[key] = readValue(reader, levels);
  }
  return object;
}

export function readKey(reader: ByteReader): string {
  const key = reader.string();
  if (key === '__proto__') throw reader.malformed('__proto__ is a key');
  return key;
}

function largeInteger(reader: ByteReader, value: bigint): bigint {
  if (Number.isSafeInteger(Number(value))) throw reader.malformed('a small integer is written as a large one');
  return value;
}

export function writeNumber(writer: ByteWriter, value: number): void {
  if (value >= 0 && value < 256 - integers && Number.isInteger(value) && !Object.is(value, -0)) {
    writer.byte(integers + value);
  } else if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    writer.byte(tags.float);
    writer.float(value);
  } else {
    writer.byte(value >= 0 ? tags.positive : tags.negative);
    writer.varint(Math.abs(value));
  }
}

export function readNumber(reader: ByteReader): number {
  return readTaggedNumber(reader, reader.byte());
}

function readTaggedNumber(reader: ByteReader, tag: number): number {
  if (tag >= integers) return tag - integers;
  switch (tag) {
    case tags.positive:
      return reader.varint();
    case tags.negative:
      return -reader.varint();
    case tags.float:
      return reader.float();
    default:
      throw reader.malformed(`a number has the tag ${tag}`);
  }
}

export function writeTotals(writer: ByteWriter, { up, down }: Totals): void {
  writeNumber(writer, up);
  writeNumber(writer, down);
}

export function readTotals(reader: ByteReader): Totals {
  const up = readNumber(reader);
  const down = readNumber(reader);
  if (up < 0 || down < 0) throw reader.malformed('a total is negative');
  return { up, down };
}

/** Origins are compared as strings, which is by bytes as long as they are ASCII. */
const originPattern = /^[\x21-\x7e]{1,128}$/;

/** Most that is read one after the other comes from few origins. */
let lastOrigin: Origin | undefined;

/** @param origin as it was read */
export function readOrigin(reader: ByteReader, origin: string): Origin {
  if (origin === lastOrigin) return lastOrigin;
  if (!originPattern.test(origin)) throw reader.malformed('an origin is not a valid name');
  lastOrigin = sharedName(origin);
  return lastOrigin;
}
