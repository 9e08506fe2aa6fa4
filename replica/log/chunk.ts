/**
 * A chunk of a snapshot as it is stored: a sealed record whose fields are log, position and mark at which it was written,
 * its generation and its number; its body is the length (4, big-endian) of the documents, the documents (docs/internals/codec.md,
 * section "Chunks"), and the ids of documents that were removed. docs/internals/protocol.md, P26 and P27.
 */

import { MalformedBytesError } from '../../errors.ts';
import { ByteReader, checkFormat } from '../codec/byte-reader.ts';
import { ByteWriter } from '../codec/byte-writer.ts';
import { type ChunkRecord, decodeChunk, encodeChunk } from '../codec/chunk-codec.ts';
import { StringTable } from '../codec/strings.ts';
import type { Head } from '../crdt/version.ts';
import { isGenerationName, isLogId, isMark } from './ids.ts';
import type { RemovedDocument } from './log.ts';
import { parseNumber, seal, unseal } from './sealed.ts';
import type { GenerationName } from './snapshots.ts';

const chunkFormat = 1;
const removedFormat = 1;
const lengthBytes = 4;

export interface Chunk {
  readonly generation: GenerationName;
  readonly index: number;
  /** Where its writer stood: all documents in it are as of there. */
  readonly label: Head;
  readonly records: readonly ChunkRecord[];
  readonly removed: readonly RemovedDocument[];
}

/**
 * P27. The chunk that a document belongs to, whether it is there or not: FNV-1a (32 bits) over the UTF-16 code units of its
 * collection, a zero, and its id, each unit as two bytes, the lower first; modulo the number of chunks.
 * Source: Fowler, Noll, Vo, http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function chunkOf(collection: string, id: string, chunks: number): number {
  return (hashed(hashed(hashed(0x811c9dc5, collection), '\0'), id) >>> 0) % chunks;
}

const fnvPrime = 0x01000193;

function hashed(hash: number, text: string): number {
  let result = hash;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    result = Math.imul(result ^ (unit & 255), fnvPrime);
    result = Math.imul(result ^ (unit >> 8), fnvPrime);
  }
  return result;
}

export function encodeStoredChunk({ generation, index, label, records, removed }: Chunk): Buffer {
  const documents = encodeChunk(records);
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(documents.length);
  const fields = [label.log, label.position, label.mark, generation, index];
  return seal(chunkFormat, fields, Buffer.concat([length, documents, encodeRemoved(removed)]));
}

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeStoredChunk(bytes: Uint8Array): Chunk {
  const { fields, body } = unseal('a chunk of the snapshot', chunkFormat, 5, bytes);
  const [log, positionText, mark, generation, indexText] = fields;
  const position = parseNumber(positionText);
  const index = parseNumber(indexText);
  if (!isLogId(log) || position === undefined || !isMark(mark)) throw malformed('its label');
  if (!isGenerationName(generation) || index === undefined) throw malformed('its generation');
  const end = body.length < lengthBytes ? Number.POSITIVE_INFINITY : lengthBytes + body.readUInt32BE();
  if (end > body.length) throw malformed('its length');
  return {
    generation,
    index,
    label: { log, position, mark },
    records: decodeChunk(body.subarray(lengthBytes, end)),
    removed: decodeRemoved(body.subarray(end)),
  };
}

function encodeRemoved(removed: readonly RemovedDocument[]): Uint8Array {
  const writer = new ByteWriter(new StringTable('FIRST_USE'));
  writer.byte(removedFormat);
  writer.varint(removed.length);
  for (const { collection, id, position, time } of removed) {
    writer.string(collection);
    writer.text(id);
    writer.varint(position);
    writer.varint(time);
  }
  return writer.take();
}

function decodeRemoved(bytes: Uint8Array): readonly RemovedDocument[] {
  checkFormat(bytes, 'the removed documents of a chunk', removedFormat);
  const reader = new ByteReader(bytes, 'the removed documents of a chunk', 1, 'FIRST_USE');
  const removed = reader.list(4, () => ({
    collection: reader.string(),
    id: reader.text(),
    position: reader.varint(),
    time: reader.varint(),
  }));
  reader.fieldsToEnd();
  return removed;
}

const malformed = (what: string) => new MalformedBytesError(`a chunk of the snapshot is malformed: ${what}`);
