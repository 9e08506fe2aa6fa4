/** Writes bytes: varints, floats, and strings, each as itself or by its place in a table. docs/internals/codec.md. */
import type { StringTable } from './strings.ts';
import { mostBytes, writeText } from './text.ts';

/** The size of the buffers for output. Small outputs share one; none keeps much more memory alive than its own. */
const pieceBytes = 8192;
/** Shorter ones are copied byte by byte: a view on them takes longer to make. */
const copiedBytes = 96;

const fourGroups = 2 ** 28;

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}

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
    if (value < 0x80) {
      this.byte(value);
      return;
    }
    this.#reserve(8);
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

  /** Writes twice the place of the string in the table; or twice the number of its bytes plus one, and the bytes. */
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

  /** The number of bytes written so far. */
  get length(): number {
    return this.#end - this.#start;
  }

  /**
   * Begins a section that is written after its length in bytes.
   * @returns the argument for `endSized`
   */
  beginSized(): number {
    this.#reserve(1);
    this.#end += 1;
    return this.length;
  }

  /** Ends a section. One byte was reserved for its length: only a section whose length takes more is moved. */
  endSized(begun: number): void {
    const length = this.length - begun;
    const more = varintBytes(length) - 1;
    this.#reserve(more);
    const from = this.#start + begun;
    const end = this.#end + more;
    if (more > 0) this.#bytes.copyWithin(from + more, from, this.#end);
    this.#end = from - 1;
    this.varint(length);
    this.#end = end;
  }

  /** Copies the bytes that another writer has written so far. */
  copyOf(other: ByteWriter): void {
    const length = other.#end - other.#start;
    this.#reserve(length);
    if (length > copiedBytes) this.#bytes.set(other.#bytes.subarray(other.#start, other.#end), this.#end);
    else for (let at = 0; at < length; at++) this.#bytes[this.#end + at] = other.#bytes[other.#start + at] ?? 0;
    this.#end += length;
  }

  /** Returns the bytes written and begins anew; later writes do not change them. */
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
