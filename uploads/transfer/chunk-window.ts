/**
 * Flow control of one download: decides which chunks to request, and buffers those that arrived out of order. Pure.
 * T4. Only chunks that begin within `chunks` chunks of the next byte to be written are requested or buffered: the
 * window bounds the memory, however large the content.
 */
import type { Chunk } from './messages.ts';

export interface Wanted {
  readonly offset: number;
  readonly length: number;
}

export class ChunkWindow {
  readonly #size: number;
  readonly #chunkBytes: number;
  readonly #chunks: number;
  readonly #wantedByOffset = new Map<number, Wanted>();
  readonly #waitingByOffset = new Map<number, Uint8Array>();
  /** The offset of the next chunk that has not been requested. */
  #end: number;

  /** @param start the offset of the first missing byte */
  constructor(start: number, size: number, chunkBytes: number, chunks: number) {
    this.#end = start;
    this.#size = size;
    this.#chunkBytes = chunkBytes;
    this.#chunks = chunks;
  }

  /** The chunks that were requested and have not arrived. */
  get wanted(): readonly Wanted[] {
    return [...this.#wantedByOffset.values()];
  }

  /** Moves the window after everything up to `written` was written; returns the chunks to request now. */
  advance(written: number): readonly Wanted[] {
    const added: Wanted[] = [];
    while (this.#end < this.#size && this.#end < written + this.#chunks * this.#chunkBytes) {
      const wanted = { offset: this.#end, length: Math.min(this.#chunkBytes, this.#size - this.#end) };
      this.#wantedByOffset.set(wanted.offset, wanted);
      this.#end += wanted.length;
      added.push(wanted);
    }
    return added;
  }

  /** Buffers a chunk. False, without effect, if it was not requested, has arrived already or has the wrong length. */
  accept({ offset, bytes }: Chunk): boolean {
    if (this.#wantedByOffset.get(offset)?.length !== bytes.length) return false;
    this.#wantedByOffset.delete(offset);
    this.#waitingByOffset.set(offset, bytes);
    return true;
  }

  /** Removes and returns the chunk at this offset, if it has arrived. */
  take(offset: number): Uint8Array | undefined {
    const bytes = this.#waitingByOffset.get(offset);
    this.#waitingByOffset.delete(offset);
    return bytes;
  }
}
