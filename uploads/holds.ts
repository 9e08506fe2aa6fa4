/**
 * Which contents requests in progress stand by. Between the moment an upload's bytes are a blob and the moment its attachment
 * is recorded, nothing else says that they are wanted: an eviction, or a failing upload of the same bytes, must not take them.
 */
import type { BlobStore, Sha256 } from './blobs/blobs.ts';

interface Hold {
  holders: number;
  /** Not there before its holders came. */
  isNew: boolean;
  isUsed: boolean;
}

export class Holds {
  readonly #blobs: BlobStore;
  readonly #holdsByContent = new Map<Sha256, Hold>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  has(sha256: Sha256): boolean {
    return this.#holdsByContent.has(sha256);
  }

  /** To be called before the content is kept; `release` ends it. */
  take(sha256: Sha256): void {
    const hold = this.#holdsByContent.get(sha256);
    if (hold === undefined) this.#holdsByContent.set(sha256, { holders: 1, isNew: false, isUsed: false });
    else hold.holders += 1;
  }

  /** @param isNew what `keep` said */
  kept(sha256: Sha256, isNew: boolean): void {
    const hold = this.#holdsByContent.get(sha256);
    if (hold !== undefined && isNew) hold.isNew = true;
  }

  /** The last one to let go of new content that nobody made an attachment of deletes it. */
  async release(sha256: Sha256, isUsed: boolean): Promise<void> {
    const hold = this.#holdsByContent.get(sha256);
    if (hold === undefined) return;
    hold.holders -= 1;
    if (isUsed) hold.isUsed = true;
    if (hold.holders > 0) return;
    this.#holdsByContent.delete(sha256);
    if (hold.isNew && !hold.isUsed) await this.#blobs.delete(sha256);
  }
}
