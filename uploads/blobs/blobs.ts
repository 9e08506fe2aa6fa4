/** The port of the blob store: bytes addressed by their content. Specified by test/uploads/blobs/contract.ts. */
import type { Readable } from 'node:stream';

/** 64 lower-case hex digits. */
export type Sha256 = string;

const sha256Pattern = /^[0-9a-f]{64}$/;

export function isSha256(text: string): boolean {
  return sha256Pattern.test(text);
}

/** Inclusive at both ends, as in HTTP. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Bytes that are not a blob yet. It has one writer: calls must not overlap. */
export interface PartialBlob extends AsyncDisposable {
  /** The number of bytes written so far. */
  readonly size: number;
  /** Appends bytes. Resolves once they are written, but not yet flushed. */
  append(bytes: Uint8Array): Promise<void>;
  /** Reads all bytes written so far. */
  read(): Readable;
  /**
   * Turns the partial into the blob of this content, whose hash the caller has checked. Resolves once the blob survives
   * a crash. The partial then ends.
   * @returns true if the content was not in the store before
   */
  keep(sha256: Sha256): Promise<boolean>;
  /** Deletes the bytes and ends the partial. Idempotent. */
  discard(): Promise<void>;
}

export interface BlobStore {
  /** Creates an empty partial. Unless it was kept, disposing it deletes it; after a crash, the next start does. */
  createPartial(): Promise<PartialBlob>;
  /**
   * Opens the partial that collects this content, with the bytes from before. Disposing closes it and leaves its bytes,
   * also for the next process. After a crash they may be damaged: check all of them before `keep`. Open at most one at
   * a time for each content.
   */
  openPartial(sha256: Sha256): Promise<PartialBlob>;
  /** The size of a blob; undefined if it is not here. */
  size(sha256: Sha256): Promise<number | undefined>;
  /** Undefined if the blob is not here. Deleting a blob does not disturb its open readers. */
  open(sha256: Sha256, range?: ByteRange): Promise<Readable | undefined>;
  /**
   * Fills `into` with the bytes from `start`. False if the blob is not here or too short; the content of `into` is then
   * undefined.
   */
  read(sha256: Sha256, start: number, into: Uint8Array): Promise<boolean>;
  /** Idempotent. Does not delete a partial of the same content. */
  delete(sha256: Sha256): Promise<void>;
}
