/** scripts/build.js on a small project of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { root } from '../tidy/source-files.ts';

let project: string;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'tideline-build-'));
  for (const file of [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/build.js',
  ]) {
    await cp(join(root, file), join(project, file));
  }
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'));
  await mkdir(join(project, 'server'));
  await write('server/main.ts', "import { limit } from '../limits.ts';\nconsole.log('limit', limit);\n");
  await write('limits.ts', 'export const limit: number = 1;\n');
  for (const file of ['errors.ts', 'invariant.ts']) await write(file, 'export {};\n');
});

afterEach(async () => {
  await rm(project, { recursive: true });
});

const write = (file: string, text: string) => writeFile(join(project, file), text);

async function run(...args: readonly string[]) {
  const child = spawn(process.execPath, args, { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return { code, output };
}
const build = () => run('scripts/build.js');
const builtAt = async () => (await stat(join(project, 'dist/.stamp'))).mtimeMs;

it('builds what is missing', async () => {
  expect(await build()).toEqual({ code: 0, output: '' });
  expect(await run('dist/server/main.js')).toEqual({ code: 0, output: 'limit 1\n' });
});

it('builds nothing again that has not changed, also where files are newer', async () => {
  await build();
  const before = await builtAt();
  await write('limits.ts', 'export const limit: number = 1;\n');
  await build();
  expect(await builtAt()).toBe(before);
});

it('builds again what changed, and leaves nothing of what was deleted', async () => {
  await write('server/gone.ts', 'export const gone = 1;\n');
  await build();
  await rm(join(project, 'server/gone.ts'));
  await write('limits.ts', 'export const limit: number = 2;\n');
  await build();
  expect((await run('dist/server/main.js')).output).toBe('limit 2\n');
  expect(await readdir(join(project, 'dist/server'))).toEqual(['main.js', 'main.js.map']);
});

it('keeps the last build, and says why, where the sources do not compile', async () => {
  await build();
  await write('limits.ts', "export const limit: number = 'two';\n");
  const { code, output } = await build();
  expect(code).toBe(1);
  expect(output).toMatch(/limits\.ts.*TS2322/);
  expect(output).toMatch(/correct the errors above/);
  expect((await run('dist/server/main.js')).output).toBe('limit 1\n');
  expect((await readdir(project)).filter((name) => name.startsWith('dist'))).toEqual(['dist']);
});

it('may run several times at once', async () => {
  const results = await Promise.all([build(), build(), build(), build()]);
  expect(results.map(({ code, output }) => ({ code, output }))).toEqual(Array(4).fill({ code: 0, output: '' }));
  expect((await run('dist/server/main.js')).output).toBe('limit 1\n');
  expect((await readdir(project)).filter((name) => name.startsWith('dist'))).toEqual(['dist']);
});

it('says what to do where there is no compiler', async () => {
  await rm(join(project, 'node_modules'));
  expect(await build()).toEqual({ code: 1, output: expect.stringMatching(/run npm ci first/) });
});
