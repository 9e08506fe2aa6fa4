/**
 * HTTP connections that cost next to nothing, so that what is measured is the server: requests are bytes made beforehand,
 * and of answers only the length is looked for.
 */
import { connect, type Socket } from 'node:net';

const headEnd = Buffer.from('\r\n\r\n');
const errors = Buffer.from('"errors"');

/** One request at a time. */
export class HttpConnection {
  readonly #socket: Socket;
  #received: Buffer | undefined;
  #answered: ((body: Buffer) => void) | undefined;

  /** @param failed told once the connection ends, or an answer is not 200 or has errors */
  constructor(port: number, failed: (problem: string) => void) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk, failed));
    this.#socket.on('error', (error) => failed(error.message));
    this.#socket.on('close', () => failed('a connection was closed'));
  }

  /** @param request as `requestBytes` makes it */
  send(request: Buffer, answered: (body: Buffer) => void): void {
    this.#answered = answered;
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #take(chunk: Buffer, failed: (problem: string) => void): void {
    const received = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk]);
    this.#received = received;
    const end = received.indexOf(headEnd);
    if (end < 0) return;
    const head = received.toString('latin1', 0, end);
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    if (!head.startsWith('HTTP/1.1 200') || length === undefined || received.includes(errors, end)) {
      failed(received.toString());
      return;
    }
    const bodyStart = end + headEnd.length;
    if (received.length < bodyStart + Number(length)) return;
    this.#received = undefined;
    this.#answered?.(received.subarray(bodyStart));
  }
}

export function requestBytes(path: string, body: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}
