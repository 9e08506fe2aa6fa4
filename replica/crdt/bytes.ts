/**
 * Bytes, written and read defensively: varints, floats, and strings by their index in one table that comes first.
 * Reading any bytes whatever ends in a value or in MalformedBytesError, in time and memory proportional to their length:
 * no count is believed that the bytes left cannot hold. docs/codec.md.
 */
import { MalformedBytesError, UnknownFormatError } from '../../errors.ts';
import { mostBytes, readText, writeText } from './text.ts';

/** From so many strings on, an index is faster than looking. */
const indexedStrings = 16;

/** Strings in the order in which they were first written. */
export class StringTable {
  #strings: string[] = [];
  #indexes: Map<string, number> | undefined;

  clear(): void {
    this.#strings = [];
    this.#indexes = undefined;
  }

  indexOf(text: string): number {
    const strings = this.#strings;
    let known: number | undefined;
    if (this.#indexes) known = this.#indexes.get(text);
    else for (let index = 0; index < strings.length; index++) if (strings[index] === text) return index;
    if (known !== undefined) return known;
    strings.push(text);
    if (this.#indexes) this.#indexes.set(text, strings.length - 1);
    else if (strings.length === indexedStrings) this.#indexes = new Map(strings.map((name, index) => [name, index]));
    return strings.length - 1;
  }

  writeTo(writer: ByteWriter): void {
    writer.varint(this.#strings.length);
    for (const text of this.#strings) writer.text(text);
  }
}

/** What is written is cut from pieces of this size; small things share one, and none keeps much more alive than itself. */
const pieceBytes = 8192;
/** Shorter ones are copied byte by byte: a view on them takes longer to make. */
const copiedBytes = 96;

const fourGroups = 2 ** 28;

/** May be used again once it was cleared or its bytes were taken. */
export class ByteWriter {
  readonly #strings: StringTable;
  #bytes = new Uint8Array(pieceBytes);
  #view: DataView | undefined;
  /** Where what is being written begins, and where it ends so far. */
  #start = 0;
  #end = 0;

  constructor(strings: StringTable) {
    this.#strings = strings;
  }

  clear(): void {
    this.#end = this.#start;
    if (this.#bytes.length > pieceBytes) this.#begin(new Uint8Array(pieceBytes));
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = value;
  }

  /** @param value a safe integer, 0 or more; seven bits a byte, lowest first */
  varint(value: number): void {
    this.#reserve(8);
    if (value < 0x80) {
      this.#bytes[this.#end++] = value;
      return;
    }
    let rest = value;
    if (value >= fourGroups) {
      // Shifting takes no more than 32 bits: the lowest four groups of seven first, then what is above them.
      rest = Math.floor(value / fourGroups);
      const lowest = value - rest * fourGroups;
      for (let shift = 0; shift < 28; shift += 7) this.#bytes[this.#end++] = ((lowest >>> shift) & 0x7f) | 0x80;
    }
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.#end++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#end++] = rest;
  }

  /** Eight bytes, IEEE 754, lowest first. */
  float(value: number): void {
    this.#reserve(8);
    this.#viewOfBytes().setFloat64(this.#end, value, true);
    this.#end += 8;
  }

  /** Eight bytes, two's complement where it is negative, lowest first. */
  integer64(value: bigint): void {
    this.#reserve(8);
    this.#viewOfBytes().setBigUint64(this.#end, BigInt.asUintN(64, value), true);
    this.#end += 8;
  }

  string(text: string): void {
    this.varint(this.#strings.indexOf(text));
  }

  /** The number of its bytes, then the bytes. */
  text(text: string): void {
    this.#reserve(mostBytes(text) + 8);
    const start = this.#end;
    this.varint(text.length);
    const written = writeText(text, this.#bytes, this.#end);
    if (written !== text.length) {
      this.#end = start;
      this.varint(written);
      writeText(text, this.#bytes, this.#end);
    }
    this.#end += written;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** What another has written so far. */
  copyOf(other: ByteWriter): void {
    const length = other.#end - other.#start;
    this.#reserve(length);
    if (length > copiedBytes) this.#bytes.set(other.#bytes.subarray(other.#start, other.#end), this.#end);
    else for (let at = 0; at < length; at++) this.#bytes[this.#end + at] = other.#bytes[other.#start + at] ?? 0;
    this.#end += length;
  }

  /** What was written, for good. */
  take(): Uint8Array {
    const written = this.#bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    if (this.#bytes.length === pieceBytes) return written;
    this.#begin(new Uint8Array(pieceBytes));
    return written.slice();
  }

  #viewOfBytes(): DataView {
    this.#view ??= new DataView(this.#bytes.buffer);
    return this.#view;
  }

  #reserve(bytes: number): void {
    const end = this.#end + bytes;
    if (end <= this.#bytes.length) return;
    const written = this.#bytes.subarray(this.#start, this.#end);
    const needed = written.length + bytes;
    const begun = new Uint8Array(needed <= pieceBytes / 2 ? pieceBytes : needed * 2);
    begun.set(written);
    this.#begin(begun);
    this.#end = written.length;
  }

  #begin(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = undefined;
    this.#start = 0;
    this.#end = 0;
  }
}

/** @param format the newest that is known here */
export function readFormat(bytes: Uint8Array, what: string, format: number): ByteReader {
  const [first] = bytes;
  if (first !== undefined && first > format) throw new UnknownFormatError(what, first);
  if (first !== format) throw new MalformedBytesError(`${what} begins with no format that there is`);
  return new ByteReader(bytes, what, 1);
}

/** Reads its string table when it is made. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  readonly #strings: readonly string[];
  #at: number;

  constructor(bytes: Uint8Array, what: string, at: number) {
    this.#bytes = bytes;
    this.#what = what;
    this.#at = at;
    const strings: string[] = [];
    for (let left = this.count(1); left > 0; left--) strings.push(this.#text(this.count(1), strings.length));
    this.#strings = strings;
  }

  byte(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  varint(): number {
    const first = this.#bytes[this.#at];
    if (first !== undefined && first < 0x80) {
      this.#at += 1;
      return first;
    }
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw this.malformed('it ends too early');
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw this.malformed('an integer is too large');
      if (byte < 0x80) {
        if (byte === 0 && scale > 1) throw this.malformed('an integer is longer than it need be');
        return value;
      }
      scale *= 0x80;
    }
  }

  float(): number {
    const value = this.#view(8).getFloat64(0, true);
    if (!Number.isFinite(value)) throw this.malformed('a number is not finite');
    return value;
  }

  int64(): bigint {
    return this.#view(8).getBigInt64(0, true);
  }

  uint64(): bigint {
    return this.#view(8).getBigUint64(0, true);
  }

  string(): string {
    const text = this.#strings[this.varint()];
    if (text === undefined) throw this.malformed('a string is not in the table');
    return text;
  }

  /** A view on them. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** How many things follow that take so many bytes each, at the least. */
  count(leastBytes: number): number {
    const count = this.varint();
    if (count * leastBytes > this.#bytes.length - this.#at) throw this.malformed('a count exceeds the bytes left');
    return count;
  }

  list<Item>(leastBytes: number, readItem: () => Item): Item[] {
    const items: Item[] = [];
    for (let left = this.count(leastBytes); left > 0; left--) items.push(readItem());
    return items;
  }

  /** Optional fields by rising tags, none of which this version knows; then the end. */
  end(): void {
    let last = -1;
    for (let left = this.count(2); left > 0; left--) {
      const tag = this.varint();
      if (tag <= last) throw this.malformed('optional fields are out of order');
      last = tag;
      this.#take(this.count(1));
    }
    if (this.#at < this.#bytes.length) throw this.malformed('bytes are left over');
  }

  malformed(problem: string, options?: ErrorOptions): MalformedBytesError {
    return new MalformedBytesError(`${this.#what} is malformed at byte ${this.#at}: ${problem}`, options);
  }

  #text(length: number, index: number): string {
    const start = this.#take(length);
    try {
      return readText(this.#bytes, start, length, index);
    } catch (cause) {
      throw this.malformed('a string is no UTF-8', { cause });
    }
  }

  /** Takes bytes. */
  #view(length: number): DataView {
    const start = this.#take(length);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + start, length);
  }

  /** @returns where the bytes taken begin */
  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw this.malformed('it ends too early');
    this.#at = start + length;
    return start;
  }
}
