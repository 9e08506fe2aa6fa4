/**
 * The files of one request, from their first byte until the request is answered. They become blobs together, once the whole
 * form was read, so that a client that goes away midway leaves nothing; and those that no attachment was made of go again.
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
  /** Resolves once it was disposed. */
  readonly ended: Promise<void>;
  /** Of all files, so far. */
  storedBytes = 0;
  #end: () => void = () => {};
  readonly #blobs: BlobStore;
  readonly #holds: Holds;
  readonly #receiving = new Set<Promise<unknown>>();
  readonly #received: ReceivedFile[] = [];
  readonly #kept: UploadedFile[] = [];

  /** @param maximumFileBytes of each file */
  constructor(blobs: BlobStore, holds: Holds, maximumFileBytes: number) {
    this.#blobs = blobs;
    this.#holds = holds;
    this.maximumFileBytes = maximumFileBytes;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /**
   * Streams a file to the blob store while hashing it.
   * @throws {PayloadTooLargeError} as soon as there is more of it than maximumFileBytes
   * @throws {StoreUnavailableError} it could not be written; what the source throws is thrown on
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

  /** Makes blobs of all that was received, once it is certain that the form is whole. @throws {StoreUnavailableError} */
  async keep(): Promise<readonly { readonly field: string; readonly file: UploadedFile }[]> {
    for (const { partial, file } of this.#received) {
      this.#holds.take(file.sha256);
      this.#kept.push(file);
      this.#holds.kept(file.sha256, await stored(partial.keep(file.sha256)));
    }
    return this.#received;
  }

  /** The transaction that made attachments of the files is known not to be committed: their bytes go, as nothing names them. */
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
      // Where this fails the source is not destroyed: Node would do so with an error of its own, and multer report that one.
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
