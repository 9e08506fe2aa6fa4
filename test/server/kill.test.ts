/** What was answered is there after kill -9, whichever store it went to, and counts once. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startRedis } from '../servers/redis.ts';
import { type Environment, type ServerProcess, startServer, type TestServer } from '../servers/tideline.ts';

const write = `mutation ($id: ID!, $document: JSON!) {
  upsert(collection: "writes", document: $document) { document { _id } }
  upsert2: upsert(collection: "bank", document: { _id: "one" }) { document { _id } }
  update(collection: "bank", id: "one", operations: [{ increment: { path: "count" } }]) { document { _id } }
  check: update(collection: "writes", id: $id, operations: [{ set: { path: "second", value: true } }]) { document { _id } }
}`;
const readAll = `{
  documents(collection: "writes") { nodes { _id value } }
  document(collection: "bank", id: "one") { at(path: "count") }
  replica { unsent connected }
}`;

interface Everything {
  readonly documents: { readonly nodes: readonly { readonly _id: string; readonly value: unknown }[] };
  readonly document: { readonly at: number };
  readonly replica: { readonly unsent: number; readonly connected: boolean };
}

function isEverything(data: unknown): data is Everything {
  return typeof data === 'object' && data !== null && 'documents' in data && 'replica' in data;
}

async function everything(server: TestServer): Promise<Everything> {
  const data = await server.run(readAll);
  if (!isEverything(data)) throw new Error(`no such answer: ${JSON.stringify(data)}`);
  return data;
}

/** Writes from several clients at once until `enough` are answered, and kills it under their hands. @returns ids answered, and sent */
async function hammer(server: ServerProcess, prefix: string, enough: number) {
  const answered: string[] = [];
  let sent = 0;
  let killing: Promise<void> | undefined;
  const client = async () => {
    while (killing === undefined) {
      const id = `${prefix}${sent++}`;
      try {
        const { errors } = await server.ask(write, { id, document: { _id: id, first: true } });
        if (errors.length === 0) answered.push(id);
      } catch {
        // The connection broke: whether it was written is unknown.
      }
      if (answered.length >= enough) killing ??= server.kill();
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  await killing;
  return { answered, sent };
}

function expectAllOnce({ documents, document }: Everything, answered: readonly string[], sent: number) {
  const ids = new Set(documents.nodes.map(({ _id }) => _id));
  expect(answered.filter((id) => !ids.has(id))).toEqual([]);
  for (const { _id, value } of documents.nodes) expect(value).toEqual({ _id, first: true, second: true });
  // Of a transaction all or nothing: each document that is there was counted, once.
  expect(document.at).toBe(ids.size);
  expect(ids.size).toBeLessThanOrEqual(sent);
}

async function withFolder(run: (environment: Environment) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tideline-kill-'));
  try {
    await run({ DATA_DIR: folder, REPLICA_ID: 'killed' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('kill -9 of a server', { timeout: 180_000 }, () => {
  it('loses nothing that was answered from an embedded store, again and again', () =>
    withFolder(async (environment) => {
      const answered: string[] = [];
      let sent = 0;
      for (const round of ['a', 'b', 'c']) {
        await using server = await startServer(environment);
        const outcome = await hammer(server, round, 100);
        answered.push(...outcome.answered);
        sent += outcome.sent;
      }
      await using server = await startServer(environment);
      expectAllOnce(await everything(server), answered, sent);
    }));

  it('loses nothing that was answered through Redis, nor from the journal while Redis was away', () =>
    withFolder(async (environment) => {
      await using redis = await startRedis();
      const onRedis = { ...environment, REDIS_URL: redis.url };
      const answered: string[] = [];
      let sent = 0;
      const round = async (prefix: string, during?: (server: ServerProcess) => Promise<void>) => {
        await using server = await startServer(onRedis);
        await during?.(server);
        const outcome = await hammer(server, prefix, 100);
        answered.push(...outcome.answered);
        sent += outcome.sent;
      };
      await round('online');
      await round('cut-off', () => redis.kill());
      await redis.restart();
      await round('again');
      await using server = await startServer(onRedis);
      await using other = await startServer({ REDIS_URL: redis.url, REPLICA_ID: 'fresh' });
      await expect
        .poll(async () => (await everything(server)).replica, { timeout: 20_000 })
        .toEqual({ unsent: 0, connected: true });
      const seen = await server.ask(readAll);
      if (!isEverything(seen.data)) throw new Error('no such answer');
      expectAllOnce(seen.data, answered, sent);
      const fresh = await other.ask(readAll, {}, { 'causality-token': seen.token ?? '' });
      expect(fresh.errors).toEqual([]);
      expect(fresh.data).toMatchObject({ documents: seen.data.documents, document: seen.data.document });
    }));
});
