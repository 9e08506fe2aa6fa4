import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { openFolderBlobs } from '../../../uploads/blobs/folder.ts';
import { describeBlobStore, keepBlob, sha256 } from './contract.ts';

async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'tideline-blobs-'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

describeBlobStore('a folder', async () => {
  const temporary = await temporaryFolder();
  const open = () => openFolderBlobs(join(temporary.folder, 'blobs'), Date.now());
  return { blobs: await open(), reopen: open, [Symbol.asyncDispose]: temporary[Symbol.asyncDispose] };
});

it('puts a blob at ab/ab12…, and nothing else', async () => {
  await using temporary = await temporaryFolder();
  const blobs = await openFolderBlobs(temporary.folder, Date.now());

  const hash = await keepBlob(blobs, new TextEncoder().encode('hello, world'));

  expect(hash).toBe('09ca7e4eaa6e8ae9c7d261167129184883644d07dfba7cbfbc4c8a2e08360d5b');
  expect(await filesIn(temporary.folder)).toEqual([`09/${hash}`]);
});

it('sweeps out, at the start, what a crash left of an upload', async () => {
  await using temporary = await temporaryFolder();
  const blobs = await openFolderBlobs(temporary.folder, Date.now());
  await using partial = await blobs.createPartial();
  await partial.append(new Uint8Array(10));
  expect(await filesIn(temporary.folder)).toHaveLength(1);

  await openFolderBlobs(temporary.folder, Date.now());

  expect(await filesIn(temporary.folder)).toEqual([]);
});

it('sweeps out transfers that nobody resumed for a week, and no younger ones', async () => {
  await using temporary = await temporaryFolder();
  const blobs = await openFolderBlobs(temporary.folder, Date.now());
  const [old, young] = [sha256(new Uint8Array(1)), sha256(new Uint8Array(2))];
  for (const hash of [old, young]) {
    await using partial = await blobs.openPartial(hash);
    await partial.append(new Uint8Array(10));
  }
  const longAgo = new Date(Date.now() - limits.partialKeepMilliseconds - 1_000);
  await utimes(join(temporary.folder, 'partial', `${old}.transfer`), longAgo, longAgo);

  await openFolderBlobs(temporary.folder, Date.now());

  expect(await filesIn(temporary.folder)).toEqual([`partial/${young}.transfer`]);
});

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
