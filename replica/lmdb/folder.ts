/**
 * A data folder. One process holds it at a time, and its kind never changes, except by P80. docs/internals/protocol.md,
 * P15 and P16.
 */
import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, open, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigurationError, UnknownFormatError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Checkpoint, EmbeddedSite } from '../log/checkpoint.ts';
import type { Journal } from '../log/journal.ts';
import type { Log } from '../log/log.ts';
import { LmdbCheckpoint } from './checkpoint.ts';
import { holdFolder } from './holder.ts';
import { LmdbJournal } from './journal.ts';
import { LmdbLog } from './log.ts';
import { Store, storeFile, type Table } from './store.ts';
import { TooLateFile } from './too-late.ts';

const folderFormat = 1;
const identityKey = Buffer.from('folder');

export type FolderKind = 'EMBEDDED' | 'REPLICA';

export interface DataFolderOptions {
  readonly path: string;
  /**
   * EMBEDDED: holds a site. REPLICA: holds what a replica of a Redis site keeps; an embedded site opened as REPLICA
   * moves into Redis.
   */
  readonly kind: FolderKind;
  readonly namespace: string;
  readonly embeddedLogBytes?: number;
  readonly journalBytes?: number;
}

export interface DataFolder {
  /** The folder's path with links resolved. */
  readonly path: string;
  /** The site's log if the folder is EMBEDDED. */
  readonly log: Log | undefined;
  readonly journal: Journal;
  /** The checkpoint of a replica of a Redis site. Undefined if the folder is EMBEDDED. */
  readonly checkpoint: Checkpoint | undefined;
  /**
   * The embedded site in the folder, until it has moved into the Redis for which the folder was opened. Undefined if
   * there is none.
   */
  readonly embedded: EmbeddedSite | undefined;
  /** Waits for pending writes, and releases the folder for the next process. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens a data folder, and creates it if necessary.
 * @throws {FolderInUseError} @throws {ConfigurationError} @throws {UnknownFormatError}
 * @throws {MalformedBytesError} the folder's record of itself is damaged
 */
export async function openDataFolder(options: DataFolderOptions): Promise<DataFolder> {
  const path = await makeFolder(options.path);
  await checkPermissions(path);
  const store = openStore(path);
  try {
    await flushNames(path);
    const meta = store.table('meta');
    const hold = await holdFolder(path, store, meta, randomBytes(4).toString('hex'));
    try {
      const found = identify(path, store, meta, options);
      const log =
        found === 'EMBEDDED'
          ? new LmdbLog(store, meta, options.embeddedLogBytes ?? limits.embeddedLogBytes)
          : undefined;
      const moves = log !== undefined && options.kind === 'REPLICA';
      const journal = new LmdbJournal(store, meta, new TooLateFile(path), options.journalBytes ?? limits.journalBytes);
      const checkpoint = options.kind === 'REPLICA' ? new LmdbCheckpoint(store, meta) : undefined;
      let closing: Promise<void> | undefined;
      const close = async () => {
        await store.inTurn(() => hold.release());
        await store.close();
      };
      return {
        path,
        log: moves ? undefined : log,
        journal,
        checkpoint,
        embedded: moves ? { log, moved: () => move(store, meta, log, options.namespace) } : undefined,
        close() {
          closing ??= close();
          return closing;
        },
      };
    } catch (error) {
      await hold.release();
      throw error;
    }
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function makeFolder(path: string): Promise<string> {
  try {
    await makeFolders(path);
    return await realpath(path);
  } catch (error) {
    throw new ConfigurationError([`DATA_DIR: ${path} cannot be created (${reasonOf(error)}): set another`]);
  }
}

/**
 * Runs before the store is opened, whose error would not name the cause.
 * @throws {ConfigurationError} names the owner of the folder
 */
async function checkPermissions(folder: string): Promise<void> {
  const { R_OK, W_OK, X_OK } = constants;
  const store = join(folder, storeFile);
  const attempts: readonly (readonly [string, () => Promise<void>])[] = [
    [folder, () => access(folder, R_OK | W_OK | X_OK)],
    [store, async () => await (await open(store, 'r+')).close()],
    // Must not be opened: closing it would release locks that this process may hold on it.
    [`${store}-lock`, () => access(`${store}-lock`, R_OK | W_OK)],
  ];
  for (const [path, attempt] of attempts) {
    try {
      await attempt();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EROFS') {
        throw new ConfigurationError([`DATA_DIR: ${path} is on a file system that is read-only: set another folder`]);
      }
      if (code !== 'EACCES' && code !== 'EPERM') continue;
      throw new ConfigurationError([await refusalOf(folder, path)]);
    }
  }
}

async function refusalOf(folder: string, path: string): Promise<string> {
  const user = process.geteuid?.();
  const owner = await stat(path).then(
    ({ uid }) => uid,
    () => undefined,
  );
  const refused = `DATA_DIR: this process, of user ${user}, may not read and write ${path}`;
  if (owner === user) return `${refused}, although it is the owner: allow it (chmod -R u+rwX ${folder})`;
  const whose = owner === undefined ? '' : `, which belongs to user ${owner}`;
  const remedy = owner === undefined ? '' : `start as user ${owner}, `;
  return `${refused}${whose}: ${remedy}give the folder to this one (chown -R ${user} ${folder}), or set another`;
}

/**
 * Creates one folder at a time: Node's recursive mkdir never returns if a parent exists but cannot have subfolders (as
 * /proc).
 */
async function makeFolders(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolders(parent);
  await mkdir(path).catch(async (error: unknown) => {
    if (!(await isFolder(path))) throw error;
  });
}

const isFolder = async (path: string): Promise<boolean> =>
  await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Flushes the folders: without it, a power failure may lose a flushed file with its name. */
async function flushNames(path: string): Promise<void> {
  for (const folder of [path, dirname(path)]) {
    try {
      await using opened = await open(folder, 'r');
      await opened.sync();
    } catch {
      // Some systems cannot open folders, and the parent may not be readable.
    }
  }
}

function openStore(path: string): Store {
  try {
    return new Store(path);
  } catch (error) {
    throw new ConfigurationError([
      `DATA_DIR: the store in ${path} cannot be opened (${reasonOf(error)}): restore it from a backup, or set another`,
    ]);
  }
}

const identityOf = (kind: FolderKind, namespace: string): Buffer =>
  Buffer.from(JSON.stringify({ format: folderFormat, kind, namespace }));

/** P80. The site's state has become the replica's checkpoint by now, so the embedded site is deleted. */
async function move(store: Store, meta: Table, log: LmdbLog, namespace: string): Promise<void> {
  await store.inTurn(() => store.commit([[meta, identityKey, identityOf('REPLICA', namespace)]]));
  await log.clear();
}

/** P16. Checks the folder's record of itself, or creates it in a new folder. @returns the kind of the folder */
function identify(path: string, store: Store, meta: Table, { kind, namespace }: DataFolderOptions): FolderKind {
  const found = store.exclusively(() => {
    const current = meta.get(identityKey);
    if (current === undefined) meta.putSync(identityKey, identityOf(kind, namespace));
    return current;
  });
  if (found === undefined) return kind;
  const identity = parseIdentity(path, found);
  if (identity.format > folderFormat) throw new UnknownFormatError(`the data folder ${path}`, identity.format);
  if (identity.kind === 'REPLICA' && kind === 'EMBEDDED') {
    throw new ConfigurationError([
      `DATA_DIR: ${path} belongs to a replica of a Redis, and no REDIS_URL is set: set it, or set another DATA_DIR`,
    ]);
  }
  if (identity.namespace !== namespace) {
    throw new ConfigurationError([
      `NAMESPACE: ${path} belongs to namespace ${identity.namespace}, not ${namespace}: set that, or another DATA_DIR`,
    ]);
  }
  return identity.kind;
}

function parseIdentity(path: string, bytes: Buffer): { format: number; kind: FolderKind; namespace: string } {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && 'format' in value && typeof value.format === 'number') {
    const kind = 'kind' in value && (value.kind === 'EMBEDDED' || value.kind === 'REPLICA') ? value.kind : undefined;
    const namespace = 'namespace' in value && typeof value.namespace === 'string' ? value.namespace : undefined;
    // A newer format may have other fields; only the format number is fixed.
    if (value.format > folderFormat)
      return { format: value.format, kind: kind ?? 'REPLICA', namespace: namespace ?? '' };
    if (kind !== undefined && namespace !== undefined) return { format: value.format, kind, namespace };
  }
  throw new ConfigurationError([
    `DATA_DIR: the record of itself in ${path} is damaged: restore the folder from a backup, or set another`,
  ]);
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
