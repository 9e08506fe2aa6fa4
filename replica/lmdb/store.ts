/** The LMDB environment of a data folder: its tables, and writes that are whole and flushed to disk, or not there. */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { StoreUnavailableError } from '../../errors.ts';

export type Table = Database<Buffer, Buffer>;
/** A value to put, or undefined to remove the key. */
export type Write = readonly [table: Table, key: Buffer, value: Buffer | undefined];

const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** Where LMDB's first page has its magic number, after the page's own header. */
const magic = { at: 24, value: 0xbeefc0de };

/** In its data folder. */
export const storeFile = 'replica.mdb';

export class Store {
  readonly #root: RootDatabase<Buffer, Buffer>;
  #last: Promise<unknown> = Promise.resolve();

  /** @throws {Error} the file cannot be opened, or is none of LMDB's */
  constructor(folder: string) {
    const path = join(folder, storeFile);
    checkFile(path);
    this.#root = open<Buffer, Buffer>({
      path,
      maxDbs: 32,
      // A commit settles only when it is on the disk: what the log and the journal promise.
      overlappingSync: false,
      // Else a failed commit leaves the promise of a batch that nobody has, and with it an unhandled rejection.
      eventTurnBatching: false,
      ...binary,
    });
  }

  table(name: string): Table {
    return this.#root.openDB<Buffer, Buffer>(name, binary);
  }

  /** Reads and writes in one transaction that excludes every other process. Blocks: only for opening and closing. */
  exclusively<T>(work: () => T): T {
    this.#root.resetReadTxn();
    return this.#root.transactionSync(work);
  }

  /** One piece of work after the other: what it reads stays true until it has written. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /**
   * All of them in one transaction; settles when it is flushed to disk.
   * @throws {StoreUnavailableError} none was written
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
      // LMDB gives the cause as one more promise, which nobody else would ever look at.
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

/** LMDB maps the file into memory and follows what it finds there: a file that is none of its ends the process. */
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
  if (length > 0 && head.readUInt32LE(magic.at) !== magic.value) throw new Error(`${path} is no LMDB file`);
}
