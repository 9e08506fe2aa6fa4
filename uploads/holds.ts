/**
 * Holds: contents that requests in progress rely on. From the moment that an upload's bytes are a blob until its
 * attachment is recorded, nothing else protects them from an eviction, or from the cleanup of a failed upload of the
 * same bytes.
 */
import type { BlobStore, Sha256 } from './blobs/blobs.ts';

interface Hold {
  holders: number;
  /** True if the content was not in the store before its holders. */
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

  /** Must be called before the content is kept; `release` ends the hold. */
  take(sha256: Sha256): void {
    const hold = this.#holdsByContent.get(sha256);
    if (hold === undefined) this.#holdsByContent.set(sha256, { holders: 1, isNew: false, isUsed: false });
    else hold.holders += 1;
  }

  /** @param isNew the result of `keep` */
  kept(sha256: Sha256, isNew: boolean): void {
    const hold = this.#holdsByContent.get(sha256);
    if (hold !== undefined && isNew) hold.isNew = true;
  }

  /** Ends a hold. The last holder to release new content deletes it, unless someone made an attachment of it. */
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
