import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, FolderInUseError, UnknownFormatError } from '../../../errors.ts';
import { type Child, startTypeScript } from '../../servers/child.ts';
import { damage, newPath, openEmbedded, openFolder } from './folders.ts';

async function startHolder(path: string): Promise<Child> {
  const child = startTypeScript(fileURLToPath(new URL('holding-child.ts', import.meta.url)), [path]);
  await child.said('held');
  return child;
}

describe('P15: a data folder is held by one process', () => {
  it('tells a second one who has it, and since when', async () => {
    const path = await newPath();
    await openFolder(path);

    const second = openFolder(path);

    await expect(second).rejects.toThrow(FolderInUseError);
    await expect(second).rejects.toThrow(new RegExp(`in use by process ${process.pid} \\(since 20\\d\\d-.*Z\\)`));
  });

  it('is given on when it is closed, and leaves no socket behind', async () => {
    const path = await newPath();
    for (let times = 0; times < 3; times++) {
      const folder = await openFolder(path);
      await folder.close();
    }

    expect(await readdir(path)).toEqual(['replica.mdb', 'replica.mdb-lock']);
  });

  it('is given on at once when its holder is killed, to one of those who want it', async () => {
    const path = await newPath();
    const holder = await startHolder(path);
    await expect(openFolder(path)).rejects.toThrow(`in use by process ${holder.process.pid}`);

    await holder.end('SIGKILL');
    const opened = await Promise.allSettled([1, 2, 3, 4, 5].map(() => openFolder(path)));

    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of opened) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(FolderInUseError);
    expect((await readdir(path)).filter((name) => name.endsWith('.sock'))).toHaveLength(1);
  });

  it('is held by a process that is stopped, too', async () => {
    const path = await newPath();
    await using holder = await startHolder(path);
    holder.process.kill('SIGSTOP');

    await expect(openFolder(path)).rejects.toThrow(FolderInUseError);
  });

  it('may have a path longer than a socket can', async () => {
    const path = join(await newPath(), 'a long name '.repeat(10), 'and another '.repeat(10));
    const folder = await openFolder(path);

    await expect(openFolder(path)).rejects.toThrow(FolderInUseError);
    await folder.close();
    await openFolder(path);
  });
});

describe('P16: a data folder is of one kind for ever', () => {
  it('embedded: is given to a replica of a Redis with its site, which is its own until it has moved', async () => {
    const path = await newPath();
    const embedded = await openEmbedded(path);
    await embedded.log.create('site');
    await embedded.close();

    const opened = await openFolder(path, { kind: 'REPLICA' });
    expect(opened.log).toBeUndefined();
    expect(await opened.embedded?.log.head()).toMatchObject({ log: 'site', position: 0 });
    await opened.close();
    await (await openEmbedded(path)).close();

    const moving = await openFolder(path, { kind: 'REPLICA' });
    await moving.embedded?.moved();
    await moving.close();
    expect((await openFolder(path, { kind: 'REPLICA' })).embedded).toBeUndefined();
  });

  it("a replica's: is refused to an embedded site, and says what to do", async () => {
    const path = await newPath();
    await (await openFolder(path)).close();

    const opening = openFolder(path, { kind: 'EMBEDDED' });

    await expect(opening).rejects.toThrow(ConfigurationError);
    await expect(opening).rejects.toThrow(/REDIS_URL.*another DATA_DIR/);
  });

  it('of another namespace: is refused', async () => {
    const path = await newPath();
    await (await openFolder(path)).close();

    await expect(openFolder(path, { namespace: 'other' })).rejects.toThrow(/belongs to namespace test, not other/);
  });

  it('of a newer format: is refused by name', async () => {
    const path = await newPath();
    await (await openFolder(path)).close();
    await damage(path, 'meta', () => Buffer.from('{"format":2,"whatever":true}'));

    const opening = openFolder(path);

    await expect(opening).rejects.toThrow(UnknownFormatError);
    await expect(opening).rejects.toThrow(`the data folder ${path} is of format 2`);
  });

  it('damaged: is refused with what to do', async () => {
    const path = await newPath();
    await (await openFolder(path)).close();
    await damage(path, 'meta', () => Buffer.from('{"format":'));

    await expect(openFolder(path)).rejects.toThrow(/restore the folder from a backup/);
  });

  it('of another user: is refused with whose it is and what to do, not as damaged', async () => {
    const path = await newPath();
    await (await openFolder(path)).close();
    const isRoot = process.geteuid?.() === 0;
    // A folder that this user may enter but whose store it may not read, and then one that it may not enter.
    await chmod(path, 0o755);
    await chmod(join(path, 'replica.mdb'), isRoot ? 0o600 : 0o000);
    if (isRoot) process.seteuid?.(65_534);
    try {
      const whose = isRoot ? /replica\.mdb, which belongs to user 0: .*chown -R 65534 / : /replica\.mdb.*chmod/;
      await expect(openFolder(path)).rejects.toThrow(/^DATA_DIR: .* may not read and write/);
      await expect(openFolder(path)).rejects.toThrow(whose);
      await expect(openFolder(path)).rejects.not.toThrow(/backup/);
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(join(path, 'replica.mdb'), 0o600);
    }
  });

  it('that is none, or cannot be created: is refused with what to do', async () => {
    const path = await newPath();
    await writeFile(join(path, 'file'), 'text');
    await writeFile(join(path, 'replica.mdb'), Buffer.alloc(100_000, 'no database'));

    await expect(openFolder(join(path, 'file'))).rejects.toThrow(/DATA_DIR: .* cannot be created .*set another/);
    await expect(openFolder('/proc/none/data')).rejects.toThrow(/DATA_DIR: .* cannot be created .*set another/);
    await expect(openFolder(path)).rejects.toThrow(/DATA_DIR: the store in .* cannot be opened/);
  });
});
