/** GraphQL over server-sent events, in distinct connections mode, as its own client speaks it. */
import { request } from 'node:http';
import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, openServer, startServer } from '../servers/tideline.ts';

let server: EmbeddedServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const watch =
  'subscription ($collection: String!) { documents(collection: $collection) { initial nodes { _id } token } }';
const upsert = (collection: string, _id: string) =>
  server.ask(
    'mutation ($collection: String!, $document: JSON!) { upsert(collection: $collection, document: $document) { document { _id } } }',
    { collection, document: { _id } },
  );
/** Subscriptions that are open. */
async function readers(): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^tideline_subscriptions (\d+)$/m.exec(metrics)?.[1]);
}
const sources = () => server.tideline.replica.counters.liveReaders;
const connect = (url = server.url) => createClient({ url: `${url}/graphql`, retryAttempts: 0 });

async function next(results: AsyncIterator<unknown>): Promise<unknown> {
  const { value } = await results.next();
  return value;
}

describe('a client over server-sent events', () => {
  it('L42: queries, mutates and subscribes', async () => {
    const client = connect();
    const write = 'mutation { upsert(collection: "one", document: { _id: "a" }) { document { _id } } }';
    expect(await next(client.iterate({ query: write }))).toMatchObject({
      data: { upsert: { document: { _id: 'a' } } },
    });

    const events = client.iterate({ query: watch, variables: { collection: 'one' } });
    expect(await next(events)).toMatchObject({ data: { documents: { initial: true, nodes: [{ _id: 'a' }] } } });
    const { token } = await upsert('one', 'b');
    expect(await next(events)).toEqual({
      data: { documents: { initial: false, nodes: [{ _id: 'a' }, { _id: 'b' }], token } },
    });
    client.dispose();
  });

  it('L42: goes on from its last token, with all others who read the same', async () => {
    const query = `subscription ($after: CausalToken) {
      documents(collection: "back", after: $after) { initial inserted { node { _id } } token }
    }`;
    await upsert('back', 'a');
    const [first, other] = [connect(), connect()];
    const events = first.iterate({ query });
    expect(await next(events)).toMatchObject({ data: { documents: { initial: true } } });
    const { token: after } = await upsert('back', 'b');
    await next(events);
    await upsert('back', 'c');
    await next(events);
    const again = other.iterate({ query, variables: { after } });
    expect(await next(again)).toMatchObject({
      data: { documents: { initial: false, inserted: [{ node: { _id: 'c' } }] } },
    });
    expect(sources()).toBe(1);
    await upsert('back', 'd');
    const both = [await next(events), await next(again)];
    expect(both[0]).toMatchObject({ data: { documents: { initial: false, inserted: [{ node: { _id: 'd' } }] } } });
    expect(both[1]).toEqual(both[0]);
    for (const client of [first, other]) client.dispose();
    await expect.poll(readers).toBe(0);
  });

  it('is told of errors, before a subscription and in its place', async () => {
    const client = connect();
    const missing = client.iterate({ query: 'subscription { documents(collection: "") { token } }' });
    expect(await next(missing)).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    await using other = await openServer();
    const { token } = await other.ask('mutation { upsert(collection: "t", document: {}) { document { _id } } }');
    const transactions = client.iterate({
      query: 'subscription ($after: CausalToken) { transactions(after: $after) { token } }',
      variables: { after: token },
    });
    expect(await next(transactions)).toMatchObject({ errors: [{ extensions: { code: 'HISTORY_UNAVAILABLE' } }] });
    expect((await transactions.next()).done).toBe(true);
    client.dispose();
  });

  it('leaves nothing behind, however it goes', async () => {
    const client = connect();
    const subscriptions = Array.from({ length: 5 }, () =>
      client.iterate({ query: watch, variables: { collection: 'silent' } }),
    );
    await Promise.all(subscriptions.map(next));
    expect(await readers()).toBe(5);
    await subscriptions[0]?.return?.();
    await expect.poll(readers).toBe(4);
    client.dispose();
    await expect.poll(readers).toBe(0);
    expect(sources()).toBe(0);
  });

  it('is kept alive while nothing happens', async () => {
    const body = JSON.stringify({ query: watch, variables: { collection: 'silent' } });
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
    const sent = request(`${server.url}/graphql`, { method: 'POST', headers });
    let heard = '';
    await new Promise<void>((resolve) => {
      sent.on('response', (response) => {
        response.on('data', (chunk) => {
          heard += chunk;
          if (/data: .*\n\n(:\n\n)+/.test(heard)) resolve();
        });
      });
      sent.end(body);
    });
    sent.destroy();
    await expect.poll(readers).toBe(0);
  });

  it.each(['application/json', 'multipart/mixed'])(
    'that accepts only %s is told what to accept, and holds nothing',
    async (accept) => {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: JSON.stringify({ query: watch, variables: { collection: 'silent' } }),
      });
      expect([response.status, await response.text()]).toEqual([406, expect.stringContaining('text/event-stream')]);
      expect(await readers()).toBe(0);
    },
  );

  it('gets events also where it accepts anything', async () => {
    const leaving = new AbortController();
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: '*/*' },
      body: JSON.stringify({ query: watch, variables: { collection: 'silent' } }),
      signal: leaving.signal,
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    leaving.abort();
    await expect.poll(readers).toBe(0);
  });

  it('is cut off, not told of an end, by a server that stops: it would not come back', async () => {
    await using stopping = await startServer();
    const client = connect(stopping.url);
    const events = client.iterate({ query: watch, variables: { collection: 'silent' } });
    await next(events);
    const cut = events.next();
    cut.catch(() => undefined);
    expect(await stopping.stop()).toBe(0);
    await expect(cut).rejects.toThrow();
    client.dispose();
  });
});

describe('the single connection mode', () => {
  it('is refused, and the client shows why once it has tried again in vain', async () => {
    const waits: number[] = [];
    const client = createClient({
      url: `${server.url}/graphql`,
      singleConnection: true,
      // As often as by default, and sooner.
      retry: async (retries) => void waits.push(retries),
    });
    const shown = await new Promise((resolve, reject) => {
      client.subscribe({ query: '{ __typename }' }, { next: reject, error: resolve, complete: reject });
    });
    expect(String(shown)).toMatch(/405.*no single connection mode; leave out singleConnection/);
    expect(waits).toHaveLength(5);
    client.dispose();
  });
});
