/** `npm run dev` and `npm run print-schema`, as a developer runs them. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { schemaChanges } from '../../scripts/schema-changes.ts';
import { readableLine } from '../../server/log-lines.ts';
import { freePort } from '../servers/free-port.ts';
import { openTerminal } from '../servers/terminal.ts';
import { root } from '../tidy/source-files.ts';

let folder: string;
let definitionsFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tideline-dev-'));
  definitionsFile = join(folder, 'collections.ts');
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const define = (fields: string) =>
  writeFile(
    definitionsFile,
    `import { collection, defineCollections, int, string } from 'tideline';
    import { more } from './more.ts';
    export default defineCollections({ people: collection('Person', { name: string(), ${fields} ...more }) });`,
  );
const defineMore = (fields: string) =>
  writeFile(join(folder, 'more.ts'), `import { int } from 'tideline'; export const more = { ${fields} };`);

describe('npm run dev', () => {
  it('starts the server anew when a definition changes, says what changed, and waits where it is broken', async () => {
    await defineMore('');
    await define('');
    const environment = {
      PORT: String(await freePort()),
      DATA_DIR: join(folder, 'data'),
      COLLECTIONS: definitionsFile,
    };
    await using terminal = openTerminal('npm run dev', { cwd: root, env: { ...environment, NO_COLOR: '1' } });
    const url = await terminal.said(/GraphiQL is at http:(\/\/127\.0\.0\.1:\d+\/graphql)/);
    const socket = new WebSocket(`ws:${url}`, 'graphql-transport-ws');
    await once(socket, 'open');
    const closed = once(socket, 'close');

    await define('age: int(),');
    await terminal.said(/the schema changed\n(?:.*\n)*(\+ Person\.age: Int\n)/);
    expect((await closed)[0]).toBe(1001);
    await terminal.said(/(shutting down[\s\S]*GraphiQL is at)/);

    await define('age: nothing(),');
    await terminal.said(/(nothing is not defined[\s\S]*the server keeps running unchanged)/);
    expect((await fetch(`http:${url.replace('/graphql', '/health/live')}`)).status).toBe(200);

    await define('');
    await terminal.said(/(- Person\.age: Int\n[\s\S]*breaks clients[\s\S]*GraphiQL is at)/);
    await defineMore('height: int()');
    await terminal.said(/(\+ Person\.height: Int\n)/);
    await terminal.said(/(\+ Person\.height: Int\n[\s\S]*GraphiQL is at)/);
    terminal.press('Ctrl-C');
    expect(await terminal.ended).toBe(0);
    // Five servers, one after the other.
  }, 120_000);
});

describe('npm run print-schema', () => {
  it('prints SDL and nothing else on standard output', async () => {
    await defineMore('');
    await define('age: int(),');
    const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'print-schema'], {
      cwd: root,
      env: { ...process.env, COLLECTIONS: definitionsFile },
    });
    expect(buildSchema(stdout).getType('PersonFilter')).toBeDefined();
  });

  it('says on standard error what is wrong, and ends with 1', async () => {
    const env = { ...process.env, COLLECTIONS: join(folder, 'missing.ts') };
    const running = promisify(execFile)('npm', ['run', '--silent', 'print-schema'], { cwd: root, env });
    await expect(running).rejects.toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/missing\.ts/) });
  });
});

describe('changes of a schema', () => {
  it('are told by field, argument and value, with what breaks clients', () => {
    const before = 'type Query { a: Int, b(c: Int): Color, d: Int } enum Color { RED }';
    const after = 'type Query { a: Float, b(c: Int, e: Int!): Color } enum Color { RED GREEN } input New { f: ID }';
    expect(schemaChanges(before, after)).toEqual([
      '- Query.d: Int',
      '~ Query.a: Float, was Int',
      '+ Query.b(e:): Int!',
      '+ Color.GREEN',
      '+ input New',
      '+ New.f: ID',
      'breaks clients that use it: Query.d was removed.',
      'breaks clients that use it: Query.a changed type from Int to Float.',
      'breaks clients that use it: A required arg e on Query.b was added.',
    ]);
    expect(schemaChanges(before, before)).toEqual([]);
  });
});

describe('a log line on a terminal', () => {
  const entry = JSON.stringify({
    level: 40,
    time: new Date(2026, 0, 1, 9, 8, 7).getTime(),
    position: 3,
    msg: 'behind',
  });

  it('has the time, the level, the message and the details', () => {
    expect(readableLine(entry, false)).toBe('09:08:07 WARN  behind position=3\n');
  });

  it('has colours where the terminal takes them', () => {
    expect(readableLine(entry, true)).toContain('\u001b[33mWARN \u001b[39m behind');
  });

  it('has the stack of an error on lines of its own', () => {
    const failed = JSON.stringify({
      level: 50,
      time: 0,
      err: { message: 'no', stack: 'Error: no\n    at x' },
      msg: 'm',
    });
    expect(readableLine(failed, false)).toMatch(/ERROR m\n {4}Error: no\n {8}at x\n$/);
  });
});
