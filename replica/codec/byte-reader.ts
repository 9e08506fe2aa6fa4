/**
 * Bytes, read defensively: varints, floats, and strings, each as itself or by its place in a table.
 * Reading any bytes whatever ends in a value or in MalformedBytesError, in time and memory proportional to their length:
 * no count is believed that the bytes left cannot hold. docs/internals/codec.md.
 */
import { MalformedBytesError, UnknownFormatError } from '../../errors.ts';
import type { StringPlaces } from './strings.ts';
import { readRareText, readText } from './text.ts';

/**
 * Reads the format that is first.
 * @throws {UnknownFormatError} it is another than the one known here @throws {MalformedBytesError}
 */
export function checkFormat(bytes: Uint8Array, what: string, format: number): void {
  const [first] = bytes;
  if (first === undefined || first === 0) throw new MalformedBytesError(`${what} does not begin with a format number`);
  if (first !== format) throw new UnknownFormatError(what, first);
}

/** The table of a reader that has none. */
const noStrings: string[] = [];

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  /** The table that strings refer to by their places. */
  #strings: string[];
  /** Whether a string that is written as itself gets the next place. */
  readonly #remembers: boolean;
  #texts = 0;
  /** Bytes of memory that what is read may still take. */
  #room = Number.POSITIVE_INFINITY;
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
    this.#strings = this.#remembers ? [] : noStrings;
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
        if (byte === 0 && scale > 1) throw this.malformed('an integer is not in its shortest form');
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

  /** One of very many. */
  rareString(): string {
    return this.stringOf(this.varint(), readRareText);
  }

  /** @param head what stands before a string: twice its place, or twice its length and one more */
  stringOf(head: number, read = readText): string {
    const half = Math.floor(head / 2);
    if (head % 2 === 1) {
      const text = this.#text(half, read);
      if (this.#remembers) this.#strings.push(text);
      return text;
    }
    const text = this.#strings[half];
    if (text === undefined) throw this.malformed('a string is not in the table');
    return text;
  }

  /** One that has no place. */
  text(): string {
    return this.#text(this.varint(), readText);
  }

  /** One of very many that has no place. */
  rareText(): string {
    return this.#text(this.varint(), readRareText);
  }

  /** Reads the table of the strings that have places. */
  table(): void {
    const count = this.count(1);
    if (count === 0) return;
    this.#strings = [];
    for (let left = count; left > 0; left--) this.#strings.push(this.text());
  }

  /** How many things follow that take so many bytes each, at the least. */
  count(leastBytes: number): number {
    const count = this.varint();
    if (count * leastBytes > this.#end - this.#at) throw this.malformed('a count exceeds the bytes left');
    return count;
  }

  /** From here on, what is read takes at most so much memory, as replica/crdt/memory.ts counts it. */
  allow(memoryBytes: number): void {
    this.#room = memoryBytes;
  }

  /** B1. Called before that much is made. */
  spend(memoryBytes: number): void {
    this.#room -= memoryBytes;
    if (this.#room < 0) throw this.malformed('it would take more memory than any replica may write');
  }

  /** @param memoryBytes of the list itself @param memoryBytesEach of each item, which its reader does not spend */
  list<Item>(leastBytes: number, readItem: () => Item, memoryBytes = 0, memoryBytesEach = 0): Item[] {
    const count = this.count(leastBytes);
    this.spend(memoryBytes + memoryBytesEach * count);
    // No longer than it has to be: growing, an array of two has room for seventeen.
    const items = Array<Item>(count);
    for (let index = 0; index < count; index++) items[index] = readItem();
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

  #text(length: number, read: typeof readText): string {
    const start = this.#take(length);
    try {
      return read(this.#bytes, start, length, this.#texts++);
    } catch (cause) {
      throw this.malformed('a string is not valid UTF-8', { cause });
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
