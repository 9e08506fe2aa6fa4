/** `npm start`, as a user runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../tidy/source-files.ts';

let folder: string;
const started: ChildProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tideline-start-'));
});
afterAll(async () => {
  for (const child of started) child.kill();
  await rm(folder, { recursive: true });
});

function npmStart(environment: Readonly<Record<string, string>>) {
  const child = spawn('npm', ['start'], {
    cwd: root,
    env: { ...process.env, PORT: '0', DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'silent', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close').then(([code]) => ({ code: Number(code), output }));
  const said = async (pattern: RegExp) => {
    while (!pattern.test(output))
      await Promise.race([once(child.stdout, 'data'), ended.then(() => Promise.reject(output))]);
    return pattern.exec(output)?.[1] ?? '';
  };
  return { child, ended, said };
}

it('serves, says where, and ends with 0 when npm is told to stop', async () => {
  const { child, ended, said } = npmStart({});
  const url = await said(
    /GraphiQL is at (http:\/\/127\.0\.0\.1:\d+)\/graphql\n(?:.*\n)*Data is kept in .*\n.*REDIS_URL.*\n/,
  );
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0 });
  await expect(fetch(`${url}/health/live`)).rejects.toThrow();
});

it('lists what is wrong with its configuration, and ends with 1', async () => {
  const { code, output } = await npmStart({ PORT: 'x', NAMESPACE: '*' }).ended;
  expect(code).toBe(1);
  expect(output).toMatch(/^PORT: /m);
  expect(output).toMatch(/^NAMESPACE: /m);
});
