/** Many documents as bytes: a chunk of a snapshot. docs/codec.md, section "Chunks". */
import { type ByteReader, ByteWriter, readFormat, StringTable } from './bytes.ts';
import { decodeDocument, encodeDocument } from './codec.ts';
import type { DocumentState } from './document.ts';

const chunkFormat = 1;

export interface ChunkRecord {
  readonly collection: string;
  readonly id: string;
  readonly state: DocumentState;
}

export function encodeChunk(records: Iterable<ChunkRecord>): Uint8Array {
  const strings = new StringTable();
  const body = new ByteWriter(strings);
  let count = 0;
  for (const { collection, id, state } of records) {
    const bytes = encodeDocument(state);
    body.string(collection);
    body.string(id);
    body.varint(bytes.length);
    body.bytes(bytes);
    count += 1;
  }
  const whole = new ByteWriter(strings);
  whole.byte(chunkFormat);
  strings.writeTo(whole);
  whole.varint(count);
  whole.copyOf(body);
  whole.varint(0);
  return whole.take();
}

/** In the order in which they were written. @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeChunk(bytes: Uint8Array): ChunkRecord[] {
  const reader: ByteReader = readFormat(bytes, 'a chunk', chunkFormat);
  const records = reader.list(4, (): ChunkRecord => {
    const collection = reader.string();
    const id = reader.string();
    return { collection, id, state: decodeDocument(reader.bytes(reader.count(1))) };
  });
  reader.end();
  return records;
}
