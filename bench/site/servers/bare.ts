/** A bare `node:http` server that does one HSET and one PUBLISH a request, and sends what is published to raw WebSockets. */
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { WebSocketServer } from 'ws';
import { channel, redisWork } from './redis-work.ts';
import { serve } from './serve.ts';

await serve(async ({ redisUrl }) => {
  const { set } = redisWork(redisUrl);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const { id, n } = JSON.parse(Buffer.concat(chunks).toString());
      set({ id, n }).then(
        () => {
          const body = JSON.stringify({ _id: id });
          response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
          response.end(body);
        },
        () => response.writeHead(500).end(),
      );
    });
  });
  const sockets = new WebSocketServer({ server });
  const subscriber = new Redis(redisUrl);
  await subscriber.subscribe(channel);
  subscriber.on('message', (_, message) => {
    for (const client of sockets.clients) client.send(message);
  });
  return server;
});
