/**
 * The lock on a data folder. docs/internals/protocol.md, P15.
 * The holder listens on a Unix socket in the folder. The system closes the socket however the process ends, so a dead
 * holder is detected at once. A record in the store names the socket, and is replaced in a transaction that excludes
 * other processes: of two processes that both find the former holder dead, only one gets the folder. Each holder's
 * socket has its own name, so no process ever removes one that is in use.
 */
import { closeSync, openSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { ConfigurationError, FolderInUseError } from '../../errors.ts';
import type { Store, Table } from './store.ts';

/** The longest path for a socket's address on every system (104 bytes on macOS, 108 on Linux, with the final zero). */
const socketPathBytes = 103;
const recordKey = Buffer.from('holder');

interface HolderRecord {
  readonly socket: string;
  readonly pid: number;
  readonly since: string;
}

export interface Hold {
  /** Releases the folder for the next process. */
  release(): Promise<void>;
}

/**
 * @param name random, for the name of this holder's socket
 * @throws {FolderInUseError} @throws {ConfigurationError}
 */
export async function holdFolder(folder: string, store: Store, meta: Table, name: string): Promise<Hold> {
  const sockets = new SocketFolder(folder);
  const own: HolderRecord = { socket: `holder-${name}.sock`, pid: process.pid, since: new Date().toISOString() };
  const ownBytes = Buffer.from(JSON.stringify(own));
  const server = await sockets.listen(own.socket);
  const close = async () => {
    await new Promise((closed) => server.close(closed));
    sockets.close();
  };

  try {
    let found = store.exclusively(() => meta.get(recordKey));
    for (;;) {
      const holder = parseRecord(found);
      if (holder !== undefined && (await sockets.isListening(holder.socket))) {
        throw new FolderInUseError(folder, `process ${holder.pid} (since ${holder.since})`);
      }
      const expected = found;
      found = store.exclusively(() => {
        const current = meta.get(recordKey);
        if (!sameBytes(current, expected)) return current;
        meta.putSync(recordKey, ownBytes);
        return ownBytes;
      });
      if (found !== ownBytes) continue;
      if (holder !== undefined) await unlink(join(folder, holder.socket)).catch(() => undefined);
      break;
    }
  } catch (error) {
    await close();
    throw error;
  }

  return {
    async release() {
      store.exclusively(() => {
        if (sameBytes(meta.get(recordKey), ownBytes)) meta.removeSync(recordKey);
      });
      await close();
    },
  };
}

/**
 * Creates sockets in a folder whose path may be too long for a socket's address: Linux reaches it through an open
 * descriptor.
 */
class SocketFolder {
  readonly #path: string;
  readonly #descriptor: number | undefined;

  constructor(folder: string) {
    const tooLong = Buffer.byteLength(join(folder, 'holder-00000000.sock')) > socketPathBytes;
    if (tooLong && process.platform !== 'linux') {
      throw new ConfigurationError([`DATA_DIR: the path ${folder} is too long: set one of at most 80 characters`]);
    }
    this.#descriptor = tooLong ? openSync(folder, 'r') : undefined;
    this.#path = this.#descriptor === undefined ? folder : `/proc/self/fd/${this.#descriptor}`;
  }

  async listen(name: string): Promise<Server> {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((listening, failed) => {
      server.once('error', failed);
      server.listen(join(this.#path, name), listening);
    }).catch((error: unknown) => {
      this.close();
      throw new ConfigurationError([
        `DATA_DIR: no socket can be created in ${this.#path} (${String(error)}): set another`,
      ]);
    });
    server.on('error', () => undefined);
    // The lock alone must not keep the process alive.
    server.unref();
    return server;
  }

  /** Also true for a holder that is stopped, or too busy to accept. */
  async isListening(name: string): Promise<boolean> {
    return await new Promise((known) => {
      const socket = connect(join(this.#path, name));
      socket.once('connect', () => known(true));
      socket.once('error', (error: NodeJS.ErrnoException) =>
        known(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
      );
      socket.once('close', () => socket.destroy());
      socket.once('connect', () => socket.destroy());
    });
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }
}

/** An invalid record holds nothing: its writer does not listen on a socket that we know. */
function parseRecord(bytes: Buffer | undefined): HolderRecord | undefined {
  if (bytes === undefined) return undefined;
  try {
    const record: unknown = JSON.parse(bytes.toString());
    return isHolderRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function isHolderRecord(value: unknown): value is HolderRecord {
  if (typeof value !== 'object' || value === null) return false;
  if (!('socket' in value && 'pid' in value && 'since' in value)) return false;
  const { socket, pid, since } = value;
  return (
    typeof socket === 'string' &&
    /^holder-[A-Za-z0-9]+\.sock$/.test(socket) &&
    typeof pid === 'number' &&
    typeof since === 'string'
  );
}

const sameBytes = (a: Buffer | undefined, b: Buffer | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.equals(b);
