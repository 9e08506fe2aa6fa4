/** A WebSocket client that writes whatever bytes it is told to, as fast as they are taken, and reads only when it is told to. */
import { connect, type Socket } from 'node:net';

/** A whole message from a client: its mask is zero, so that the payload stays as it is. */
export function clientFrame(payload: string | Buffer, opcode = 1): Buffer {
  const data = Buffer.from(payload);
  const length = data.length < 126 ? 6 : data.length < 65_536 ? 8 : 14;
  const head = Buffer.alloc(length);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (length === 6 ? data.length : length === 8 ? 126 : 127);
  if (length === 8) head.writeUInt16BE(data.length, 2);
  if (length === 14) head.writeBigUInt64BE(BigInt(data.length), 2);
  return Buffer.concat([head, data]);
}

/** Resolves after the handshake, paused. @param url `ws:` */
export function openRawWebSocket(url: string): Promise<Socket> {
  const { hostname, port, pathname, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const lines = [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: graphql-transport-ws',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', (answer) => {
      socket.pause();
      socket.off('error', reject);
      // It is cut off in the middle of what it writes.
      socket.on('error', () => socket.destroy());
      if (String(answer).startsWith('HTTP/1.1 101')) resolve(socket);
      else reject(new Error(String(answer)));
    });
  });
}

/** Writes the same bytes again and again. Resolves once they are written, or the server takes no more as it has closed. */
export async function writeOften(socket: Socket, bytes: Buffer, times: number): Promise<void> {
  for (let written = 0; written < times && !socket.destroyed; written += 1) {
    await new Promise<void>((resolve) => {
      socket.once('close', resolve);
      socket.write(bytes, () => {
        socket.off('close', resolve);
        resolve();
      });
    });
  }
}
