import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Connection } from '../../../server/subscriptions/connection.ts';
import { Payload } from '../../../server/subscriptions/payload.ts';
import { messageHead } from '../../../server/subscriptions/web-socket-frames.ts';
import { SocketBuffers } from '../../../server/traffic/socket-buffers.ts';
import { WebSocketOutlet } from '../../../server/websocket/outlet.ts';
import { silentLogger } from '../../servers/silent-logger.ts';
import { opened as openedCounter } from '../subscriptions/counter.ts';

const http = createServer();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const socketBuffers = new SocketBuffers({ maximumBytes: Number.POSITIVE_INFINITY, logger: silentLogger });
beforeAll(() => new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  for (const socket of sockets.clients) socket.terminate();
  http.close();
});

/** A real connection: its outlet, ws' own socket, and the client. */
function opened(options: { readonly unsentBytes?: number; readonly unreadMilliseconds?: number } = {}, now = () => 0) {
  return new Promise<{ outlet: WebSocketOutlet; connection: Connection; socket: WebSocket; client: WebSocket }>(
    (resolve) => {
      http.once('upgrade', (request, stream, head) =>
        sockets.handleUpgrade(request, stream, head, (socket) => {
          const outlet = new WebSocketOutlet({ socket, stream: request.socket, socketBuffers, ended: () => {} });
          const connection = new Connection({ outlet, elapsed: now, ...options });
          outlet.connection = connection;
          client.once('open', () => resolve({ outlet, connection, socket, client }));
        }),
      );
      const address = http.address();
      const { port } = (typeof address === 'object' && address) || { port: 0 };
      const client = new WebSocket(`ws://127.0.0.1:${port}`);
    },
  );
}

const messages = (client: WebSocket, count: number) =>
  new Promise<unknown[]>((resolve) => {
    const told: unknown[] = [];
    client.on('message', (data, isBinary) => {
      told.push([isBinary, JSON.parse(String(data))]);
      if (told.length === count) resolve(told);
    });
  });

describe('frames of shared events', () => {
  it('L30: are read by any client, of whatever size and under whatever id, beside what ws writes', async () => {
    const { outlet, socket, client } = await opened();
    const texts = [0, 1, 40, 60, 61, 62, 63, 64, 65, 100, 4_000, 5_000, 65_400, 65_500, 65_600, 300_000].map(
      (length) => 'é'.repeat(length % 2) + 'x'.repeat(length),
    );
    const ids = ['1', 'a "quoted" id', 'ключ', '\u{1f600}', 'x'.repeat(200)];
    const wanted: unknown[] = [];
    const told = messages(client, texts.length * (ids.length + 1));
    for (const text of texts) {
      const payload = new Payload({ data: { text } });
      for (const id of ids) {
        outlet.write(messageHead(id), payload);
        wanted.push([false, { id, type: 'next', payload: { data: { text } } }]);
      }
      socket.send('{"type":"pong"}');
      wanted.push([false, { type: 'pong' }]);
    }
    expect(await told).toEqual(wanted);
    client.terminate();
  });

  it('are dropped once the connection is closed', async () => {
    const { outlet, socket, client } = await opened();
    const closed = new Promise((resolve) => client.once('close', resolve));
    socket.close(1001);
    outlet.write(messageHead('1'), new Payload({ data: {} }));
    expect(await closed).toBe(1001);
  });

  it('L35: that nobody reads end with a close that says so, behind what was written before', async () => {
    let now = 0;
    const { outlet, connection, client } = await opened({ unreadMilliseconds: 1_000 }, () => now);
    client.pause();
    const { counter, open } = openedCounter();
    const reader = { connection, id: messageHead('1'), isWaiting: () => true };
    const text = 'x'.repeat(100_000);
    open(reader, { execute: (event) => ({ data: { event, text } }) });
    while (outlet.unsentBytes === 0) counter.add();
    counter.add();
    const unsent = outlet.unsentBytes;
    for (let step = 0; step < 1_000; step += 1) counter.add();
    expect(outlet.unsentBytes).toBe(unsent);
    now = 1_000_000;
    counter.add();
    const closed = new Promise<unknown[]>((resolve) =>
      client.once('close', (code, why) => resolve([code, String(why)])),
    );
    client.resume();
    expect(await closed).toEqual([1013, 'the client does not read what was sent']);
  });
});
