/** The limit: what is written is sent to every WebSocket, the bytes that Tideline sends, and nothing else is done. */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { serve } from '../../site/servers/serve.ts';
import { eventOf, sentence } from '../work.ts';

await serve(async () => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const { n } = JSON.parse(Buffer.concat(chunks).toString());
      const event = eventOf({ n, text: sentence });
      const payload = { data: { documents: event } };
      const message = JSON.stringify({ id: '1', type: 'next', payload });
      for (const client of sockets.clients) client.send(message);
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 2 }).end('{}');
    });
  });
  const sockets = new WebSocketServer({ server });
  return server;
});
