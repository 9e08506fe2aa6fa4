/** Document states as bytes. docs/codec.md, section "Documents". */
import { limits } from '../../limits.ts';
import { type ByteReader, ByteWriter, type StringTable } from './bytes.ts';
import { aboveFloors, type Cell, type Counter, compareCells, emptyCounter } from './counter.ts';
import type { DocumentState } from './document.ts';
import { type DocumentNode, livenessOf, nodeOf } from './node.ts';
import { compareStamps, type Entry, type Stamp } from './stamp.ts';
import { MapNode } from './tree.ts';
import type { Value } from './value.ts';
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

/** Which parts of a node follow, each as a list that is not empty. */
const parts = { registers: 1, presence: 2, children: 4, counterPresence: 8, bases: 16, cells: 32 } as const;
const allParts = 63;
const partsOfMaps = parts.presence + parts.children;
const stampFlags = { isDefault: 1, inLog: 2 } as const;

/** Stamps in the order in which they were first written: what one transaction left shares one. */
class StampTable {
  readonly #entries: ByteWriter;
  readonly #indexes = new Map<Stamp, number>();
  /** Equal stamps may be different objects. */
  readonly #indexesByName = new Map<string, number>();

  constructor(strings: StringTable) {
    this.#entries = new ByteWriter(strings);
  }

  indexOf(stamp: Stamp): number {
    const known = this.#indexes.get(stamp);
    if (known !== undefined) return known;
    const { log, position, origin, number, time, isDefault } = stamp;
    const name = JSON.stringify([log, position, origin, number, time, isDefault]);
    let index = this.#indexesByName.get(name);
    if (index === undefined) {
      index = this.#indexesByName.size;
      this.#indexesByName.set(name, index);
      this.#write(stamp);
    }
    this.#indexes.set(stamp, index);
    return index;
  }

  writeTo(writer: ByteWriter): void {
    writer.varint(this.#indexesByName.size);
    writer.raw(this.#entries.written());
  }

  #write({ log, position, origin, number, time, isDefault }: Stamp): void {
    this.#entries.byte((isDefault ? stampFlags.isDefault : 0) + (log === undefined ? 0 : stampFlags.inLog));
    if (log !== undefined) {
      this.#entries.string(log);
      this.#entries.varint(position);
    }
    this.#entries.string(origin);
    this.#entries.varint(number);
    if (!isDefault) this.#entries.varint(time);
  }
}

export function writeDocument(writer: ByteWriter, strings: StringTable, { touch, root }: DocumentState): void {
  const nodes = new ByteWriter(strings);
  const stamps = new StampTable(strings);
  writeNode(nodes, stamps, root);
  writer.string(touch.origin);
  writer.varint(touch.number);
  stamps.writeTo(writer);
  writer.raw(nodes.written());
}

export function readDocument(reader: ByteReader): DocumentState {
  const touch = { origin: readOrigin(reader), number: reader.varint() };
  const stamps = reader.list(3, () => readStamp(reader));
  const root = readNode(reader, stamps, 0);
  return { touch, root };
}

function readStamp(reader: ByteReader): Stamp {
  const flags = reader.byte();
  if (flags > stampFlags.isDefault + stampFlags.inLog) throw reader.malformed(`a stamp has the unknown flags ${flags}`);
  const inLog = flags >= stampFlags.inLog;
  const isDefault = flags % stampFlags.inLog === stampFlags.isDefault;
  const log = inLog ? reader.string() : undefined;
  const position = inLog ? reader.varint() : 0;
  const origin = readOrigin(reader);
  const number = reader.varint();
  return { log, position, origin, number, time: isDefault ? 0 : reader.varint(), isDefault };
}

function writeNode(writer: ByteWriter, stamps: StampTable, { registers, map, counter }: DocumentNode): void {
  const { presence, bases, cells } = counter ?? emptyCounter;
  writer.byte(
    (registers.length > 0 ? parts.registers : 0) +
      (map?.hasPresence ? parts.presence : 0) +
      (map && map.size > 0 ? parts.children : 0) +
      (presence.length > 0 ? parts.counterPresence : 0) +
      (bases.length > 0 ? parts.bases : 0) +
      (cells.length > 0 ? parts.cells : 0),
  );
  writeEntries(writer, stamps, registers, (value) => writeValue(writer, value));
  writeStamps(writer, stamps, map?.presence ?? []);
  if (map && map.size > 0) {
    writer.varint(map.size);
    for (const [key, child] of map) {
      writer.string(key);
      writeNode(writer, stamps, child);
    }
  }
  writeStamps(writer, stamps, presence);
  writeEntries(writer, stamps, bases, (base) => writeNumber(writer, base));
  if (cells.length > 0) writer.varint(cells.length);
  for (const cell of cells) writeCell(writer, cell);
}

function writeStamps(writer: ByteWriter, stamps: StampTable, list: readonly Stamp[]): void {
  if (list.length > 0) writer.varint(list.length);
  for (const stamp of list) writer.varint(stamps.indexOf(stamp));
}

function writeEntries<Content>(
  writer: ByteWriter,
  stamps: StampTable,
  entries: readonly Entry<Content>[],
  writeContent: (value: Content) => void,
): void {
  if (entries.length > 0) writer.varint(entries.length);
  for (const { stamp, value } of entries) {
    writer.varint(stamps.indexOf(stamp));
    writeContent(value);
  }
}

function writeCell(writer: ByteWriter, cell: Cell): void {
  writer.string(cell.origin);
  writer.varint(cell.birth);
  writeTotals(writer, cell);
  writeTotals(writer, { up: cell.upFloor, down: cell.downFloor });
}

function readNode(reader: ByteReader, stamps: readonly Stamp[], depth: number): DocumentNode {
  const has = reader.byte();
  if (has > allParts) throw reader.malformed(`a node has the unknown parts ${has}`);
  if (depth === 0 && (has & ~partsOfMaps) !== 0) throw reader.malformed('a root is no map');
  const registers = readEntries(reader, stamps, has & parts.registers, (): Value => {
    return readValue(reader, limits.documentDepth - depth);
  });
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

function readMap(reader: ByteReader, stamps: readonly Stamp[], has: number, depth: number): MapNode {
  const map = new MapNode();
  map.setPresence(readStamps(reader, stamps, has & parts.presence));
  if (has & parts.children && depth === limits.documentDepth) throw reader.malformed('a node is too deep');
  for (let left = has & parts.children ? countOfSome(reader, 3) : 0; left > 0; left--) {
    const key = readKey(reader);
    if (map.get(key) !== undefined) throw reader.malformed('a map has a key twice');
    if (depth === 0 && key === '_id') throw reader.malformed('_id is a field');
    const child = readNode(reader, stamps, depth + 1);
    map.setChild(key, child, 0, livenessOf(child));
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
function readStamps(reader: ByteReader, stamps: readonly Stamp[], has: number): readonly Stamp[] {
  return readEntries(reader, stamps, has, () => undefined).map(({ stamp }) => stamp);
}

/** @param has 0 where there is no such list */
function readEntries<Content>(
  reader: ByteReader,
  stamps: readonly Stamp[],
  has: number,
  readContent: () => Content,
): readonly Entry<Content>[] {
  const entries: Entry<Content>[] = [];
  let last: Stamp | undefined;
  for (let left = has === 0 ? 0 : countOfSome(reader, 1); left > 0; left--) {
    const stamp = stamps[reader.varint()];
    if (stamp === undefined) throw reader.malformed('a stamp is not in the table');
    if (last && compareStamps(last, stamp) >= 0) throw reader.malformed('entries are out of order');
    last = stamp;
    entries.push({ stamp, value: readContent() });
  }
  return entries;
}

function readCells(reader: ByteReader, has: number): readonly Cell[] {
  const cells: Cell[] = [];
  let last: Cell | undefined;
  for (let left = has === 0 ? 0 : countOfSome(reader, 10); left > 0; left--) {
    const origin = readOrigin(reader);
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
