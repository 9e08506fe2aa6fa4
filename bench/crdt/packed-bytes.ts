/** Many small byte strings in a few large buffers, so that what they cost in memory is known. */

const chunkBytes = 1 << 20;

export class PackedBytes {
  #chunks: Buffer[] = [];
  #used = chunkBytes;
  /** Chunk, offset and length of each. */
  #places = new Float64Array(3 * 1024);
  length = 0;
  bytes = 0;

  /** What it holds live. */
  get heldBytes(): number {
    return this.#chunks.reduce((sum, { length }) => sum + length, 0) + this.#places.byteLength;
  }

  push(bytes: Uint8Array): void {
    if (this.#used + bytes.length > (this.#chunks.at(-1)?.length ?? 0)) {
      this.#chunks.push(Buffer.alloc(Math.max(chunkBytes, bytes.length)));
      this.#used = 0;
    }
    if (this.length * 3 === this.#places.length) {
      const grown = new Float64Array(this.#places.length * 2);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#chunks.at(-1)?.set(bytes, this.#used);
    this.#places.set([this.#chunks.length - 1, this.#used, bytes.length], this.length * 3);
    this.#used += bytes.length;
    this.length += 1;
    this.bytes += bytes.length;
  }

  /** Views on what it holds. */
  slice(from: number, to: number): Uint8Array[] {
    return Array.from({ length: to - from }, (_, index) => this.#at(from + index));
  }

  *all(): Iterable<Uint8Array> {
    for (let index = 0; index < this.length; index++) yield this.#at(index);
  }

  clear(): void {
    this.#chunks = [];
    this.#used = chunkBytes;
    this.#places = new Float64Array(3 * 1024);
    this.length = 0;
    this.bytes = 0;
  }

  #at(index: number): Uint8Array {
    const [chunk = 0, offset = 0, length = 0] = this.#places.subarray(index * 3, index * 3 + 3);
    return this.#chunks[chunk]?.subarray(offset, offset + length) ?? new Uint8Array();
  }
}
