/**
 * Bytes, written and read defensively: varints, floats, and strings, each as itself or by its place in a table.
 * Reading any bytes whatever ends in a value or in MalformedBytesError, in time and memory proportional to their length:
 * no count is believed that the bytes left cannot hold. docs/codec.md.
 */
import { MalformedBytesError, UnknownFormatError } from '../../errors.ts';
import type { StringPlaces, StringTable } from './strings.ts';
import { mostBytes, readText, writeText } from './text.ts';

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

  /** What stands before it (twice its place in the table, or twice the number of its bytes and one more), then the bytes. */
  string(text: string): void {
    const place = this.#strings.placeOf(text);
    if (place >= 0) this.varint(2 * place);
    else this.#text(text, 2, 1);
  }

  /**
   * A tag and a string. Where what stands before the string is small, the tag says it.
   * @param joined the first of `count` tags that do
   * @param apart the tag after which it stands
   */
  stringWithTag(text: string, joined: number, count: number, apart: number): void {
    const place = this.#strings.placeOf(text);
    if (place >= 0) this.#tagged(2 * place, joined, count, apart);
    else if (2 * text.length + 1 >= count || !this.#shortText(text, joined + 1)) {
      this.byte(apart);
      this.#text(text, 2, 1);
    }
  }

  /** The number of its bytes, then the bytes. */
  text(text: string): void {
    this.#text(text, 1, 0);
  }

  /** Of what was written so far. */
  get length(): number {
    return this.#end - this.#start;
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
    const written = new Uint8Array(this.#bytes.buffer, this.#start, this.#end - this.#start);
    this.#start = this.#end;
    if (this.#bytes.length === pieceBytes) return written;
    this.#begin(new Uint8Array(pieceBytes));
    return written.slice();
  }

  #tagged(value: number, joined: number, count: number, apart: number): void {
    if (value < count) this.byte(joined + value);
    else {
      this.byte(apart);
      this.varint(value);
    }
  }

  /** Writes nothing, and says so, where the text takes more bytes than it has characters. */
  #shortText(text: string, lengthFrom: number): boolean {
    this.#reserve(mostBytes(text) + 1);
    const written = writeText(text, this.#bytes, this.#end + 1);
    if (written !== text.length) return false;
    this.#bytes[this.#end] = lengthFrom + 2 * written;
    this.#end += 1 + written;
    return true;
  }

  /** @param scale the number of its bytes stands first, so many times itself and `more` */
  #text(text: string, scale: number, more: number): void {
    this.#reserve(mostBytes(text) + 8);
    const start = this.#end;
    this.varint(text.length * scale + more);
    const written = writeText(text, this.#bytes, this.#end);
    if (written !== text.length) {
      this.#end = start;
      this.varint(written * scale + more);
      writeText(text, this.#bytes, this.#end);
    }
    this.#end += written;
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

/**
 * Reads the format that is first.
 * @throws {UnknownFormatError} it is another than the one known here @throws {MalformedBytesError}
 */
export function checkFormat(bytes: Uint8Array, what: string, format: number): void {
  const [first] = bytes;
  if (first === undefined || first === 0) throw new MalformedBytesError(`${what} begins with no format that there is`);
  if (first !== format) throw new UnknownFormatError(what, first);
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  /** What strings name by their places. */
  #strings: string[] = [];
  /** Whether a string that is written as itself gets the next place. */
  readonly #remembers: boolean;
  #texts = 0;
  #at: number;
  #end: number;

  /**
   * @param what names the whole in errors
   * @param at where the reader begins
   * @param places FIRST_USE: strings get them as they come; SECOND_USE: only those of a table have them
   */
  constructor(bytes: Uint8Array, what: string, at: number, places: StringPlaces) {
    this.#bytes = bytes;
    this.#what = what;
    this.#at = at;
    this.#end = bytes.length;
    this.#remembers = places === 'FIRST_USE';
  }

  byte(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  varint(): number {
    const first = this.#bytes[this.#at];
    if (first !== undefined && first < 0x80 && this.#at < this.#end) {
      this.#at += 1;
      return first;
    }
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#take(1)] ?? 0;
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER || scale > Number.MAX_SAFE_INTEGER)
        throw this.malformed('an integer is too large');
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
    return this.stringOf(this.varint());
  }

  /** @param head what stands before a string: twice its place, or twice its length and one more */
  stringOf(head: number): string {
    const half = Math.floor(head / 2);
    if (head % 2 === 1) {
      const text = this.#text(half);
      if (this.#remembers) this.#strings.push(text);
      return text;
    }
    const text = this.#strings[half];
    if (text === undefined) throw this.malformed('a string is not in the table');
    return text;
  }

  /** One that has no place. */
  text(): string {
    return this.#text(this.varint());
  }

  /** Reads the table of the strings that have places. */
  table(): void {
    this.#strings = this.list(1, () => this.text());
  }

  /** How many things follow that take so many bytes each, at the least. */
  count(leastBytes: number): number {
    const count = this.varint();
    if (count * leastBytes > this.#end - this.#at) throw this.malformed('a count exceeds the bytes left');
    return count;
  }

  list<Item>(leastBytes: number, readItem: () => Item): Item[] {
    const items: Item[] = [];
    for (let left = this.count(leastBytes); left > 0; left--) items.push(readItem());
    return items;
  }

  /**
   * Reads no further than so many bytes from here, until it leaves.
   * @returns what `leave` is to be given
   */
  enter(length: number): number {
    const outer = this.#end;
    const start = this.#take(length);
    this.#at = start;
    this.#end = start + length;
    return outer;
  }

  /** Reads what is left of what it entered: optional fields. */
  leave(outer: number): void {
    this.fieldsToEnd();
    this.#end = outer;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  /** Optional fields up to the end: by rising tags, none of which this version knows. */
  fieldsToEnd(): void {
    let last = -1;
    while (!this.isAtEnd) last = this.#field(last);
  }

  /** So many optional fields as the number before them says. */
  fields(): void {
    let last = -1;
    for (let left = this.count(2); left > 0; left--) last = this.#field(last);
  }

  malformed(problem: string, options?: ErrorOptions): MalformedBytesError {
    return new MalformedBytesError(`${this.#what} is malformed at byte ${this.#at}: ${problem}`, options);
  }

  #field(last: number): number {
    const tag = this.varint();
    if (tag <= last) throw this.malformed('optional fields are out of order');
    this.#take(this.count(1));
    return tag;
  }

  #text(length: number): string {
    const start = this.#take(length);
    try {
      return readText(this.#bytes, start, length, this.#texts++);
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
    if (length > this.#end - start) throw this.malformed('it ends too early');
    this.#at = start + length;
    return start;
  }
}
