/**
 * Deltas as bytes: one alone, with all that it says; or some that go into a log together, which share a table of strings,
 * and leave out what their entry in the log says of them. docs/internals/codec.md, section "Deltas".
 */
import { limits } from '../../limits.ts';
import type { Delta, DocumentOperations } from '../crdt/delta.ts';
import {
  type Context,
  type LogId,
  noOthers,
  type Origin,
  type Placed,
  type Position,
  type Time,
} from '../crdt/version.ts';
import { ByteReader, checkFormat } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { readDocument, writeDocument } from './operation-codec.ts';
import { sharedName } from './shared-names.ts';
import { StringTable } from './strings.ts';
import { readOrigin } from './value-codec.ts';

const format = 2;
/** P84. As 2, with a field that nobody needs. */
const nextFormat = 3;
export type BatchFormat = typeof format | typeof nextFormat;

/** The flags of a frame: each marks a part that differs from the usual case. */
const flags = { gap: 1, position: 2, log: 4, origins: 8, placed: 16, documents: 32 } as const;
const allFlags = 63;

/** Deltas that go into a log together. Any run of consecutive frames of one origin, after `shared`, is the body of an entry. */
export class EncodedBatch {
  /** `shared`, then all frames: the body of the entry that they become where all are of one origin. */
  readonly body: Uint8Array;
  readonly #framesStart: number;
  /** Where each frame begins among them all. */
  readonly #starts: readonly number[];

  constructor(body: Uint8Array, framesStart: number, starts: readonly number[]) {
    this.body = body;
    this.#framesStart = framesStart;
    this.#starts = starts;
  }

  get shared(): Uint8Array {
    return this.body.subarray(0, this.#framesStart);
  }

  /** One for each delta. */
  get frames(): readonly Uint8Array[] {
    const frames = this.body.subarray(this.#framesStart);
    return this.#starts.map((start, index) => frames.subarray(start, this.#starts[index + 1]));
  }
}

/** The facts that a log entry states about the deltas in it. */
export interface EntryFacts {
  readonly log: LogId;
  readonly origin: Origin;
  readonly firstNumber: number;
  readonly lastNumber: number;
  /** How many there are. */
  readonly count: number;
}

/** From where times and positions are counted: the least of the batch. */
interface Base {
  readonly time: Time;
  readonly position: Position;
}

/** Each run of deltas of one origin may come to have a copy of the table, as an entry. With more runs, there is none. */
const runsWithTable = 8;

/** Reused by every call: no two encodings overlap. */
const strings = new StringTable('SECOND_USE');
const frames = new ByteWriter(strings);
const whole = new ByteWriter(strings);

/** @param log that they are to be appended to */
export function encodeBatch(log: LogId, deltas: readonly Delta[], batchFormat: BatchFormat = format): EncodedBatch {
  strings.clear(runsOf(deltas) > runsWithTable);
  const base = baseOf(deltas);
  frames.clear();
  const starts = deltas.map((delta) => writeFrame(delta, log, base));
  whole.clear();
  writeShared(base, batchFormat);
  const framesStart = whole.length;
  whole.copyOf(frames);
  return new EncodedBatch(whole.take(), framesStart, starts);
}

/**
 * The deltas of an entry.
 * @param body `shared`, then the frames of all of them
 * @throws {MalformedBytesError} they are none, or not those that the entry says @throws {UnknownFormatError}
 */
export function decodeBatch(entry: EntryFacts, body: Uint8Array): readonly Delta[] {
  const reader = new ByteReader(body, 'the body of a log entry', 1, 'SECOND_USE');
  if (body[0] !== nextFormat) checkFormat(body, 'the body of a log entry', format);
  const base = readShared(reader);
  const first = readFrame(reader, entry, base, entry.firstNumber, 0);
  // A literal has no room for growing.
  const deltas = [first];
  let last = first.number;
  for (let left = entry.count - 1; left > 0; left--) {
    const delta = readFrame(reader, entry, base, undefined, last);
    last = delta.number;
    deltas.push(delta);
  }
  if (!reader.isAtEnd) throw reader.malformed('it has bytes after its end');
  if (last !== entry.lastNumber) throw reader.malformed(`it ends with ${last}, not with ${entry.lastNumber}`);
  return deltas;
}

/** One delta with all that it says. */
export function encodeDelta(delta: Delta): Uint8Array {
  const { origin, number, context, time } = delta;
  const base = { time, position: context.position };
  strings.clear();
  frames.clear();
  writeFrame(delta, context.log, base);
  whole.clear();
  writeShared(base, format);
  whole.text(origin);
  whole.varint(number);
  whole.text(context.log);
  whole.copyOf(frames);
  return whole.take();
}

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeDelta(bytes: Uint8Array): Delta {
  checkFormat(bytes, 'a delta', format);
  const reader = new ByteReader(bytes, 'a delta', 1, 'SECOND_USE');
  const base = readShared(reader);
  const origin = readOrigin(reader, reader.text());
  const number = reader.varint();
  const log = sharedName(reader.text());
  const delta = readFrame(reader, { log, origin }, base, number, 0);
  if (!reader.isAtEnd) throw reader.malformed('it has bytes after its end');
  return delta;
}

function runsOf(deltas: readonly Delta[]): number {
  let runs = 0;
  let last: Origin | undefined;
  for (const { origin } of deltas) {
    if (origin !== last) runs += 1;
    last = origin;
  }
  return runs;
}

function baseOf(deltas: readonly Delta[]): Base {
  let time = Number.MAX_SAFE_INTEGER;
  let position = Number.MAX_SAFE_INTEGER;
  for (const delta of deltas) {
    if (delta.time < time) time = delta.time;
    if (delta.context.position < position) position = delta.context.position;
  }
  return { time, position };
}

function writeShared({ time, position }: Base, batchFormat: BatchFormat): void {
  const { table } = strings;
  whole.byte(batchFormat);
  whole.varint(time);
  whole.varint(position);
  whole.varint(table.length);
  for (const text of table) whole.text(text);
  if (batchFormat === format) whole.varint(0);
  else {
    // One optional field, number 0, of no bytes.
    for (const each of [1, 0, 0]) whole.varint(each);
  }
}

function readShared(reader: ByteReader): Base {
  const time = reader.varint();
  const position = reader.varint();
  reader.table();
  reader.fields();
  return { time, position };
}

/** @returns where it begins */
function writeFrame({ number, context, time, operations, placed }: Delta, log: LogId, base: Base): number {
  const start = frames.length;
  const gap = number - context.numberBefore;
  const hasOthers = context.others.size > 0;
  const begun = frames.beginSized();
  frames.byte(
    (gap === 1 ? 0 : flags.gap) +
      (context.position === base.position ? 0 : flags.position) +
      (context.log === log ? 0 : flags.log) +
      (hasOthers ? flags.origins : 0) +
      (placed === undefined ? 0 : flags.placed) +
      (operations.length === 1 ? 0 : flags.documents),
  );
  frames.varint(time - base.time);
  if (gap !== 1) frames.varint(gap);
  if (context.position !== base.position) frames.varint(context.position - base.position);
  if (context.log !== log) frames.string(context.log);
  if (hasOthers) writeOthers(context.others);
  if (placed !== undefined) {
    frames.string(placed.log);
    frames.varint(placed.position);
  }
  if (operations.length !== 1) frames.varint(operations.length);
  for (const touched of operations) writeDocument(frames, touched);
  frames.endSized(begun);
  return start;
}

function writeOthers(others: Context['others']): void {
  frames.varint(others.size);
  for (const [origin, number] of [...others].sort(([a], [b]) => (a < b ? -1 : 1))) {
    frames.string(origin);
    frames.varint(number);
  }
}

/**
 * @param known the delta's number
 * @param before where it is not known: the number of the delta before it
 */
function readFrame(
  reader: ByteReader,
  { log, origin }: Pick<EntryFacts, 'log' | 'origin'>,
  base: Base,
  known: number | undefined,
  before: number,
): Delta {
  const outer = reader.enter(reader.count(1));
  reader.allow(limits.foreignTransactionMemoryBytes);
  const has = reader.byte();
  if (has > allFlags) throw reader.malformed(`a delta has the unknown flags ${has}`);
  const time = sum(reader, base.time, reader.varint());
  const gap = has & flags.gap ? reader.varint() : 1;
  const number = known ?? sum(reader, before, gap);
  if (gap === 0 || gap > number) throw reader.malformed('a number is not above the one before it');
  const position = has & flags.position ? sum(reader, base.position, reader.varint()) : base.position;
  const contextLog = has & flags.log ? sharedName(reader.string()) : log;
  const others = has & flags.origins ? readOthers(reader, origin) : noOthers;
  const placed = has & flags.placed ? readPlaced(reader) : undefined;
  const operations = readDocuments(reader, has & flags.documents ? reader.count(3) : 1);
  reader.leave(outer);
  return {
    origin,
    number,
    context: { log: contextLog, position, numberBefore: number - gap, others },
    time,
    operations,
    placed,
  };
}

function readOthers(reader: ByteReader, own: Origin): Context['others'] {
  const origins = new Map<Origin, number>();
  let last = '';
  for (let left = reader.count(2); left > 0; left--) {
    const origin = readOrigin(reader, reader.string());
    if (origin <= last || origin === own) throw reader.malformed('origins are out of order');
    last = origin;
    origins.set(origin, reader.varint());
  }
  return origins;
}

function readPlaced(reader: ByteReader): Placed {
  const log = sharedName(reader.string());
  const position = reader.varint();
  if (position === 0) throw reader.malformed('a delta has no position');
  return { log, position };
}

function readDocuments(reader: ByteReader, count: number): readonly DocumentOperations[] {
  if (count === 1) return [readDocument(reader)];
  const documents: DocumentOperations[] = [];
  for (let left = count; left > 0; left--) documents.push(readDocument(reader));
  if (hasTwice(documents)) throw reader.malformed('a document is touched twice');
  return documents;
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

function sum(reader: ByteReader, base: number, more: number): number {
  const whole = base + more;
  if (whole > Number.MAX_SAFE_INTEGER) throw reader.malformed('an integer is too large');
  return whole;
}
