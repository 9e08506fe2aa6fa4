/** Deltas and document states as bytes: compact, versioned, decoded defensively. docs/codec.md. */
import { ByteWriter, readFormat, StringTable } from './bytes.ts';
import type { Delta } from './delta.ts';
import { readDelta, writeDelta } from './delta-codec.ts';
import type { DocumentState } from './document.ts';
import { DocumentWriter, readDocument } from './document-codec.ts';

const deltaFormat = 1;
const documentFormat = 1;

/** Used again and again: nothing is encoded while something else is. */
const strings = new StringTable();
const body = new ByteWriter(strings);
const whole = new ByteWriter(strings);
const documentWriter = new DocumentWriter(body, strings);

export function encodeDelta(delta: Delta): Uint8Array {
  strings.clear();
  body.clear();
  writeDelta(body, delta);
  return assemble(deltaFormat);
}

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeDelta(bytes: Uint8Array): Delta {
  const reader = readFormat(bytes, 'a delta', deltaFormat);
  const delta = readDelta(reader);
  reader.end();
  return delta;
}

export function encodeDocument(state: DocumentState): Uint8Array {
  strings.clear();
  body.clear();
  documentWriter.write(state);
  return assemble(documentFormat);
}

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeDocument(bytes: Uint8Array): DocumentState {
  const reader = readFormat(bytes, 'a document', documentFormat);
  const state = readDocument(reader);
  reader.end();
  return state;
}

/** Format, strings, body, and no optional fields. */
function assemble(format: number): Uint8Array {
  whole.clear();
  whole.byte(format);
  strings.writeTo(whole);
  whole.copyOf(body);
  whole.varint(0);
  return whole.take();
}
