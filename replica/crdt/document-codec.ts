/** Document states as bytes. docs/codec.md, section "Documents". */
import { limits } from '../../limits.ts';
import { type ByteReader, ByteWriter, type StringTable } from './bytes.ts';
import { aboveFloors, type Cell, type Counter, compareCells, emptyCounter } from './counter.ts';
import type { DocumentState } from './document.ts';
import { MapNode } from './map-node.ts';
import { type DocumentNode, livenessOf, nodeOf } from './node.ts';
import { compareStamps, type Entry, equalStamps, makeStamp, type Stamp } from './stamp.ts';
import { RegisterNode } from './tree.ts';
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

/** From so many stamps on, an index is faster than looking. */
const indexedStamps = 16;

/** Stamps in the order in which they were first written: what one transaction left shares one. */
class StampTable {
  readonly #entries: ByteWriter;
  #stamps: Stamp[] = [];
  /** Equal stamps may be different objects. */
  #indexesByName: Map<string, number> | undefined;

  constructor(strings: StringTable) {
    this.#entries = new ByteWriter(strings);
  }

  clear(): void {
    this.#entries.clear();
    this.#stamps = [];
    this.#indexesByName = undefined;
  }

  indexOf(stamp: Stamp): number {
    const stamps = this.#stamps;
    for (let index = 0; index < stamps.length && index < indexedStamps; index++) {
      const other = stamps[index];
      if (other === stamp || (other && equalStamps(other, stamp))) return index;
    }
    const known = this.#indexesByName?.get(nameOf(stamp));
    if (known !== undefined) return known;
    const index = stamps.push(stamp) - 1;
    if (index >= indexedStamps) {
      this.#indexesByName ??= new Map();
      this.#indexesByName.set(nameOf(stamp), index);
    }
    this.#write(stamp);
    return index;
  }

  writeTo(writer: ByteWriter): void {
    writer.varint(this.#stamps.length);
    writer.copyOf(this.#entries);
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

const nameOf = ({ log, position, origin, number, time, isDefault }: Stamp): string =>
  JSON.stringify([log, position, origin, number, time, isDefault]);

/** Of maps in documents that have no entries, only cells. */
const noStamp = makeStamp({ log: undefined, position: 0, origin: '', number: 0, time: 0 }, true);

export class DocumentWriter {
  readonly #body: ByteWriter;
  readonly #nodes: ByteWriter;
  readonly #stamps: StampTable;

  constructor(body: ByteWriter, strings: StringTable) {
    this.#body = body;
    this.#nodes = new ByteWriter(strings);
    this.#stamps = new StampTable(strings);
  }

  write({ touch, root }: DocumentState): void {
    this.#nodes.clear();
    this.#stamps.clear();
    writeNode(this.#nodes, this.#stamps, root);
    this.#body.string(touch.origin);
    this.#body.varint(touch.number);
    this.#stamps.writeTo(this.#body);
    this.#body.copyOf(this.#nodes);
  }
}

export function readDocument(reader: ByteReader): DocumentState {
  const origin = readOrigin(reader);
  const number = reader.varint();
  const stamps = reader.list(3, () => readStamp(reader));
  const has = reader.byte();
  if (has === 0) throw reader.malformed('a node is empty');
  if ((has & ~partsOfMaps) !== 0) throw reader.malformed('a root is no map');
  const root = readMap(reader, stamps, has, 0);
  root.setTouch(stamps.find((stamp) => stamp.origin === origin && stamp.number === number) ?? { origin, number });
  return root;
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
  return makeStamp({ log, position, origin, number, time: isDefault ? 0 : reader.varint() }, isDefault);
}

function writeNode(writer: ByteWriter, stamps: StampTable, node: DocumentNode): void {
  if (node instanceof RegisterNode) writeRegister(writer, stamps, node.value, node.stamp);
  else if (node instanceof MapNode) writeMap(writer, stamps, node, 0);
  else writeMixed(writer, stamps, node);
}

function writeRegister(writer: ByteWriter, stamps: StampTable, value: Value, stamp: Stamp): void {
  writer.byte(parts.registers);
  writer.byte(1);
  writer.varint(stamps.indexOf(stamp));
  writeValue(writer, value);
}

function writeMixed(writer: ByteWriter, stamps: StampTable, { registers, map, counter }: DocumentNode): void {
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
function writeMap(writer: ByteWriter, stamps: StampTable, map: MapNode, others: number, between?: () => void): void {
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

function readRegisters(
  reader: ByteReader,
  stamps: readonly Stamp[],
  has: number,
  levels: number,
): readonly RegisterNode[] {
  const registers: RegisterNode[] = [];
  for (let left = has === 0 ? 0 : countOfSome(reader, 1); left > 0; left--) {
    const stamp = readStampAfter(reader, stamps, registers.at(-1)?.stamp);
    registers.push(new RegisterNode(stamp, readValue(reader, levels)));
  }
  return registers;
}

function readMap(reader: ByteReader, stamps: readonly Stamp[], has: number, depth: number): MapNode {
  const presence = readStamps(reader, stamps, has & parts.presence);
  const map = MapNode.empty(presence[0] ?? stamps[0] ?? noStamp, presence);
  if (has & parts.children && depth === limits.documentDepth) throw reader.malformed('a node is too deep');
  for (let left = has & parts.children ? countOfSome(reader, 3) : 0; left > 0; left--) {
    const key = readKey(reader);
    if (depth === 0 && key === '_id') throw reader.malformed('_id is a field');
    const child = readNode(reader, stamps, depth + 1);
    const { size } = map;
    map.setChild(key, child, 0, livenessOf(child));
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
function readStamps(reader: ByteReader, stamps: readonly Stamp[], has: number): readonly Stamp[] {
  const list: Stamp[] = [];
  for (let left = has === 0 ? 0 : countOfSome(reader, 1); left > 0; left--) {
    list.push(readStampAfter(reader, stamps, list.at(-1)));
  }
  return list;
}

/** @param last the one before it in its list */
function readStampAfter(reader: ByteReader, stamps: readonly Stamp[], last: Stamp | undefined): Stamp {
  const stamp = stamps[reader.varint()];
  if (stamp === undefined) throw reader.malformed('a stamp is not in the table');
  if (last && compareStamps(last, stamp) >= 0) throw reader.malformed('entries are out of order');
  return stamp;
}

/** @param has 0 where there is no such list */
function readEntries<Content>(
  reader: ByteReader,
  stamps: readonly Stamp[],
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
