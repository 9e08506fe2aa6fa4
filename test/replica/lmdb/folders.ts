/** Data folders for tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { onTestFinished } from 'vitest';
import { type DataFolder, type DataFolderOptions, openDataFolder } from '../../../replica/lmdb/folder.ts';
import type { Log } from '../../../replica/log/log.ts';

export async function newPath(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tideline-folder-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

export async function openFolder(path: string, options: Partial<DataFolderOptions> = {}): Promise<DataFolder> {
  const folder = await openDataFolder({ path, kind: 'REPLICA', namespace: 'test', ...options });
  onTestFinished(() => folder.close());
  return folder;
}

export async function openEmbedded(
  path: string,
  options: Partial<DataFolderOptions> = {},
): Promise<DataFolder & { readonly log: Log }> {
  const { log, ...folder } = await openFolder(path, { ...options, kind: 'EMBEDDED' });
  if (log === undefined) throw new Error('an embedded folder has a log');
  return { log, ...folder };
}

/** Puts bytes under a key of a closed folder, as no process of ours would. */
export async function damage(path: string, table: string, change: (value: Buffer) => Buffer): Promise<void> {
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
  const root = open<Buffer, Buffer>({ path: join(path, 'replica.mdb'), overlappingSync: false, maxDbs: 16, ...binary });
  const opened = root.openDB<Buffer, Buffer>(table, binary);
  for (const { key, value } of [...opened.getRange()]) await opened.put(key, change(value));
  await root.close();
}
