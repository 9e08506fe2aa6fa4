/** Many documents as bytes: a chunk of a snapshot. docs/internals/codec.md, section "Chunks". */

import type { DocumentState } from '../crdt/document-node.ts';
import { ByteReader, checkFormat } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { readDocument, writeDocument } from './document-codec.ts';
import { StampReader, StampWriter } from './stamp-codec.ts';
import { StringTable } from './strings.ts';

const chunkFormat = 2;
/** As 2, but that a last writer may be a name alone. */
const formerChunkFormat = 1;

export interface ChunkRecord {
  readonly collection: string;
  readonly id: string;
  readonly state: DocumentState;
}

/** Documents that were written one after the other, or look alike, take less together than each alone. */
export function encodeChunk(records: readonly ChunkRecord[]): Uint8Array {
  const stamps = new StampWriter();
  const writer = new ByteWriter(new StringTable('FIRST_USE'));
  writer.byte(chunkFormat);
  writer.varint(records.length);
  for (const { collection, id, state } of records) {
    writer.string(collection);
    writer.text(id);
    writeDocument(writer, stamps, state);
  }
  return writer.take();
}

/** In the order in which they were written. @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeChunk(bytes: Uint8Array): ChunkRecord[] {
  const isFormer = bytes[0] === formerChunkFormat;
  checkFormat(bytes, 'a chunk', isFormer ? formerChunkFormat : chunkFormat);
  const reader = new ByteReader(bytes, 'a chunk', 1, 'FIRST_USE');
  const stamps = new StampReader();
  const records = reader.list(6, (): ChunkRecord => {
    const collection = reader.string();
    const id = reader.rareText();
    return { collection, id, state: readDocument(reader, stamps, !isFormer) };
  });
  reader.fieldsToEnd();
  return records;
}
