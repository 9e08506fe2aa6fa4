import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataFolder } from '../../../replica/lmdb/folder.ts';
import { startTypeScript } from '../../servers/child.ts';
import { describeLog, type LogUnderTest } from './contract.ts';

describeLog('the log on LMDB', async () => underTest(await mkdtemp(join(tmpdir(), 'tideline-lmdb-'))));

async function underTest(path: string): Promise<LogUnderTest> {
  const folder = await openDataFolder({ path, kind: 'EMBEDDED', namespace: 'test' });
  const { log } = folder;
  if (log === undefined) throw new Error('an embedded folder has a log');
  return {
    log,
    another: log,
    async appendAndKill(_, appended) {
      await folder.close();
      const [first, last] = [appended[0], appended.at(-1)];
      const file = fileURLToPath(new URL('lmdb-child.ts', import.meta.url));
      await using child = startTypeScript(file, [path, `${first?.origin}`, `${first?.number}`, `${last?.number}`]);
      await child.said('acknowledged');
      await child.end('SIGKILL');
      return await underTest(path);
    },
    async [Symbol.asyncDispose]() {
      await folder.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}
