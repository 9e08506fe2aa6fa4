/**
 * Flow control of one download: which chunks to ask for, and what came and waits for its turn. Pure.
 * T4. Asked for, or waiting here, are only the chunks that begin within `chunks` of the next byte to be written: memory is bounded by
 * the window, however large the content.
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
  /** Where the next chunk begins that was not wanted yet. */
  #end: number;

  /** @param start the first byte that is missing */
  constructor(start: number, size: number, chunkBytes: number, chunks: number) {
    this.#end = start;
    this.#size = size;
    this.#chunkBytes = chunkBytes;
    this.#chunks = chunks;
  }

  /** All that is asked for and has not come. */
  get wanted(): readonly Wanted[] {
    return [...this.#wantedByOffset.values()];
  }

  /** All up to here is written: what is wanted from now on, and was not before. */
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

  /** False, and nothing done, where it is not wanted (any more) or of another length than it was asked for. */
  accept({ offset, bytes }: Chunk): boolean {
    if (this.#wantedByOffset.get(offset)?.length !== bytes.length) return false;
    this.#wantedByOffset.delete(offset);
    this.#waitingByOffset.set(offset, bytes);
    return true;
  }

  /** The chunk that begins there, if it came. It can be taken once. */
  take(offset: number): Uint8Array | undefined {
    const bytes = this.#waitingByOffset.get(offset);
    this.#waitingByOffset.delete(offset);
    return bytes;
  }
}
