/** graphql-ws, cut off in the middle of writes: it connects again by itself, and goes on from its last token. */
import { createClient } from 'graphql-ws';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startRedis } from '../servers/redis.ts';
import { openServer, type TestServer } from '../servers/tideline.ts';

interface Placed {
  readonly index: number;
  readonly node: { readonly _id: string; readonly value: unknown };
}

interface Documents {
  readonly initial: boolean;
  readonly merged: number;
  readonly inserted: readonly Placed[];
  readonly updated: readonly Placed[];
  readonly removed: readonly { readonly index: number; readonly _id: string }[];
  readonly moved: readonly { readonly from: number; readonly to: number }[];
  readonly token: string;
}

const watch = `subscription ($collection: String!, $after: CausalToken) {
  documents(collection: $collection, orderBy: [{ path: "n" }], first: 30, after: $after) {
    initial merged inserted { index node { _id value } } updated { index node { _id value } }
    removed { index _id } moved { _id from to } token
  }
}`;
const list =
  'query ($c: String!) { documents(collection: $c, orderBy: [{ path: "n" }], first: 30) { nodes { _id value } } }';
const upsert = 'mutation ($c: String!, $d: JSON!) { upsert(collection: $c, document: $d) { document { _id } } }';
const remove = 'mutation ($c: String!, $id: ID!) { remove(collection: $c, id: $id) { ids } }';

/** A client that keeps a list by the events alone, and whose connection can be cut. */
class Keeper {
  nodes: Placed['node'][] = [];
  wholes = 0;
  changes = 0;
  /** Its last token. */
  after: string | undefined;
  #socket: WebSocket | undefined;
  readonly #client;

  constructor(url: () => string, collection: string) {
    this.#client = createClient({
      url,
      webSocketImpl: WebSocket,
      retryAttempts: 1_000,
      retryWait: () => new Promise(setImmediate),
      shouldRetry: () => true,
      on: {
        opened: (socket) => {
          if (socket instanceof WebSocket) this.#socket = socket;
        },
      },
    });
    const token = () => this.after;
    const variables = {
      collection,
      get after() {
        return token();
      },
    };
    this.#client.subscribe<{ documents: Documents }>(
      { query: watch, variables },
      { next: ({ data }) => data && this.#take(data.documents), error: () => {}, complete: () => {} },
    );
  }

  cut(): void {
    this.#socket?.terminate();
  }

  dispose(): void | Promise<void> {
    return this.#client.dispose();
  }

  #take({ initial, inserted, updated, removed, moved, token }: Documents): void {
    this.after = token;
    if (initial) {
      this.wholes += 1;
      this.nodes = inserted.map(({ node }) => node);
      return;
    }
    this.changes += 1;
    for (const { index, _id } of removed) expect(this.nodes[index]?._id).toBe(_id);
    const out = new Set([...removed.map(({ index }) => index), ...moved.map(({ from }) => from)]);
    const into = [
      ...inserted,
      ...moved.flatMap(({ from, to }) => {
        const node = this.nodes[from];
        return node === undefined ? [] : [{ index: to, node }];
      }),
    ];
    const nodes = this.nodes.filter((_, index) => !out.has(index));
    for (const { index, node } of into.sort((a, b) => a.index - b.index)) nodes.splice(index, 0, node);
    for (const { index, node } of updated) nodes[index] = node;
    this.nodes = nodes;
  }
}

async function nodesOf(server: TestServer, c: string): Promise<unknown> {
  const { documents } = JSON.parse(JSON.stringify(await server.run(list, { c })));
  return documents.nodes;
}

/** Writes of every kind, with a cut now and then in the middle of them. */
async function writeAndCut(servers: readonly TestServer[], c: string, cut: () => void): Promise<void> {
  for (let step = 0; step < 300; step += 1) {
    const server = servers[step % servers.length];
    const id = `d${(step * 7) % 50}`;
    if (step % 11 === 10) await server?.run(remove, { c, id });
    else await server?.run(upsert, { c, d: { _id: id, n: (step * 13) % 40, step } });
    if (step % 23 === 22) cut();
  }
}

describe('a client that is cut off while writes go on', () => {
  it('L36: loses nothing, and loads nothing twice', async () => {
    await using server = await openServer();
    const keeper = new Keeper(() => server.socketUrl, 'cars');
    await expect.poll(() => keeper.wholes).toBe(1);
    await writeAndCut([server], 'cars', () => keeper.cut());
    const wanted = await nodesOf(server, 'cars');
    await expect.poll(() => keeper.nodes).toEqual(wanted);
    expect(keeper.wholes).toBe(1);
    expect(keeper.changes).toBeGreaterThan(13);
    await keeper.dispose();
  });

  it('L36: nor where it comes back to another replica each time, which may be behind', async () => {
    await using redis = await startRedis();
    await using a = await openServer({ REDIS_URL: redis.url, REPLICA_ID: 'a' });
    await using b = await openServer({ REDIS_URL: redis.url, REPLICA_ID: 'b' });
    let connections = 0;
    const keeper = new Keeper(() => [a, b][connections++ % 2]?.socketUrl ?? '', 'cars');
    await expect.poll(() => keeper.wholes).toBe(1);
    await writeAndCut([a, b], 'cars', () => keeper.cut());
    const { token = '' } = await a.ask(upsert, { c: 'other', d: {} });
    await b.tideline.replica.waitFor(token, 5_000);
    const wanted = await nodesOf(b, 'cars');
    await expect.poll(() => keeper.nodes).toEqual(wanted);
    expect(keeper.wholes).toBe(1);
    expect(connections).toBeGreaterThan(10);
    await keeper.dispose();
  });

  it('L37: gets the whole again from a replica that was started since, and goes on', async () => {
    await using first = await openServer();
    let url = first.socketUrl;
    const keeper = new Keeper(() => url, 'cars');
    await expect.poll(() => keeper.wholes).toBe(1);
    await first.run(upsert, { c: 'cars', d: { _id: 'a', n: 1 } });
    await expect.poll(() => keeper.changes).toBe(1);
    await first.run(upsert, { c: 'other', d: {} });
    await first.tideline.close();
    await using again = await openServer({ DATA_DIR: first.dataFolder });
    await again.run(remove, { c: 'cars', id: 'a' });
    url = again.socketUrl;
    keeper.cut();
    await expect.poll(() => [keeper.wholes, keeper.nodes]).toEqual([2, []]);
    await again.run(upsert, { c: 'cars', d: { _id: 'b', n: 2 } });
    await expect.poll(() => keeper.nodes.map(({ _id }) => _id)).toEqual(['b']);
    expect(keeper.wholes).toBe(2);
    await keeper.dispose();
  });
});
