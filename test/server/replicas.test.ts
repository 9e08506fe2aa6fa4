/** Two servers on one Redis, as their clients see them. */
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type RedisServer, startRedis } from '../servers/redis.ts';
import { type EmbeddedServer, openServer, startServer } from '../servers/tideline.ts';

const upsert = 'mutation ($document: JSON!) { upsert(collection: "cars", document: $document) { document { _id } } }';

let redis: RedisServer;
let a: EmbeddedServer;
let b: EmbeddedServer;
beforeAll(async () => {
  redis = await startRedis();
  a = await openServer({ REDIS_URL: redis.url, REPLICA_ID: 'a' });
  b = await openServer({ REDIS_URL: redis.url, REPLICA_ID: 'b' });
});
afterAll(async () => {
  for (const open of [a, b, redis]) await open?.[Symbol.asyncDispose]();
});

describe('two servers of one site', () => {
  it('show each other’s writes to whoever brings the token of one', async () => {
    for (let number = 0; number < 20; number += 1) {
      const { token = '' } = await a.ask(upsert, { document: { _id: `${number}` } });
      const query = 'query ($id: ID!) { document(collection: "cars", id: $id) { _id } }';
      const shown = await b.ask(query, { id: `${number}` }, { 'causality-token': token });
      expect(shown.data).toEqual({ document: { _id: `${number}` } });
    }
  });

  it('tell subscribers of the one what is written to the other', async () => {
    const client = createClient({ url: b.socketUrl, webSocketImpl: WebSocket });
    const query = 'subscription { document(collection: "cars", id: "seen") { document { _id } token } }';
    const events = client.iterate({ query });
    expect((await events.next()).value).toMatchObject({ data: { document: { document: null } } });
    const { token } = await a.ask(upsert, { document: { _id: 'seen' } });
    expect((await events.next()).value).toMatchObject({
      data: { document: { document: { _id: 'seen' }, token } },
    });
    await client.dispose();
  });

  it('say that they are behind where a token is of what never comes', async () => {
    const { token = '' } = await a.ask('{ replica { id } }');
    const [format, log, position = '0', mark] = Buffer.from(token, 'base64url').toString().split(' ');
    const ahead = [format, log, Number(position) + 1_000, mark].join(' ');
    const answer = await b.ask(
      '{ replica { id } }',
      {},
      { 'causality-token': Buffer.from(ahead).toString('base64url') },
    );
    expect(answer.errors).toMatchObject([{ extensions: { code: 'REPLICA_BEHIND' } }]);
  });

  it('fetch each other’s attachments, also after a restart in good order', async () => {
    await using once = await startServer({ REDIS_URL: redis.url, REPLICA_ID: 'again' });
    const form = new FormData();
    form.set('file', new Blob(['a flag']), 'flag.txt');
    const headers = { 'x-graphql-yoga-csrf': '1' };
    const uploaded = await fetch(`${once.url}/attachments`, { method: 'POST', body: form, headers });
    const { id } = JSON.parse(await uploaded.text());
    const { token = '', data: before } = await once.ask('{ replica { id } }');
    expect(await once.stop()).toBe(0);

    await using again = await startServer({ REDIS_URL: redis.url, REPLICA_ID: 'again', DATA_DIR: once.dataFolder });
    // It goes on under the origin of before: the others ask it for bytes by that.
    expect(await again.run('{ replica { id } }')).toEqual(before);
    const peers = () => b.run('{ replica { peers { id } } }').then((data) => JSON.stringify(data));
    await expect.poll(peers, { timeout: 5_000 }).toContain('"again.');
    const client = createClient({ url: b.socketUrl, webSocketImpl: WebSocket });
    const query = 'subscription ($id: ID!) { attachmentFetch(id: $id) { status downloaded total } }';
    const extensions = { causality: { token } };
    const told: unknown[] = [];
    for await (const event of client.iterate({ query, variables: { id }, extensions })) told.push(event);
    expect(told.at(-1)).toMatchObject({ data: { attachmentFetch: { status: 'COMPLETED', downloaded: 6, total: 6 } } });
    expect(await (await fetch(`${b.url}/attachments/${id}`)).text()).toBe('a flag');
    await client.dispose();
  });

  it('stay ready while Redis is away, answer from the journal, say so, and hand on later', async () => {
    await redis.stop();
    const health = async () => (await fetch(`${a.url}/health/ready`)).json();
    const written = await a.ask(upsert, { document: { _id: 'cut off' } });
    expect(written).toMatchObject({ errors: [], data: { upsert: { document: { _id: 'cut off' } } } });
    expect(await health()).toMatchObject({ ready: true, connected: false, unsent: 1 });
    const shown = await a.ask('{ document(collection: "cars", id: "cut off") { _id } }');
    expect(shown.data).toEqual({ document: { _id: 'cut off' } });

    await redis.restart();
    await expect.poll(health, { timeout: 20_000 }).toMatchObject({ ready: true, connected: true, unsent: 0 });
    const query = '{ document(collection: "cars", id: "cut off") { _id } }';
    await expect.poll(() => b.run(query), { timeout: 20_000 }).toEqual({ document: { _id: 'cut off' } });
  });

  it('end in time while Redis is away', async () => {
    await using ending = await startServer({ REDIS_URL: redis.url, REPLICA_ID: 'ending' });
    redis.pause();
    const begun = performance.now();
    expect(await ending.stop()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(5_000);
    redis.resume();
  });
});
