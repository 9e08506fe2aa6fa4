/** Clients that ask and do not read: what they are owed is bounded, for one connection and for all together. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import { type ServerProcess, startServer } from '../servers/tideline.ts';
import { eventually } from '../servers/wait.ts';
import { clientFrame, openRawWebSocket, writeOften } from './raw-web-socket.ts';

const mebibyte = 1024 * 1024;
const heapMebibytes = 512;

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer({ NODE_OPTIONS: `--max-old-space-size=${heapMebibytes}` });
  const text = 'x'.repeat(8 * mebibyte);
  await server.run('mutation ($d: JSON!) { upsert(collection: "large", document: $d) { document { _id } } }', {
    d: { _id: 'a', text },
  });
});
afterAll(() => server?.[Symbol.asyncDispose]());

async function sockets(): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^tideline_websockets (\d+)$/m.exec(metrics)?.[1]);
}

async function openAcknowledged() {
  const socket = await openRawWebSocket(server.socketUrl);
  await writeOften(socket, clientFrame('{"type":"connection_init"}'), 1);
  return socket;
}

const ping = (bytes: number) => clientFrame(`{"type":"ping","payload":{"text":"${'x'.repeat(bytes)}"}}`);
const often = (frame: Buffer) => Buffer.concat(Array.from({ length: Math.ceil(mebibyte / frame.length) }, () => frame));
const operation = (query: string, id: string) =>
  clientFrame(JSON.stringify({ id, type: 'subscribe', payload: { query } }));
const invalid = Array.from({ length: 5 }, (_, index) => `field${index}`).join(' ');

describe('L43: a client that never reads', () => {
  it.each([
    ['pings as long as they may be', often(ping(limits.plainMessageCharacters - 100))],
    ['small pings', often(ping(10))],
    ['pings of RFC 6455', often(clientFrame('x'.repeat(125), 9))],
    ['errors that quote what it sent', often(operation(`{ ${invalid} }`, 'x'.repeat(10_000)))],
  ])('is cut off once it is owed too much: %s', async (_, messages) => {
    const socket = await openAcknowledged();
    await writeOften(socket, messages, 200);
    await eventually('it is gone', async () => (await sockets()) === 0);
    expect(await server.run('{ __typename }')).toEqual({ __typename: 'Query' });
  });

  it('is closed by a ping that is longer than any needs to be', async () => {
    const socket = await openAcknowledged();
    await writeOften(socket, ping(mebibyte), 100);
    socket.destroy();
    expect(await server.run('{ __typename }')).toEqual({ __typename: 'Query' });
  });

  it('is cut off where all together have begun to send too much, and end no message', async () => {
    const opened = await Promise.all(Array.from({ length: 24 }, openAcknowledged));
    const begun = ping(20 * mebibyte).subarray(0, -mebibyte);
    await Promise.all(opened.map((socket) => writeOften(socket, begun, 1)));
    // A quarter of the heap, which is somewhat larger than its old space.
    await eventually('no more are open than may be', async () => (await sockets()) <= 8);
    expect(await sockets()).toBeGreaterThan(0);
    for (const socket of opened) socket.destroy();
    await eventually('all are gone', async () => (await sockets()) === 0);
    expect(await server.run('{ __typename }')).toEqual({ __typename: 'Query' });
  });

  it('is cut off where all that do not read are owed too much together', async () => {
    const opened = await Promise.all(Array.from({ length: 24 }, openAcknowledged));
    const query = '{ document(collection: "large", id: "a") { value } }';
    await Promise.all(opened.map((socket) => writeOften(socket, operation(query, '1'), 1)));
    const allowed = (heapMebibytes / 4 / 8) | 0;
    await eventually('no more are open than may be', async () => (await sockets()) <= allowed);
    expect(await sockets()).toBeGreaterThan(0);
    for (const socket of opened) socket.destroy();
    await eventually('all are gone', async () => (await sockets()) === 0);
    expect(await server.run('{ __typename }')).toEqual({ __typename: 'Query' });
  });
});
