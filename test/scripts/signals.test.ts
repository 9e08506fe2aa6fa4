/** Ctrl-C and other signals, as they come from a terminal to `npm start` and to the scripts. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { limits } from '../../limits.ts';
import { freePort } from '../servers/free-port.ts';
import { openTerminal, type Terminal } from '../servers/terminal.ts';
import { root } from '../tidy/source-files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tideline-signals-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('npm start in a terminal', () => {
  const start = (name: string) =>
    openTerminal('npm start', { cwd: root, env: { PORT: '0', DATA_DIR: join(folder, name), NO_COLOR: '1' } });

  /** @returns the code of the close event of a socket that was open before `act` */
  async function closeCode(terminal: Terminal, act: () => void): Promise<number> {
    const url = await terminal.said(/GraphiQL is at http:(\/\/127\.0\.0\.1:\d+\/graphql)/);
    const socket = new WebSocket(`ws:${url}`, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init' }));
    await once(socket, 'message');
    act();
    const [code] = await once(socket, 'close');
    return Number(code);
  }

  it('shuts down in order on Ctrl-C, which npm passes on a second time', async () => {
    await using terminal = start('interrupted');
    expect(await closeCode(terminal, () => terminal.press('Ctrl-C'))).toBe(1001);
    expect(await terminal.ended).toBe(0);
    expect(terminal.output).toMatch(/shutting down/);
  });

  it('shuts down in order on Ctrl-\\, by which npm itself dies', async () => {
    await using terminal = start('quit');
    expect(await closeCode(terminal, () => terminal.press('Ctrl-\\'))).toBe(1001);
    expect(terminal.output).toMatch(/shutting down/);
  });

  it('ends at once on a second Ctrl-C that comes later than npm would pass on the first', async () => {
    await using terminal = start('impatient');
    // A request whose body never comes keeps an orderly end waiting.
    const url = await terminal.said(/GraphiQL is at (http:\/\/127\.0\.0\.1:\d+\/graphql)/);
    const unfinished = request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 9 },
    });
    const cut = once(unfinished, 'error');
    unfinished.write('{');
    await terminal.said(/(replica is ready)/);
    terminal.press('Ctrl-C');
    await terminal.said(/(shutting down)/);
    await new Promise((resolve) => setTimeout(resolve, limits.sameSignalMilliseconds + 100));
    terminal.press('Ctrl-C');
    expect(await terminal.ended).toBe(130);
    await cut;
  });

  it('shuts down in order when its window is closed', async () => {
    await using terminal = start('window');
    expect(await closeCode(terminal, () => terminal.hangUp())).toBe(1001);
  });
});

describe('an import in a terminal', () => {
  it('ends after the batch under way on Ctrl-C, and says how to go on', async () => {
    const path = join(folder, 'away.ndjson');
    await writeFile(path, '{"_id":"a"}');
    const url = `http://127.0.0.1:${await freePort()}/graphql`;
    await using terminal = openTerminal(`npm run import -- x ${path} --url ${url}`, { cwd: root, env: {} });
    await terminal.said(/(trying again)/);
    terminal.press('Ctrl-C');
    expect(await terminal.ended).toBe(130);
    expect(terminal.output).toMatch(/not finished: continue from line 1 with/);
  });
});
