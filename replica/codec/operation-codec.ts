/** Encodes and decodes the operations of a transaction on documents. docs/internals/codec.md, section "Operations". */
import { limits } from '../../limits.ts';
import type { DocumentOperations, Floor, Totals, WireOperation } from '../crdt/delta.ts';
import type { Path } from '../values/keypath.ts';
import { memoryOf } from '../values/memory-costs.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
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

const kinds = { assign: 0, makeMap: 1, makeCounter: 2, increment: 3, remove: 4 } as const;
const kindMask = 7;
/** How many keys the path has; the highest says that their number stands before them. */
const pathScale = 8;
const manyKeys = 3;
/** Something follows that is usually not there: floors, a base, or totals before that are not zero. */
const moreFlag = 0x20;
const unusedFlag = 0x40;
/** The operation writes default data. */
const defaultFlag = 0x80;

const zero: Totals = { up: 0, down: 0 };
const root: Path = [];

export function writeDocument(writer: ByteWriter, { collection, id, operations }: DocumentOperations): void {
  writer.string(collection);
  writer.string(id);
  writer.varint(operations.length);
  for (const operation of operations) writeOperation(writer, operation);
}

export function readDocument(reader: ByteReader): DocumentOperations {
  const collection = reader.string();
  const id = reader.rareString();
  return { collection, id, operations: readOperations(reader) };
}

/** Most often one. */
function readOperations(reader: ByteReader): readonly WireOperation[] {
  const count = reader.count(1);
  if (count === 1) return [readOperation(reader)];
  const operations: WireOperation[] = [];
  for (let left = count; left > 0; left--) operations.push(readOperation(reader));
  return operations;
}

function writeOperation(writer: ByteWriter, operation: WireOperation): void {
  const { kind, path } = operation;
  const isDefault = kind !== 'remove' && operation.isDefault;
  writer.byte(
    kinds[kind] +
      Math.min(path.length, manyKeys) * pathScale +
      (hasMore(operation) ? moreFlag : 0) +
      (isDefault ? defaultFlag : 0),
  );
  if (path.length >= manyKeys) writer.varint(path.length);
  for (const key of path) writer.string(key);
  switch (kind) {
    case 'assign':
      writeValue(writer, operation.value);
      writeFloors(writer, operation.floors, path);
      break;
    case 'makeMap':
      break;
    case 'makeCounter':
      if (operation.base !== undefined) writeNumber(writer, operation.base);
      break;
    case 'increment':
      writer.varint(operation.birth);
      if (hasMore(operation)) writeTotals(writer, operation.before);
      writeTotals(writer, operation.after);
      break;
    case 'remove':
      writeFloors(writer, operation.floors, path);
      break;
  }
}

function hasMore(operation: WireOperation): boolean {
  switch (operation.kind) {
    case 'assign':
    case 'remove':
      return operation.floors.length > 0;
    case 'makeCounter':
      return operation.base !== undefined;
    case 'increment':
      return operation.before.up !== 0 || operation.before.down !== 0;
    case 'makeMap':
      return false;
  }
}

function readOperation(reader: ByteReader): WireOperation {
  reader.spend(memoryOf.operation);
  const byte = reader.byte();
  if ((byte & unusedFlag) !== 0) throw reader.malformed(`an operation has the unknown tag ${byte}`);
  const isDefault = byte >= defaultFlag;
  const more = (byte & moreFlag) !== 0;
  const kind = byte & kindMask;
  const path = readOperationPath(reader, (byte >> 3) & manyKeys);
  if (path.length === 0 && kind !== kinds.makeMap && kind !== kinds.remove)
    throw reader.malformed('a root is not a map');
  switch (kind) {
    case kinds.assign: {
      const value = readValue(reader, limits.documentDepth - path.length);
      return { kind: 'assign', path, value, floors: readFloors(reader, path, more), isDefault };
    }
    case kinds.makeMap:
      if (more) throw reader.malformed('a map is made of more than its key');
      return { kind: 'makeMap', path, isDefault };
    case kinds.makeCounter:
      return { kind: 'makeCounter', path, base: more ? readNumber(reader) : undefined, isDefault };
    case kinds.increment: {
      const birth = reader.varint();
      const before = more ? readTotals(reader) : zero;
      return { kind: 'increment', path, birth, before, after: readTotals(reader), isDefault };
    }
    case kinds.remove:
      if (isDefault) throw reader.malformed('a removal is marked as default data');
      return { kind: 'remove', path, floors: readFloors(reader, path, more) };
    default:
      throw reader.malformed(`an operation has the unknown tag ${byte}`);
  }
}

function readOperationPath(reader: ByteReader, keys: number): Path {
  if (keys === 0) return root;
  const path = keys === 1 ? [readKey(reader)] : readKeys(reader, keys === manyKeys ? reader.count(1) : keys);
  if (path[0] === '_id') throw reader.malformed('_id is written to');
  return path;
}

function readKeys(reader: ByteReader, count: number): Path {
  if (count > limits.documentDepth) throw reader.malformed('a path is too deep');
  const path: string[] = [];
  for (let left = count; left > 0; left--) path.push(readKey(reader));
  return path;
}

function writeFloors(writer: ByteWriter, floors: readonly Floor[], above: Path): void {
  if (floors.length === 0) return;
  writer.varint(floors.length);
  for (const floor of floors) {
    writer.varint(floor.path.length - above.length);
    for (const key of floor.path.slice(above.length)) writer.string(key);
    writer.string(floor.origin);
    writer.varint(floor.birth);
    writeTotals(writer, floor);
  }
}

const noFloors: readonly Floor[] = [];

function readFloors(reader: ByteReader, above: Path, some: boolean): readonly Floor[] {
  if (!some) return noFloors;
  return reader.list(5, () => {
    const below = readKeys(reader, reader.count(1));
    const path = below.length === 0 ? above : [...above, ...below];
    if (path.length > limits.documentDepth) throw reader.malformed('a path is too deep');
    const origin = readOrigin(reader, reader.string());
    const birth = reader.varint();
    return { path, origin, birth, ...readTotals(reader) };
  });
}
