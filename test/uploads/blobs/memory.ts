/** Blobs in memory: for tests in virtual time, which waits for no disk. What is in it outlives its users, as a folder does. */
import { Readable } from 'node:stream';
import { type BlobStore, isSha256, type PartialBlob } from '../../../uploads/blobs/blobs.ts';

export class MemoryBlobs implements BlobStore {
  readonly #blobs = new Map<string, Buffer>();
  readonly #partials = new Map<string, Buffer>();

  async createPartial(): Promise<PartialBlob> {
    let bytes: Buffer | undefined = Buffer.alloc(0);
    return this.#partial({ get: () => bytes, set: (value) => (bytes = value) }, true);
  }

  async openPartial(sha256: string): Promise<PartialBlob> {
    const key = checked(sha256);
    const set = (value: Buffer | undefined) =>
      value === undefined ? this.#partials.delete(key) : this.#partials.set(key, value);
    if (!this.#partials.has(key)) set(Buffer.alloc(0));
    return this.#partial({ get: () => this.#partials.get(key), set }, false);
  }

  async size(sha256: string): Promise<number | undefined> {
    return this.#blobs.get(checked(sha256))?.length;
  }

  async open(sha256: string, range?: { start: number; end: number }): Promise<Readable | undefined> {
    const bytes = this.#blobs.get(checked(sha256));
    return bytes === undefined ? undefined : streamOf(range ? bytes.subarray(range.start, range.end + 1) : bytes);
  }

  async read(sha256: string, start: number, into: Uint8Array): Promise<boolean> {
    const bytes = this.#blobs.get(checked(sha256))?.subarray(start, start + into.length);
    if (bytes?.length !== into.length) return false;
    into.set(bytes);
    return true;
  }

  async delete(sha256: string): Promise<void> {
    this.#blobs.delete(checked(sha256));
  }

  /** Puts bytes under a hash that need not be theirs, as a faulty disk may. */
  damage(sha256: string, bytes: Uint8Array): void {
    this.#blobs.set(sha256, Buffer.from(bytes));
  }

  #partial(
    slot: { get: () => Buffer | undefined; set: (value: Buffer | undefined) => void },
    dropsWhenDisposed: boolean,
  ): PartialBlob {
    const blobs = this.#blobs;
    const discard = async () => slot.set(undefined);
    return {
      get size() {
        return slot.get()?.length ?? 0;
      },
      append: async (bytes) => void slot.set(Buffer.concat([slot.get() ?? Buffer.alloc(0), bytes])),
      read: () => streamOf(slot.get() ?? Buffer.alloc(0)),
      async keep(sha256) {
        const isNew = !blobs.has(checked(sha256));
        blobs.set(sha256, slot.get() ?? Buffer.alloc(0));
        slot.set(undefined);
        return isNew;
      },
      discard: async () => void (await discard()),
      async [Symbol.asyncDispose]() {
        if (dropsWhenDisposed) await discard();
      },
    };
  }
}

function streamOf(bytes: Buffer): Readable {
  return Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false });
}

function checked(sha256: string): string {
  if (!isSha256(sha256)) throw new RangeError(`not a SHA-256 in hex: ${sha256}`);
  return sha256;
}
