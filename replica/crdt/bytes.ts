/**
 * Bytes, written and read defensively: varints, floats, and strings by their index in one table that comes first.
 * Reading any bytes whatever ends in a value or in MalformedBytesError, in time and memory proportional to their length:
 * no count is believed that the bytes left cannot hold. docs/codec.md.
 */
import { MalformedBytesError, UnknownFormatError } from '../../errors.ts';

/** Strings in the order in which they were first written. */
export class StringTable {
  readonly #indexes = new Map<string, number>();

  indexOf(text: string): number {
    const known = this.#indexes.get(text);
    if (known !== undefined) return known;
    this.#indexes.set(text, this.#indexes.size);
    return this.#indexes.size - 1;
  }

  writeTo(writer: ByteWriter): void {
    writer.varint(this.#indexes.size);
    for (const text of this.#indexes.keys()) {
      const bytes = encoder.encode(text);
      writer.varint(bytes.length);
      writer.raw(bytes);
    }
  }
}

const encoder = new TextEncoder();

export class ByteWriter {
  readonly #strings: StringTable;
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  constructor(strings: StringTable) {
    this.#strings = strings;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** @param value a safe integer, 0 or more; seven bits a byte, lowest first */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Eight bytes, IEEE 754, lowest first. */
  float(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Eight bytes, two's complement where it is negative, lowest first. */
  integer64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, BigInt.asUintN(64, value), true);
    this.#length += 8;
  }

  string(text: string): void {
    this.varint(this.#strings.indexOf(text));
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Valid until something more is written. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
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
  readonly #view: DataView;
  readonly #what: string;
  readonly #strings: readonly string[];
  #at: number;

  constructor(bytes: Uint8Array, what: string, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.#at = at;
    this.#strings = this.list(1, () => this.#text(this.count(1)));
  }

  byte(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte % 0x80) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw this.malformed('an integer is too large');
      if (byte < 0x80) {
        if (byte === 0 && scale > 1) throw this.malformed('an integer is longer than it need be');
        return value;
      }
      scale *= 0x80;
    }
  }

  float(): number {
    const value = this.#view.getFloat64(this.#take(8), true);
    if (!Number.isFinite(value)) throw this.malformed('a number is not finite');
    return value;
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  string(): string {
    const text = this.#strings[this.varint()];
    if (text === undefined) throw this.malformed('a string is not in the table');
    return text;
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

  #text(length: number): string {
    const start = this.#take(length);
    try {
      return decoder.decode(this.#bytes.subarray(start, start + length));
    } catch (cause) {
      throw this.malformed('a string is no UTF-8', { cause });
    }
  }

  /** @returns where the bytes taken begin */
  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw this.malformed('it ends too early');
    this.#at = start + length;
    return start;
  }
}

/** A byte order mark is text like any other. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
