/**
 * Upload session: the files of one request, from their first byte until the response. They become blobs together, after
 * the whole form has been read, so a client that disconnects midway leaves nothing. Those without an attachment are
 * deleted at the end.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { PayloadTooLargeError, StoreUnavailableError } from '../errors.ts';
import { UploadedFile } from './attachments.ts';
import type { BlobStore, PartialBlob } from './blobs/blobs.ts';
import type { Holds } from './holds.ts';

interface ReceivedFile {
  readonly field: string;
  readonly partial: PartialBlob;
  readonly file: UploadedFile;
}

export class UploadSession implements AsyncDisposable {
  readonly maximumFileBytes: number;
  /** Resolves once the session is disposed. */
  readonly ended: Promise<void>;
  /** The size of all files received so far. */
  storedBytes = 0;
  #end: () => void = () => {};
  readonly #blobs: BlobStore;
  readonly #holds: Holds;
  readonly #receiving = new Set<Promise<unknown>>();
  readonly #received: ReceivedFile[] = [];
  readonly #kept: UploadedFile[] = [];

  /** @param maximumFileBytes the limit for each file */
  constructor(blobs: BlobStore, holds: Holds, maximumFileBytes: number) {
    this.#blobs = blobs;
    this.#holds = holds;
    this.maximumFileBytes = maximumFileBytes;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /**
   * Streams a file to the blob store and hashes it. Errors of the source are passed on.
   * @throws {PayloadTooLargeError} as soon as the file exceeds maximumFileBytes
   * @throws {StoreUnavailableError} the file could not be written
   */
  receive(field: string, source: Readable, filename: string | undefined, contentType: string): Promise<UploadedFile> {
    const receiving = this.#receive(field, source, filename, contentType);
    const settled = receiving.then(
      () => {},
      () => {},
    );
    this.#receiving.add(settled);
    void settled.then(() => this.#receiving.delete(settled));
    return receiving;
  }

  /** Turns all received files into blobs, once the form is known to be complete. @throws {StoreUnavailableError} */
  async keep(): Promise<readonly { readonly field: string; readonly file: UploadedFile }[]> {
    for (const { partial, file } of this.#received) {
      this.#holds.take(file.sha256);
      this.#kept.push(file);
      this.#holds.kept(file.sha256, await stored(partial.keep(file.sha256)));
    }
    return this.#received;
  }

  /**
   * Called if the transaction that made attachments of the files was certainly not committed: nothing names their
   * bytes.
   */
  undo(): void {
    for (const file of this.#kept) file.isUsed = false;
  }

  /** Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await Promise.all(this.#receiving);
      for (const { partial } of this.#received.splice(0)) await partial[Symbol.asyncDispose]();
      for (const file of this.#kept.splice(0)) await this.#holds.release(file.sha256, file.isUsed);
    } finally {
      this.#end();
    }
  }

  async #receive(
    field: string,
    source: Readable,
    filename: string | undefined,
    contentType: string,
  ): Promise<UploadedFile> {
    const partial = await stored(this.#blobs.createPartial());
    try {
      const hash = createHash('sha256');
      // Do not destroy the source on failure: Node would do so with an error of its own, which multer would report
      // instead.
      for await (const chunk of source.iterator({ destroyOnReturn: false })) {
        if (partial.size + chunk.length > this.maximumFileBytes) {
          throw new PayloadTooLargeError(`the file ${field}`, undefined, this.maximumFileBytes);
        }
        hash.update(chunk);
        this.storedBytes += chunk.length;
        await stored(partial.append(chunk));
      }
      const file = new UploadedFile(hash.digest('hex'), partial.size, filename, contentType);
      this.#received.push({ field, partial, file });
      return file;
    } catch (error) {
      source.resume();
      await partial[Symbol.asyncDispose]();
      throw error;
    }
  }
}

async function stored<Result>(writing: Promise<Result>): Promise<Result> {
  try {
    return await writing;
  } catch (error) {
    throw new StoreUnavailableError('the file could not be stored', { cause: error });
  }
}
