/** Clients that do not read, over real sockets: the server keeps little for them, and tells them the newest when they do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';

let server: EmbeddedServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

interface Event {
  readonly id: string;
  readonly data: { readonly documents: { readonly merged: number; readonly nodes: readonly { readonly n: number }[] } };
  readonly token: string;
}

/** Two live queries on one connection. */
async function subscribe(): Promise<{ readonly socket: WebSocket; readonly events: Event[] }> {
  const socket = new WebSocket(server.socketUrl, 'graphql-transport-ws');
  const events: Event[] = [];
  socket.on('message', (data) => {
    const message = JSON.parse(String(data));
    if (message.type === 'connection_ack') {
      for (const [id, fields] of [
        ['numbers', 'n: at(path: "n")'],
        ['texts', 'n: at(path: "n") text: at(path: "text")'],
      ] as const) {
        const query = `subscription { documents(collection: "big") { merged nodes { ${fields} } token } }`;
        const payload = { query, extensions: { causality: {} } };
        socket.send(JSON.stringify({ id, type: 'subscribe', payload }));
      }
    } else if (message.type === 'next') {
      const { data: shown, extensions } = message.payload;
      events.push({ id: message.id, data: shown, token: extensions.causality.token });
    }
  });
  socket.once('open', () => socket.send('{"type":"connection_init"}'));
  await expect.poll(() => events.length).toBe(2);
  return { socket, events };
}

const text = 'x'.repeat(500_000);
const write = (n: number) =>
  server.run(
    'mutation ($d: JSON!) { upsert(collection: "big", document: $d, strategy: UPDATE_DIFFERENT) { document { _id } } }',
    { d: { _id: 'a', n, text } },
  );

describe('a client that stops reading', () => {
  it('L33, L35: gets the newest when it reads again, all its subscriptions at one version; others miss nothing', async () => {
    const slow = await subscribe();
    const other = await subscribe();
    slow.socket.pause();
    for (let n = 1; n <= 60; n += 1) await write(n);
    await expect.poll(() => other.events.length, { timeout: 20_000 }).toBe(2 + 2 * 60);
    expect(other.events.every(({ data }) => data.documents.merged === 1)).toBe(true);

    slow.socket.resume();
    const last = () => slow.events.slice(-2);
    await expect
      .poll(() => last().map(({ data }) => data.documents.nodes[0]?.n), { timeout: 20_000 })
      .toEqual([60, 60]);
    expect(new Set(last().map(({ id }) => id))).toEqual(new Set(['numbers', 'texts']));
    expect(last()[0]?.token).toBe(last()[1]?.token);
    expect(last().every(({ data }) => data.documents.merged > 1)).toBe(true);
    const counted = (which: string) =>
      slow.events.filter(({ id }) => id === which).reduce((sum, { data }) => sum + data.documents.merged, 0);
    expect([counted('numbers'), counted('texts')]).toEqual([61, 61]);

    await write(61);
    await expect
      .poll(() => last().map(({ data }) => data.documents))
      .toMatchObject([
        { merged: 1, nodes: [{ n: 61 }] },
        { merged: 1, nodes: [{ n: 61 }] },
      ]);
    slow.socket.terminate();
    other.socket.terminate();
  });
});
