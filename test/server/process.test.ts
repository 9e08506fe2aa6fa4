/** The server as a process: what it says, what stops its start, and how it ends. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Child } from '../servers/child.ts';
import { freePort } from '../servers/free-port.ts';
import { type Environment, openServer, startServer, startServerProcess } from '../servers/tideline.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tideline-process-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** All that it says until it ends. */
async function wholeRun(child: Child): Promise<{ code: number | null; words: string[]; faults: string[] }> {
  const said = { stdout: '', stderr: '' };
  child.process.stdout?.on('data', (chunk) => {
    said.stdout += chunk;
  });
  child.process.stderr?.on('data', (chunk) => {
    said.stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.process.once('close', resolve));
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');
  return { code, words: lines(said.stdout), faults: lines(said.stderr) };
}

async function failedStart(environment: Environment) {
  await using child = startServerProcess({ DATA_DIR: join(folder, 'data'), ...environment });
  return await wholeRun(child);
}

describe('the start of a server', () => {
  it('says where GraphiQL is, where data is kept, and how to join others', async () => {
    await using child = startServerProcess({ DATA_DIR: join(folder, 'words') });
    const run = wholeRun(child);
    await child.said('REDIS_URL');
    await child.end('SIGTERM');
    expect(await run).toEqual({
      code: 0,
      words: [
        expect.stringMatching(/^GraphiQL is at http:\/\/127\.0\.0\.1:\d+\/graphql$/),
        expect.stringContaining('any port of this machine'),
        `Data is kept in ${join(folder, 'words')}`,
        expect.stringContaining('REDIS_URL=redis://'),
      ],
      faults: [],
    });
  });

  it('warns that there is no authentication, if others can reach it', async () => {
    await using child = startServerProcess({ DATA_DIR: join(folder, 'words'), HOST: '0.0.0.0' });
    await child.said('Listening on 0.0.0.0: anyone who can reach it can read and write everything');
  });

  it('says which site it is of, and no password', async () => {
    const redis = await freePort();
    await using child = startServerProcess({
      REDIS_URL: `redis://user:secret@127.0.0.1:${redis}`,
      DATA_DIR: '',
      LOG_LEVEL: 'trace',
    });
    const run = wholeRun(child);
    await child.said('This is replica test.');
    await child.end('SIGTERM');
    const { code, words, faults } = await run;
    expect(code).toBe(0);
    expect(words).toContain(
      `Data is kept in the Redis at 127.0.0.1:${redis}, namespace tideline; nothing is kept here (no DATA_DIR)`,
    );
    expect([...words, ...faults].join('\n')).not.toContain('secret');
  });

  it('is stopped by faults of its environment, all of them told', async () => {
    expect(await failedStart({ PORT: 'x', LOG_LEVEL: 'loud' })).toEqual({
      code: 1,
      words: [],
      faults: [expect.stringMatching(/^PORT: /), expect.stringMatching(/^LOG_LEVEL: /)],
    });
  });

  it('is stopped by a port that is taken', async () => {
    await using listener = createServer();
    await new Promise<void>((listening) => listener.listen(0, '127.0.0.1', listening));
    const address = listener.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await failedStart({ PORT: `${port}` })).toEqual({
      code: 1,
      words: [],
      faults: [`PORT: ${port} is in use on 127.0.0.1: stop what listens there, or set another`],
    });
  });

  it('is stopped by a host name that nobody knows, before it makes a folder', async () => {
    const dataFolder = join(folder, 'never-made');
    const { code, faults } = await failedStart({ HOST: 'nowhere.invalid', DATA_DIR: dataFolder });
    expect([code, faults]).toEqual([
      1,
      [expect.stringMatching(/^HOST: nowhere\.invalid is not a name or address of this/)],
    ]);
    expect(existsSync(dataFolder)).toBe(false);
  });

  it('is stopped by a port and a data folder that another process has, and names both', async () => {
    await using other = await openServer();
    const { port } = new URL(other.url);
    const { code, faults } = await failedStart({ PORT: port, DATA_DIR: other.dataFolder });
    expect([code, faults]).toEqual([
      1,
      [expect.stringMatching(/is in use by .*DATA_DIR$/), expect.stringMatching(/^PORT: \d+ is in use/)],
    ]);
  });

  it('is stopped by a data folder that another process has', async () => {
    await using other = await openServer();
    const { code, faults } = await failedStart({ DATA_DIR: other.dataFolder });
    expect([code, faults]).toEqual([
      1,
      [expect.stringMatching(/is in use by .*: stop that one, or set another DATA_DIR$/)],
    ]);
  });

  it('is stopped by definitions that cannot be served, named', async () => {
    const file = join(folder, 'collections.ts');
    await writeFile(file, `export default { dogs: { type: 'Dog', fields: { age: { kind: 'whole' } } } };`);
    const { code, faults } = await failedStart({ COLLECTIONS: file });
    expect(code).toBe(1);
    expect(faults.join('\n')).toMatch(/dogs[\s\S]*age/);
    expect(faults.join('\n')).not.toMatch(/^ +at /m);
    const missing = await failedStart({ COLLECTIONS: join(folder, 'none.ts') });
    expect([missing.code, missing.faults]).toEqual([1, [expect.stringContaining('COLLECTIONS')]]);
  });
});

const upsert = 'mutation ($document: JSON!) { upsert(collection: "kept", document: $document) { document { _id } } }';

describe('the end of a server', () => {
  it('comes in good order by SIGTERM, with a subscription open and a request half sent', async () => {
    await using server = await startServer();
    const client = createClient({ url: server.socketUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
    const events = client.iterate({ query: 'subscription { documents(collection: "cars") { initial } }' });
    await events.next();
    const ended = events.next().then(
      () => 'completed',
      (event: { code?: number }) => event.code,
    );
    const body = JSON.stringify({ query: upsert, variables: { document: { _id: 'last' } } });
    const headers = { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' };
    const sent = request(`${server.url}/graphql`, { method: 'POST', headers });
    const answered = new Promise<number | undefined>((resolve, reject) => {
      sent.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
    });
    sent.flushHeaders();
    await new Promise((taken) => sent.once('continue', taken));

    const begun = performance.now();
    const stopped = server.stop();
    expect(await ended).toBe(1001);
    await expect(fetch(`${server.url}/health/live`)).rejects.toThrow();
    sent.end(body);
    expect(await answered).toBe(200);
    expect(await stopped).toBe(0);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('leaves nothing of an upload that it cuts off', async () => {
    await using server = await startServer();
    const sent = request(`${server.url}/attachments`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x', 'x-requested-with': 'test' },
    });
    const cut = new Promise((resolve) => sent.once('error', resolve));
    sent.write('--x\r\nContent-Disposition: form-data; name="file"; filename="half"\r\n\r\nhalf of it');
    const files = () => readdir(join(server.dataFolder, 'blobs', 'partial'));
    await expect.poll(files).toHaveLength(1);
    expect(await server.stop()).toBe(0);
    await cut;
    expect(await files()).toEqual([]);
  });

  it('comes in time though a client never reads', async () => {
    await using server = await startServer();
    const socket = new WebSocket(server.socketUrl, 'graphql-transport-ws');
    await new Promise((opened) => socket.once('open', opened));
    socket.pause();
    const begun = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(5_000);
    socket.terminate();
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('by %s keeps all that was answered', async (signal) => {
    const data = join(folder, signal);
    const ids: string[] = [];
    {
      await using server = await startServer({ DATA_DIR: data });
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let number = 0; ; number += 1) {
          const document = { _id: `${writer}.${number}` };
          // The server's end is the writer's.
          const answer = await server.ask(upsert, { document }).catch(() => undefined);
          if (answer?.data == null) return;
          ids.push(document._id);
        }
      });
      await expect.poll(() => ids.length, { timeout: 10_000 }).toBeGreaterThan(100);
      await server.child.end(signal);
      await Promise.all(writers);
    }
    await using again = await startServer({ DATA_DIR: data });
    const answer = await again.run('{ documents(collection: "kept") { nodes { _id } } }');
    const kept = new Set(JSON.stringify(answer).match(/\d+\.\d+/g));
    expect(ids.filter((id) => !kept.has(id))).toEqual([]);
  });
});
