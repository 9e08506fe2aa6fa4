/** GraphQL over WebSocket as its own client speaks it, and as nobody should. */
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { limits } from '../../limits.ts';
import { type EmbeddedServer, openServer, startServer } from '../servers/tideline.ts';

let server: EmbeddedServer;
beforeAll(async () => {
  server = await openServer({ CORS_ORIGINS: 'https://app.example.org' });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const watch =
  'subscription ($collection: String!) { documents(collection: $collection) { initial nodes { _id } token } }';
const upsert = (collection: string, _id: string) =>
  server.ask(
    'mutation ($collection: String!, $document: JSON!) { upsert(collection: $collection, document: $document) { document { _id } } }',
    {
      collection,
      document: { _id },
    },
  );

const connect = (url: string, options = {}) =>
  createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, ...options });

/** The next result's data. */
async function next(results: AsyncIterator<unknown>): Promise<unknown> {
  const { value } = await results.next();
  return value;
}

/** Subscriptions that are open. */
async function readers(): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^tideline_subscriptions (\d+)$/m.exec(metrics)?.[1]);
}
const sources = () => server.tideline.replica.counters.liveReaders;

/** A connection without a client, after its handshake. */
async function open(headers: Record<string, string> = {}, protocol = 'graphql-transport-ws'): Promise<WebSocket> {
  const socket = new WebSocket(server.socketUrl, protocol, { headers });
  await new Promise((opened, failed) => socket.once('open', opened).once('error', failed));
  return socket;
}
const closed = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
const message = (socket: WebSocket) =>
  new Promise<unknown>((resolve) => socket.once('message', (data) => resolve(JSON.parse(String(data)))));

async function openAcknowledged(): Promise<WebSocket> {
  const socket = await open();
  const acknowledged = message(socket);
  socket.send('{"type":"connection_init"}');
  expect(await acknowledged).toEqual({ type: 'connection_ack' });
  return socket;
}

describe('a client over WebSocket', () => {
  it('is told where an integer would lose digits, each time, and goes on', async () => {
    const socket = await openAcknowledged();
    const query = 'query ($w: Filter) { documents(collection: "t", where: $w) { totalCount } }';
    const ask = (id: string, eq: string) => {
      const answer = message(socket);
      const payload = `{"query":${JSON.stringify(query)},"variables":{"w":{"path":"n","eq":${eq}}}}`;
      socket.send(`{"id":"${id}","type":"subscribe","payload":${payload}}`);
      return answer;
    };
    const refusal = { extensions: { code: 'BAD_USER_INPUT', argument: 'w.eq' } };
    expect(await ask('1', '9007199254740993')).toMatchObject({ id: '1', type: 'error', payload: [refusal] });
    expect(await ask('2', '9007199254740992')).toMatchObject({ id: '2', type: 'next' });
    socket.close();
  });

  it('may take an id again as soon as it has completed it', async () => {
    const before = await readers();
    const socket = await openAcknowledged();
    const subscribe = (collection: string) =>
      JSON.stringify({ id: '1', type: 'subscribe', payload: { query: watch, variables: { collection } } });
    const first = message(socket);
    socket.send(subscribe('left'));
    expect(await first).toMatchObject({ id: '1', type: 'next' });

    const told: unknown[] = [];
    socket.on('message', (data) => told.push(JSON.parse(String(data))));
    socket.send('{"id":"1","type":"complete"}');
    socket.send(subscribe('taken'));
    await expect.poll(() => told.length).toBe(1);
    const { token } = await upsert('taken', 'a');
    await expect.poll(() => told.length).toBe(2);
    expect(told).toMatchObject([
      { id: '1', type: 'next', payload: { data: { documents: { initial: true } } } },
      { id: '1', type: 'next', payload: { data: { documents: { initial: false, token } } } },
    ]);
    expect(await readers()).toBe(before + 1);
    socket.send('{"id":"1","type":"complete"}');
    await expect.poll(readers).toBe(before);
    socket.close();
  });

  it('is cut off where it takes an id again whose operation is still answered', async () => {
    const socket = await openAcknowledged();
    const ended = closed(socket);
    const told: unknown[] = [];
    socket.on('message', (data) => told.push(JSON.parse(String(data))));
    const query = 'mutation { upsert(collection: "ids", document: { _id: "a" }) { document { _id } } }';
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    socket.send('{"id":"1","type":"complete"}');
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } }));
    expect(await ended).toBe(4409);
    expect(told).toEqual([]);
  });

  it('queries, mutates and subscribes on one connection', async () => {
    const client = connect(server.socketUrl);
    const written = await next(
      client.iterate({ query: 'mutation { upsert(collection: "one", document: { _id: "a" }) { document { _id } } }' }),
    );
    expect(written).toMatchObject({ data: { upsert: { document: { _id: 'a' } } } });
    expect(written).not.toHaveProperty('extensions');
    const shown = await next(client.iterate({ query: '{ document(collection: "one", id: "a") { _id } }' }));
    expect(shown).toMatchObject({ data: { document: { _id: 'a' } } });

    const events = client.iterate({ query: watch, variables: { collection: 'one' } });
    expect(await next(events)).toMatchObject({ data: { documents: { initial: true, nodes: [{ _id: 'a' }] } } });
    const { token } = await upsert('one', 'b');
    expect(await next(events)).toEqual({
      data: { documents: { initial: false, nodes: [{ _id: 'a' }, { _id: 'b' }], token } },
    });
    await client.dispose();
  });

  it('tells tokens in extensions to a client that asks for them', async () => {
    const client = connect(server.socketUrl);
    const extensions = { causality: {} };
    const query = 'mutation { upsert(collection: "asked", document: { _id: "a" }) { document { _id } } }';
    const written = await next(client.iterate({ query, extensions }));
    expect(written).toHaveProperty('extensions.causality.token', expect.any(String));

    const asking = client.iterate({ query: watch, variables: { collection: 'asked' }, extensions });
    const other = client.iterate({ query: watch, variables: { collection: 'asked' } });
    await Promise.all([next(asking), next(other)]);
    const { token } = await upsert('asked', 'b');
    const data = { documents: { initial: false, nodes: [{ _id: 'a' }, { _id: 'b' }], token } };
    expect(await next(asking)).toEqual({ data, extensions: { causality: { token } } });
    expect(await next(other)).toEqual({ data });
    await client.dispose();
  });

  it('waits for its token', async () => {
    const client = connect(server.socketUrl);
    const { token } = await upsert('token', 'a');
    const query = '{ document(collection: "token", id: "a") { _id } }';
    const shown = await next(client.iterate({ query, extensions: { causality: { token } } }));
    expect(shown).toMatchObject({ data: { document: { _id: 'a' } } });
    await client.dispose();
  });

  it('is told of errors, each with its code, and goes on', async () => {
    const client = connect(server.socketUrl);
    const fails = async (query: string) => {
      const errors = await next(client.iterate({ query })).then(
        (value) => value,
        (thrown: unknown) => ({ errors: thrown }),
      );
      return errors;
    };
    for (const [query, code] of [
      [`{ "${'語'.repeat(60)}`, 'GRAPHQL_PARSE_FAILED'],
      [`${'語'.repeat(200)}`, 'GRAPHQL_PARSE_FAILED'],
      ['{ nonsense }', 'GRAPHQL_VALIDATION_FAILED'],
      ['subscription { documents(collection: "") { token } }', 'BAD_USER_INPUT'],
      ['subscription { transactions(after: "x") { token } }', 'BAD_USER_INPUT'],
      ['mutation { update(collection: "one", id: "none", operations: []) { document { _id } } }', 'DOCUMENT_NOT_FOUND'],
    ] as const) {
      expect([query, await fails(query)]).toMatchObject([query, { errors: [{ extensions: { code } }] }]);
    }
    expect(await next(client.iterate({ query: '{ __typename }' }))).toEqual({ data: { __typename: 'Query' } });
    await client.dispose();
  });

  it('leaves nothing behind when it completes, closes, or is cut off', async () => {
    expect(await readers()).toBe(0);
    const client = connect(server.socketUrl);
    const subscriptions = Array.from({ length: 10 }, () =>
      client.iterate({ query: watch, variables: { collection: 'silent' } }),
    );
    await Promise.all(subscriptions.map(next));
    expect(await readers()).toBe(10);
    expect(sources()).toBe(1);
    await subscriptions[0]?.return?.();
    await expect.poll(readers).toBe(9);
    await client.dispose();
    await expect.poll(readers).toBe(0);

    const socket = await openAcknowledged();
    const first = message(socket);
    socket.send(
      JSON.stringify({ id: '1', type: 'subscribe', payload: { query: watch, variables: { collection: 'silent' } } }),
    );
    await first;
    expect(await readers()).toBe(1);
    socket.terminate();
    await expect.poll(readers).toBe(0);
    expect(sources()).toBe(0);
  });

  it('may leave before its subscription has begun', async () => {
    for (let times = 0; times < 20; times += 1) {
      const socket = await openAcknowledged();
      socket.send(
        JSON.stringify({ id: '1', type: 'subscribe', payload: { query: watch, variables: { collection: 'silent' } } }),
      );
      if (times % 2 === 0) socket.send('{"id":"1","type":"complete"}');
      else socket.terminate();
      socket.close();
    }
    await expect.poll(readers).toBe(0);
  });

  it('may not run more at once than the limit', async () => {
    const socket = await openAcknowledged();
    const told: unknown[] = [];
    socket.on('message', (data) => told.push(JSON.parse(String(data))));
    for (let id = 0; id <= limits.subscriptionsPerSocket; id += 1) {
      socket.send(
        JSON.stringify({
          id: `${id}`,
          type: 'subscribe',
          payload: { query: watch, variables: { collection: 'silent' } },
        }),
      );
    }
    const refusal = {
      type: 'error',
      id: `${limits.subscriptionsPerSocket}`,
      payload: [{ extensions: { code: 'BAD_REQUEST' } }],
    };
    await expect.poll(() => told, { timeout: 10_000 }).toContainEqual(expect.objectContaining({ type: 'error' }));
    expect(told.filter((one) => JSON.stringify(one).includes('"error"'))).toMatchObject([refusal]);
    expect(await readers()).toBe(limits.subscriptionsPerSocket);
    socket.terminate();
    await expect.poll(readers).toBe(0);
  });
});

describe('whoever breaks the protocol', () => {
  it.each([
    ['no JSON', 'nonsense', 4400],
    ['an unknown message', '{"type":"nonsense"}', 4400],
    ['a subscription before its handshake', '{"id":"1","type":"subscribe","payload":{"query":"{ __typename }"}}', 4401],
  ])('by %s is closed', async (_, text, code) => {
    const socket = await open();
    const close = closed(socket);
    socket.send(text);
    expect(await close).toBe(code);
  });

  it('by a message over the limit is closed, and nobody else', async () => {
    const other = await openAcknowledged();
    const socket = await openAcknowledged();
    const close = closed(socket);
    socket.send('x'.repeat(limits.requestBytes + 1), () => undefined);
    expect(await close).toBe(1009);
    const answer = message(other);
    other.send('{"type":"ping"}');
    expect(await answer).toEqual({ type: 'pong' });
    other.terminate();
  });

  it('by an unknown subprotocol is closed', async () => {
    const socket = new WebSocket(server.socketUrl, 'graphql-ws');
    socket.on('error', () => undefined);
    expect([1006, 4406]).toContain(await closed(socket));
  });

  it.each([
    ['of a page that is not ours', '/graphql', { origin: 'https://evil.example' }, 403],
    ['under another name', '/graphql', { host: 'evil.example' }, 403],
    ['at another path', '/socket', {}, 404],
  ])('%s is not let in', async (_, path, headers, status) => {
    const socket = new WebSocket(server.socketUrl.replace('/graphql', path), 'graphql-transport-ws', { headers });
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(error.message).toContain(String(status));
  });

  it('and pages that are ours are let in', async () => {
    for (const origin of ['https://app.example.org', server.url]) (await open({ origin })).terminate();
  });
});

describe('a server that stops', () => {
  it('tells clients to connect again: they do, and go on with what they had', async () => {
    await using first = await startServer();
    const closes: unknown[] = [];
    const client = createClient({
      url: () => url,
      webSocketImpl: WebSocket,
      retryAttempts: 5,
      on: { closed: (event) => closes.push(event) },
    });
    let url = first.socketUrl;
    const events = client.iterate({ query: watch, variables: { collection: 'cars' } });
    expect(await next(events)).toMatchObject({ data: { documents: { initial: true, nodes: [] } } });

    await using second = await startServer();
    await second.run('mutation { upsert(collection: "cars", document: { _id: "a" }) { document { _id } } }');
    url = second.socketUrl;
    expect(await first.stop()).toBe(0);
    expect(await next(events)).toMatchObject({ data: { documents: { initial: true, nodes: [{ _id: 'a' }] } } });
    expect(closes).toMatchObject([{ code: 1001 }]);
    await client.dispose();
  });
});
