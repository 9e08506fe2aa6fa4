/**
 * The wire format of the messages that transfer attachments between replicas. docs/internals/transfer.md, section
 * "Messages".
 */
import { MalformedBytesError, UnknownFormatError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Sha256 } from '../blobs/blobs.ts';

/** `from` is the sender. */
export type Message =
  | { readonly kind: 'question'; readonly from: string; readonly contents: readonly Sha256[] }
  | { readonly kind: 'answer'; readonly from: string; readonly holdings: readonly Holding[] }
  | ({ readonly kind: 'request'; readonly from: string } & ChunkRequest)
  | ({ readonly kind: 'chunk'; readonly from: string } & Chunk);

/** A size of undefined means that the replica does not have the content. */
export interface Holding {
  readonly sha256: Sha256;
  readonly size: number | undefined;
}

export interface ChunkRequest {
  readonly sha256: Sha256;
  readonly offset: number;
  readonly length: number;
}

export interface Chunk {
  readonly sha256: Sha256;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const format = 1;
const kinds = { question: 1, answer: 2, request: 3, chunk: 4 } as const;
const hashBytes = 32;
const notHere = 0xffff_ffff_ffff_ffffn;
const idPattern = /^[A-Za-z0-9._-]{1,128}$/;

/** The offset of a chunk's bytes in its message. */
export function chunkHeadBytes(from: string): number {
  return headBytes(from) + hashBytes + 8;
}

/** @param into the buffer to write to; a chunk's bytes may already be at their offset in it */
export function encodeMessage(message: Message, into: Buffer = Buffer.allocUnsafe(sizeOf(message))): Uint8Array {
  const writer = new ByteWriter(into.subarray(0, sizeOf(message)));
  writer.byte(format);
  writer.byte(kinds[message.kind]);
  writer.byte(message.from.length);
  writer.bytes(Buffer.from(message.from, 'latin1'));
  switch (message.kind) {
    case 'question':
      writer.short(message.contents.length);
      for (const sha256 of message.contents) writer.hash(sha256);
      break;
    case 'answer':
      writer.short(message.holdings.length);
      for (const { sha256, size } of message.holdings) {
        writer.hash(sha256);
        writer.long(size === undefined ? notHere : BigInt(size));
      }
      break;
    case 'request':
      writer.hash(message.sha256);
      writer.long(BigInt(message.offset));
      writer.long(BigInt(message.length));
      break;
    case 'chunk':
      writer.hash(message.sha256);
      writer.long(BigInt(message.offset));
      writer.bytes(message.bytes);
      break;
  }
  return writer.buffer;
}

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new ByteReader(bytes);
  const itsFormat = reader.byte();
  if (itsFormat !== format) throw new UnknownFormatError('a message about attachments', itsFormat);
  const kind = reader.byte();
  const from = reader.text(reader.byte());
  if (!idPattern.test(from)) throw new MalformedBytesError('its sender is not a replica id');
  const message = readContent(kind, from, reader);
  reader.end();
  return message;
}

function readContent(kind: number, from: string, reader: ByteReader): Message {
  switch (kind) {
    case kinds.question:
      return { kind: 'question', from, contents: reader.list(() => reader.hash()) };
    case kinds.answer:
      return { kind: 'answer', from, holdings: reader.list(() => ({ sha256: reader.hash(), size: sizeFrom(reader) })) };
    case kinds.request: {
      const request = { sha256: reader.hash(), offset: safe(reader.long()), length: safe(reader.long()) };
      if (request.length === 0 || request.length > limits.transferChunkBytes) {
        throw new MalformedBytesError(`it asks for ${request.length} bytes`);
      }
      return { kind: 'request', from, ...request };
    }
    case kinds.chunk:
      return { kind: 'chunk', from, sha256: reader.hash(), offset: safe(reader.long()), bytes: reader.rest() };
    default:
      throw new MalformedBytesError(`it is of kind ${kind}`);
  }
}

function headBytes(from: string): number {
  return 3 + from.length;
}

function sizeOf(message: Message): number {
  const head = headBytes(message.from);
  switch (message.kind) {
    case 'question':
      return head + 2 + message.contents.length * hashBytes;
    case 'answer':
      return head + 2 + message.holdings.length * (hashBytes + 8);
    case 'request':
      return head + hashBytes + 16;
    case 'chunk':
      return chunkHeadBytes(message.from) + message.bytes.length;
  }
}

function sizeFrom(reader: ByteReader): number | undefined {
  const size = reader.long();
  return size === notHere ? undefined : safe(size);
}

function safe(number: bigint): number {
  if (number > BigInt(Number.MAX_SAFE_INTEGER))
    throw new MalformedBytesError(`it has an impossible size: ${number} bytes`);
  return Number(number);
}

/** Big-endian, that is, network byte order. */
class ByteWriter {
  readonly buffer: Buffer;
  #offset = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  byte(value: number): void {
    this.#offset = this.buffer.writeUInt8(value, this.#offset);
  }

  short(value: number): void {
    this.#offset = this.buffer.writeUInt16BE(value, this.#offset);
  }

  long(value: bigint): void {
    this.#offset = this.buffer.writeBigUInt64BE(value, this.#offset);
  }

  hash(sha256: Sha256): void {
    this.#offset += this.buffer.write(sha256, this.#offset, 'hex');
  }

  bytes(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.#offset);
    this.#offset += bytes.length;
  }
}

class ByteReader {
  readonly #buffer: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  long(): bigint {
    return this.#buffer.readBigUInt64BE(this.#take(8));
  }

  text(length: number): string {
    const start = this.#take(length);
    return this.#buffer.toString('latin1', start, start + length);
  }

  hash(): Sha256 {
    const start = this.#take(hashBytes);
    return this.#buffer.toString('hex', start, start + hashBytes);
  }

  list<Element>(read: () => Element): Element[] {
    const length = this.#buffer.readUInt16BE(this.#take(2));
    if (length > limits.locateContents) throw new MalformedBytesError(`it names ${length} contents`);
    return Array.from({ length }, read);
  }

  rest(): Uint8Array {
    return this.#buffer.subarray(this.#take(this.#buffer.length - this.#offset));
  }

  end(): void {
    if (this.#offset !== this.#buffer.length) throw new MalformedBytesError('it has bytes after its end');
  }

  #take(length: number): number {
    const start = this.#offset;
    if (start + length > this.#buffer.length) throw new MalformedBytesError('it ends too early');
    this.#offset += length;
    return start;
  }
}
