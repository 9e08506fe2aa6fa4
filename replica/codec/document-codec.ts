/** Document states as bytes. docs/internals/codec.md, section "Documents". */
import { limits } from '../../limits.ts';
import { aboveFloors, type Cell, type Counter, compareCells, emptyCounter } from '../crdt/counter.ts';
import type { DocumentNode, DocumentState } from '../crdt/document-node.ts';
import { MapNode } from '../crdt/map-node.ts';
import { livenessOf, nodeOf } from '../crdt/node.ts';
import { compareStamps, type Entry, makeStamp, type Stamp } from '../crdt/stamp.ts';
import { RegisterNode } from '../crdt/tree.ts';
import { memoryOf } from '../values/memory-costs.ts';
import type { Value } from '../values/value.ts';
import { ByteReader, checkFormat } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { StampReader, StampWriter } from './stamp-codec.ts';
import { StringTable } from './strings.ts';
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

const documentFormat = 3;
/** As 3, but that a last writer may be a name alone. */
const formerDocumentFormat = 2;

/** Which parts of a node follow, each as a list that is not empty. */
const parts = { registers: 1, presence: 2, children: 4, counterPresence: 8, bases: 16, cells: 32 } as const;
const allParts = 63;
const partsOfMaps = parts.presence + parts.children;
/** A parts byte from here on means that the node is a single register; it also says how its stamp is referred to. */
const loneRegister = 64;
const loneRegisters = 192;

/** The stamp of maps in documents that have no entries, only cells. */
const noStamp = makeStamp(undefined, 0, '', 0, 0, true);

/** Reused by every call: no two encodings overlap. */
const strings = new StringTable('FIRST_USE');
const whole = new ByteWriter(strings);
const stamps = new StampWriter();

/** One document alone. */
export function encodeDocument(state: DocumentState): Uint8Array {
  strings.clear();
  stamps.clear();
  whole.clear();
  whole.byte(documentFormat);
  writeDocument(whole, stamps, state);
  return whole.take();
}

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeDocument(bytes: Uint8Array): DocumentState {
  const isFormer = bytes[0] === formerDocumentFormat;
  checkFormat(bytes, 'a document', isFormer ? formerDocumentFormat : documentFormat);
  const reader = new ByteReader(bytes, 'a document', 1, 'FIRST_USE');
  const state = readDocument(reader, new StampReader(), !isFormer);
  reader.fieldsToEnd();
  return state;
}

export function writeDocument(writer: ByteWriter, stamps: StampWriter, { lastStamp, root }: DocumentState): void {
  writeNode(writer, stamps, root);
  stamps.writeLastWriter(writer, lastStamp);
}

/** @param hasPlaces whether every last writer has its place in the log */
export function readDocument(reader: ByteReader, stamps: StampReader, hasPlaces: boolean): DocumentState {
  reader.allow(limits.mergedMemoryFactor * limits.documentMemoryBytes);
  const has = reader.byte();
  if (has === 0) throw reader.malformed('a node is empty');
  if ((has & ~partsOfMaps) !== 0) throw reader.malformed('a root is not a map');
  const root = readMap(reader, stamps, has, 0);
  const lastWriter = stamps.readLastWriter(reader, hasPlaces);
  root.setLastWriter(root.entryOf(lastWriter) ?? lastWriter);
  return root;
}

function writeNode(writer: ByteWriter, stamps: StampWriter, node: DocumentNode): void {
  if (node instanceof RegisterNode) writeRegister(writer, stamps, node.value, node.stamp);
  else if (node instanceof MapNode) writeMap(writer, stamps, node, 0);
  else writeMixed(writer, stamps, node);
}

function writeRegister(writer: ByteWriter, stamps: StampWriter, value: Value, stamp: Stamp): void {
  const reference = stamps.referenceTo(stamp);
  if (reference < loneRegisters) writer.byte(loneRegister + reference);
  else {
    writer.byte(parts.registers);
    writer.byte(1);
    writer.varint(reference);
  }
  if (reference === 0) stamps.writeNew(writer, stamp);
  writeValue(writer, value);
}

function writeStamp(writer: ByteWriter, stamps: StampWriter, stamp: Stamp): void {
  const reference = stamps.referenceTo(stamp);
  writer.varint(reference);
  if (reference === 0) stamps.writeNew(writer, stamp);
}

function writeMixed(writer: ByteWriter, stamps: StampWriter, { registers, map, counter }: DocumentNode): void {
  const { presence, bases, cells } = counter ?? emptyCounter;
  const others =
    (registers.length > 0 ? parts.registers : 0) +
    (presence.length > 0 ? parts.counterPresence : 0) +
    (bases.length > 0 ? parts.bases : 0) +
    (cells.length > 0 ? parts.cells : 0);
  const writeValues = () => writeEntries(writer, stamps, registers, (value) => writeValue(writer, value));
  if (map) writeMap(writer, stamps, map, others, writeValues);
  else {
    writer.byte(others);
    writeValues();
  }
  writeStamps(writer, stamps, presence);
  writeEntries(writer, stamps, bases, (base) => writeNumber(writer, base));
  if (cells.length > 0) writer.varint(cells.length);
  for (const cell of cells) writeCell(writer, cell);
}

/**
 * @param others parts of the node beside it
 * @param between writes what comes between the byte of the parts and the map
 */
function writeMap(writer: ByteWriter, stamps: StampWriter, map: MapNode, others: number, between?: () => void): void {
  const { size } = map;
  writer.byte(others + (map.hasPresence ? parts.presence : 0) + (size > 0 ? parts.children : 0));
  between?.();
  writeStamps(writer, stamps, map.presence);
  if (size > 0) writer.varint(size);
  map.forEach(
    (key, child) => {
      writer.string(key);
      writeNode(writer, stamps, child);
    },
    (key, value, stamp) => {
      writer.string(key);
      writeRegister(writer, stamps, value, stamp);
    },
  );
}

function writeStamps(writer: ByteWriter, stamps: StampWriter, list: readonly Stamp[]): void {
  if (list.length > 0) writer.varint(list.length);
  for (const stamp of list) writeStamp(writer, stamps, stamp);
}

function writeEntries<Content>(
  writer: ByteWriter,
  stamps: StampWriter,
  entries: readonly Entry<Content>[],
  writeContent: (value: Content) => void,
): void {
  if (entries.length > 0) writer.varint(entries.length);
  for (const { stamp, value } of entries) {
    writeStamp(writer, stamps, stamp);
    writeContent(value);
  }
}

function writeCell(writer: ByteWriter, cell: Cell): void {
  writer.string(cell.origin);
  writer.varint(cell.birth);
  writeTotals(writer, cell);
  writeTotals(writer, { up: cell.upFloor, down: cell.downFloor });
}

/** @param has its parts */
function readNode(reader: ByteReader, stamps: StampReader, has: number, depth: number): DocumentNode {
  if (has !== 0 && (has & ~partsOfMaps) === 0) return readMap(reader, stamps, has, depth);
  const registers = readRegisters(reader, stamps, has & parts.registers, limits.documentDepth - depth);
  const [only] = registers;
  if (has === parts.registers && registers.length === 1 && only) return only;
  const map = has & partsOfMaps ? readMap(reader, stamps, has, depth) : undefined;
  const counter: Counter = {
    presence: readStamps(reader, stamps, has & parts.counterPresence),
    bases: readEntries(reader, stamps, has & parts.bases, () => readNumber(reader)),
    cells: readCells(reader, has & parts.cells),
  };
  const node = nodeOf(registers, map, counter);
  if (node === undefined) throw reader.malformed('a node is empty');
  return node;
}

function readRegisters(reader: ByteReader, stamps: StampReader, has: number, levels: number): readonly RegisterNode[] {
  const registers: RegisterNode[] = [];
  for (let left = has === 0 ? 0 : countOfSome(reader, 1); left > 0; left--) {
    const stamp = readStampAfter(reader, stamps, registers.at(-1)?.stamp);
    registers.push(new RegisterNode(stamp, readValue(reader, levels)));
  }
  return registers;
}

function readMap(reader: ByteReader, stamps: StampReader, has: number, depth: number): MapNode {
  const presence = readStamps(reader, stamps, has & parts.presence);
  const map = MapNode.empty(presence[0] ?? stamps.last ?? noStamp, presence);
  if (has & parts.children && depth === limits.documentDepth) throw reader.malformed('a node is too deep');
  const children = has & parts.children ? countOfSome(reader, 3) : 0;
  reader.spend(memoryOf.object + (memoryOf.key + memoryOf.scalar) * children);
  for (let left = children; left > 0; left--) {
    const key = readKey(reader);
    if (depth === 0 && key === '_id') throw reader.malformed('_id is a field');
    const { size } = map;
    const has = reader.byte();
    if (has > allParts) {
      const stamp = stamps.of(reader, has - loneRegister);
      map.setRegister(key, stamp, readValue(reader, limits.documentDepth - depth - 1));
    } else {
      const child = readNode(reader, stamps, has, depth + 1);
      map.setChild(key, child, 0, livenessOf(child));
    }
    if (map.size === size) throw reader.malformed('a map has a key twice');
  }
  map.compact();
  return map;
}

function countOfSome(reader: ByteReader, leastBytes: number): number {
  const count = reader.count(leastBytes);
  if (count === 0) throw reader.malformed('a part is empty');
  return count;
}

/** @param has 0 where there is no such list */
function readStamps(reader: ByteReader, stamps: StampReader, has: number): readonly Stamp[] {
  const list: Stamp[] = [];
  for (let left = has === 0 ? 0 : countOfSome(reader, 1); left > 0; left--) {
    list.push(readStampAfter(reader, stamps, list.at(-1)));
  }
  return list;
}

/** @param last the one before it in its list */
function readStampAfter(reader: ByteReader, stamps: StampReader, last: Stamp | undefined): Stamp {
  const stamp = stamps.read(reader);
  if (last && compareStamps(last, stamp) >= 0) throw reader.malformed('entries are out of order');
  return stamp;
}

/** @param has 0 where there is no such list */
function readEntries<Content>(
  reader: ByteReader,
  stamps: StampReader,
  has: number,
  readContent: () => Content,
): readonly Entry<Content>[] {
  const entries: Entry<Content>[] = [];
  for (let left = has === 0 ? 0 : countOfSome(reader, 1); left > 0; left--) {
    const stamp = readStampAfter(reader, stamps, entries.at(-1)?.stamp);
    entries.push({ stamp, value: readContent() });
  }
  return entries;
}

function readCells(reader: ByteReader, has: number): readonly Cell[] {
  const cells: Cell[] = [];
  let last: Cell | undefined;
  for (let left = has === 0 ? 0 : countOfSome(reader, 6); left > 0; left--) {
    const origin = readOrigin(reader, reader.string());
    const birth = reader.varint();
    const { up, down } = readTotals(reader);
    const floors = readTotals(reader);
    const cell: Cell = { origin, birth, up, down, upFloor: floors.up, downFloor: floors.down };
    if (floors.up > up || floors.down > down || !aboveFloors(cell)) throw reader.malformed('a cell counts nothing');
    if (last && compareCells(last, cell) >= 0) throw reader.malformed('cells are out of order');
    last = cell;
    cells.push(cell);
  }
  return cells;
}
