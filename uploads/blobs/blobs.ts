/** The port of the blob store: bytes by their content. Defined by test/uploads/blobs/contract.ts. */
import type { Readable } from 'node:stream';

/** Hex, lower case, 64 digits. */
export type Sha256 = string;

const sha256Pattern = /^[0-9a-f]{64}$/;

export function isSha256(text: string): boolean {
  return sha256Pattern.test(text);
}

/** Both ends are in it, as in HTTP's ranges. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Bytes that are not a blob yet. One writer: no call while another one runs. */
export interface PartialBlob extends AsyncDisposable {
  /** Bytes in it. */
  readonly size: number;
  /** Adds to the end. Settles once written, though not flushed. */
  append(bytes: Uint8Array): Promise<void>;
  /** All that is in it so far. */
  read(): Readable;
  /**
   * Makes it the blob of this content, which the caller has checked; settles when no crash can lose it. It ends the partial.
   * @returns whether that content was not there before
   */
  keep(sha256: Sha256): Promise<boolean>;
  /** Drops what is in it. It ends the partial. Idempotent. */
  discard(): Promise<void>;
}

export interface BlobStore {
  /** A new one, empty. Disposing drops it, unless it was kept; so does the next start after a crash. */
  createPartial(): Promise<PartialBlob>;
  /**
   * The one that gathers this content, with what is in it from before. Disposing closes it and leaves it there, also for the next process.
   * What a crash leaves in it may be damaged: check all of it before `keep`. At most one is open for a content at a time.
   */
  openPartial(sha256: Sha256): Promise<PartialBlob>;
  /** Bytes of a blob; undefined where it is not here. */
  size(sha256: Sha256): Promise<number | undefined>;
  /** Undefined where it is not here. Deleting it does not disturb who reads it already. */
  open(sha256: Sha256, range?: ByteRange): Promise<Readable | undefined>;
  /** Fills `into` with the bytes from `start`. False where the blob is not here or ends before: what is in `into` means nothing then. */
  read(sha256: Sha256, start: number, into: Uint8Array): Promise<boolean>;
  /** Idempotent. A partial of that content stays. */
  delete(sha256: Sha256): Promise<void>;
}
