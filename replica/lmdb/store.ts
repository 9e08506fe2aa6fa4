/** The LMDB environment of a data folder: its tables, and atomic writes that are flushed to disk. */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { StoreUnavailableError } from '../../errors.ts';

export type Table = Database<Buffer, Buffer>;
/** Puts a value; an undefined value removes the key. */
export type Write = readonly [table: Table, key: Buffer, value: Buffer | undefined];

const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** The magic number in LMDB's first page, after the page header. */
const magic = { at: 24, value: 0xbeefc0de };

/** The store's file name in the data folder. */
export const storeFile = 'replica.mdb';

export class Store {
  readonly #root: RootDatabase<Buffer, Buffer>;
  #last: Promise<unknown> = Promise.resolve();

  /** @throws {Error} the file cannot be opened, or is not an LMDB file */
  constructor(folder: string) {
    const path = join(folder, storeFile);
    checkFile(path);
    this.#root = open<Buffer, Buffer>({
      path,
      maxDbs: 32,
      // A commit resolves only once it is on disk, as the log and the journal promise.
      overlappingSync: false,
      // Otherwise a failed commit rejects a promise of its batch that no one handles.
      eventTurnBatching: false,
      ...binary,
    });
  }

  table(name: string): Table {
    return this.#root.openDB<Buffer, Buffer>(name, binary);
  }

  /** Runs a transaction that excludes all other processes. It blocks, so use it only for opening and closing. */
  exclusively<T>(work: () => T): T {
    this.#root.resetReadTxn();
    return this.#root.transactionSync(work);
  }

  /** Runs work one after another, so that what it has read stays true until it has written. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /**
   * Writes all in one transaction; resolves once it is flushed to disk.
   * @throws {StoreUnavailableError} nothing was written
   */
  async commit(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return;
    const pending = new Set<Promise<unknown>>();
    try {
      pending.add(
        this.#root.batch(() => {
          for (const [table, key, value] of writes) {
            pending.add(value === undefined ? table.remove(key) : table.put(key, value));
          }
        }),
      );
      await Promise.all(pending);
    } catch (error) {
      // LMDB passes the cause as a further promise, which no one else handles.
      if (error instanceof Error && 'commitError' in error && error.commitError instanceof Promise) {
        error.commitError.catch(() => undefined);
      }
      throw new StoreUnavailableError('the disk of DATA_DIR is full or failing', { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#root.close();
  }
}

/** LMDB maps the file into memory and follows its pointers: a file of another kind would crash the process. */
function checkFile(path: string): void {
  const head = Buffer.alloc(magic.at + 4);
  let length: number;
  try {
    const file = openSync(path, 'r');
    length = readSync(file, head);
    closeSync(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  if (length > 0 && head.readUInt32LE(magic.at) !== magic.value) throw new Error(`${path} is not an LMDB file`);
}
