/**
 * Blobs as files: `ab/ab12…` by content, and `partial/` for partials. A blob is flushed before it is renamed to its
 * place, and its folder is flushed before `keep` resolves, so that after any crash every file under its final name is
 * complete.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { limits } from '../../limits.ts';
import { type BlobStore, type ByteRange, isSha256, type PartialBlob, type Sha256 } from './blobs.ts';

const uploadSuffix = '.upload';
const transferSuffix = '.transfer';

/**
 * Creates the folder if necessary, and deletes uploads left by a crash and transfers that have not been resumed for a
 * long time.
 * @param nowMilliseconds wall-clock time, to judge the age of partials
 */
export async function openFolderBlobs(folder: string, nowMilliseconds: number): Promise<BlobStore> {
  const store = new FolderBlobs(folder);
  await store.prepare(nowMilliseconds);
  return store;
}

class FolderBlobs implements BlobStore {
  readonly #folder: string;
  readonly #partials: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.#partials = join(folder, 'partial');
  }

  async prepare(nowMilliseconds: number): Promise<void> {
    await mkdir(this.#partials, { recursive: true });
    await flushFolder(dirname(this.#folder));
    for (const name of await readdir(this.#partials)) {
      const path = join(this.#partials, name);
      if (name.endsWith(uploadSuffix) || (name.endsWith(transferSuffix) && (await isStale(path, nowMilliseconds)))) {
        await rm(path, { force: true });
      }
    }
  }

  async createPartial(): Promise<PartialBlob> {
    const path = join(this.#partials, `${randomUUID()}${uploadSuffix}`);
    return new FilePartial(await open(path, 'ax'), path, 0, this, true);
  }

  async openPartial(sha256: Sha256): Promise<PartialBlob> {
    const path = join(this.#partials, `${checked(sha256)}${transferSuffix}`);
    const file = await open(path, 'a');
    try {
      return new FilePartial(file, path, (await file.stat()).size, this, false);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async size(sha256: Sha256): Promise<number | undefined> {
    return await whereThere(async () => (await stat(this.#path(sha256))).size);
  }

  async open(sha256: Sha256, range?: ByteRange): Promise<Readable | undefined> {
    const file = await whereThere(() => open(this.#path(sha256), 'r'));
    return file?.createReadStream(range ?? {});
  }

  async read(sha256: Sha256, start: number, into: Uint8Array): Promise<boolean> {
    await using file = await whereThere(() => open(this.#path(sha256), 'r'));
    if (file === undefined) return false;
    let filled = 0;
    while (filled < into.length) {
      const { bytesRead } = await file.read(into, filled, into.length - filled, start + filled);
      if (bytesRead === 0) return false;
      filled += bytesRead;
    }
    return true;
  }

  async delete(sha256: Sha256): Promise<void> {
    await rm(this.#path(sha256), { force: true });
  }

  /** Moves a flushed file to its place. */
  async place(path: string, sha256: Sha256): Promise<boolean> {
    const target = this.#path(sha256);
    if ((await this.size(sha256)) !== undefined) {
      await rm(path, { force: true });
      return false;
    }
    await mkdir(dirname(target), { recursive: true });
    await rename(path, target);
    await flushFolder(dirname(target));
    await flushFolder(this.#folder);
    return true;
  }

  #path(sha256: Sha256): string {
    return join(this.#folder, checked(sha256).slice(0, 2), sha256);
  }
}

class FilePartial implements PartialBlob {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #store: FolderBlobs;
  readonly #dropsWhenDisposed: boolean;
  #size: number;
  #ended = false;

  constructor(file: FileHandle, path: string, size: number, store: FolderBlobs, dropsWhenDisposed: boolean) {
    this.#file = file;
    this.#path = path;
    this.#size = size;
    this.#store = store;
    this.#dropsWhenDisposed = dropsWhenDisposed;
  }

  get size(): number {
    return this.#size;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#file.appendFile(bytes);
    this.#size += bytes.length;
  }

  read(): Readable {
    return createReadStream(this.#path);
  }

  async keep(sha256: Sha256): Promise<boolean> {
    await this.#file.sync();
    await this.#file.close();
    const isNew = await this.#store.place(this.#path, sha256);
    this.#ended = true;
    return isNew;
  }

  async discard(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#file.close();
    await rm(this.#path, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#dropsWhenDisposed) await this.discard();
    else await this.#file.close();
  }
}

/** Guards file names: only checked hex digits go into a path, wherever the hash came from. */
function checked(sha256: Sha256): Sha256 {
  if (!isSha256(sha256)) throw new RangeError(`not a SHA-256 in hex: ${JSON.stringify(sha256)}`);
  return sha256;
}

async function isStale(path: string, nowMilliseconds: number): Promise<boolean> {
  return nowMilliseconds - (await stat(path)).mtimeMs > limits.partialKeepMilliseconds;
}

async function whereThere<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function flushFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
