/** Deltas and document states as bytes: compact, versioned, decoded defensively. docs/codec.md. */
import type { Delta } from './delta.ts';
import type { DocumentState } from './document.ts';

export function encodeDelta(_delta: Delta): Uint8Array {
  throw new Error('pending');
}

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeDelta(_bytes: Uint8Array): Delta {
  throw new Error('pending');
}

export function encodeDocument(_state: DocumentState): Uint8Array {
  throw new Error('pending');
}

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeDocument(_bytes: Uint8Array): DocumentState {
  throw new Error('pending');
}
