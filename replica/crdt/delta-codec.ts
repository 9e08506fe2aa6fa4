/** Deltas as bytes. docs/codec.md, section "Deltas". */
import { limits } from '../../limits.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import type { Delta, DocumentOperations, Floor, Path, WireOperation } from './delta.ts';
import {
  readKey,
  readNumber,
  readOrigin,
  readTotals,
  readValue,
  writeNumber,
  writeTotals,
  writeValue,
} from './value-codec.ts';
import type { Context, Origin } from './version.ts';

const tags = { assign: 1, makeMap: 2, makeCounter: 3, makeCounterWithBase: 4, increment: 5, remove: 6 } as const;
/** Added to a tag where the operation writes default data. */
const defaultFlag = 0x80;

export function writeDelta(writer: ByteWriter, { origin, number, context, time, operations }: Delta): void {
  writer.string(origin);
  writer.varint(number);
  writer.varint(time);
  writeContext(writer, context);
  writer.varint(operations.length);
  for (const touched of operations) {
    writer.string(touched.collection);
    writer.string(touched.id);
    writer.varint(touched.operations.length);
    for (const operation of touched.operations) writeOperation(writer, operation);
  }
}

export function readDelta(reader: ByteReader): Delta {
  const origin = readOrigin(reader);
  const number = reader.varint();
  const time = reader.varint();
  const context = readContext(reader);
  const operations = reader.list(3, (): DocumentOperations => {
    const collection = reader.string();
    const id = reader.string();
    return { collection, id, operations: reader.list(2, () => readOperation(reader)) };
  });
  if (operations.length > 1 && hasTwice(operations)) throw reader.malformed('a document is touched twice');
  return { origin, number, context, time, operations };
}

function hasTwice(operations: readonly DocumentOperations[]): boolean {
  const idsByCollection = new Map<string, Set<string>>();
  for (const { collection, id } of operations) {
    const ids = idsByCollection.get(collection) ?? new Set();
    if (ids.has(id)) return true;
    idsByCollection.set(collection, ids.add(id));
  }
  return false;
}

function writeContext(writer: ByteWriter, { log, position, origins }: Context): void {
  writer.string(log);
  writer.varint(position);
  writer.varint(origins.size);
  const sorted = origins.size > 1 ? [...origins].sort(([a], [b]) => (a < b ? -1 : 1)) : origins;
  for (const [origin, number] of sorted) {
    writer.string(origin);
    writer.varint(number);
  }
}

function readContext(reader: ByteReader): Context {
  const log = reader.string();
  const position = reader.varint();
  const origins = new Map<Origin, number>();
  let last = '';
  for (let left = reader.count(2); left > 0; left--) {
    const origin = readOrigin(reader);
    if (origin <= last) throw reader.malformed('origins are out of order');
    last = origin;
    origins.set(origin, reader.varint());
  }
  return { log, position, origins };
}

function writeOperation(writer: ByteWriter, operation: WireOperation): void {
  const flag = operation.kind !== 'remove' && operation.isDefault ? defaultFlag : 0;
  const withBase = operation.kind === 'makeCounter' && operation.base !== undefined;
  writer.byte(tags[withBase ? 'makeCounterWithBase' : operation.kind] + flag);
  writePath(writer, operation.path, 0);
  switch (operation.kind) {
    case 'assign':
      writeValue(writer, operation.value);
      writeFloors(writer, operation.floors, operation.path);
      break;
    case 'makeMap':
      break;
    case 'makeCounter':
      if (operation.base !== undefined) writeNumber(writer, operation.base);
      break;
    case 'increment':
      writer.varint(operation.birth);
      writeTotals(writer, operation.before);
      writeTotals(writer, operation.after);
      break;
    case 'remove':
      writeFloors(writer, operation.floors, operation.path);
      break;
  }
}

function readOperation(reader: ByteReader): WireOperation {
  const byte = reader.byte();
  const isDefault = byte >= defaultFlag;
  const tag = byte % defaultFlag;
  const path = readPath(reader, []);
  if (path[0] === '_id') throw reader.malformed('_id is written to');
  if (path.length === 0 && tag !== tags.makeMap && tag !== tags.remove) throw reader.malformed('a root is no map');
  switch (tag) {
    case tags.assign: {
      const value = readValue(reader, limits.documentDepth - path.length);
      return { kind: 'assign', path, value, floors: readFloors(reader, path), isDefault };
    }
    case tags.makeMap:
      return { kind: 'makeMap', path, isDefault };
    case tags.makeCounter:
      return { kind: 'makeCounter', path, base: undefined, isDefault };
    case tags.makeCounterWithBase:
      return { kind: 'makeCounter', path, base: readNumber(reader), isDefault };
    case tags.increment: {
      const birth = reader.varint();
      const before = readTotals(reader);
      return { kind: 'increment', path, birth, before, after: readTotals(reader), isDefault };
    }
    case tags.remove:
      if (isDefault) throw reader.malformed('a removal is marked as default data');
      return { kind: 'remove', path, floors: readFloors(reader, path) };
    default:
      throw reader.malformed(`an operation has the unknown tag ${tag}`);
  }
}

/** @param from how many keys are known to the reader */
function writePath(writer: ByteWriter, path: Path, from: number): void {
  writer.varint(path.length - from);
  for (let depth = from; depth < path.length; depth++) writer.string(path[depth] ?? '');
}

function readPath(reader: ByteReader, above: Path): Path {
  const path = above.slice();
  for (let left = reader.count(1); left > 0; left--) path.push(readKey(reader));
  if (path.length > limits.documentDepth) throw reader.malformed('a path is too deep');
  return path;
}

function writeFloors(writer: ByteWriter, floors: readonly Floor[], above: Path): void {
  writer.varint(floors.length);
  for (const floor of floors) {
    writePath(writer, floor.path, above.length);
    writer.string(floor.origin);
    writer.varint(floor.birth);
    writeTotals(writer, floor);
  }
}

function readFloors(reader: ByteReader, above: Path): readonly Floor[] {
  return reader.list(7, () => {
    const path = readPath(reader, above);
    const origin = readOrigin(reader);
    const birth = reader.varint();
    return { path, origin, birth, ...readTotals(reader) };
  });
}
