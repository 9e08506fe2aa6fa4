/** Deltas and document states as bytes: compact, versioned, decoded defensively. docs/codec.md. */
import { ByteWriter, readFormat, StringTable } from './bytes.ts';
import type { Delta } from './delta.ts';
import { readDelta, writeDelta } from './delta-codec.ts';
import type { DocumentState } from './document.ts';
import { readDocument, writeDocument } from './document-codec.ts';

const deltaFormat = 1;
const documentFormat = 1;

export function encodeDelta(delta: Delta): Uint8Array {
  const strings = new StringTable();
  const body = new ByteWriter(strings);
  writeDelta(body, delta);
  return assemble(deltaFormat, strings, body);
}

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeDelta(bytes: Uint8Array): Delta {
  const reader = readFormat(bytes, 'a delta', deltaFormat);
  const delta = readDelta(reader);
  reader.end();
  return delta;
}

export function encodeDocument(state: DocumentState): Uint8Array {
  const strings = new StringTable();
  const body = new ByteWriter(strings);
  writeDocument(body, strings, state);
  return assemble(documentFormat, strings, body);
}

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeDocument(bytes: Uint8Array): DocumentState {
  const reader = readFormat(bytes, 'a document', documentFormat);
  const state = readDocument(reader);
  reader.end();
  return state;
}

/** Format, strings, body, and no optional fields. */
function assemble(format: number, strings: StringTable, body: ByteWriter): Uint8Array {
  const whole = new ByteWriter(strings);
  whole.byte(format);
  strings.writeTo(whole);
  whole.raw(body.written());
  whole.varint(0);
  return whole.written().slice();
}
