/**
 * Frames of one WebSocket, written beside those of ws: whole text frames (RFC 6455, section 5.2), unmasked as a server's are.
 * Why not through ws: what is told to many is the same to its last byte but for the id at its beginning.
 */
import type { Duplex } from 'node:stream';
import type { GraphQLError } from 'graphql';
import { WebSocket } from 'ws';
import { limits } from '../../limits.ts';
import type { Connection, Outlet } from './connection.ts';
import type { Payload } from './payload.ts';

/** Of a close: Try Again Later (IANA, WebSocket Close Code Number Registry). Clients take it as: connect again. */
const tryAgainLater = 1013;
const finalText = 0x81;

export class WebSocketOutlet implements Outlet {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  #isCorked = false;
  readonly #ended: (id: string) => void;
  /** Set once: its connection, which asks it what is unsent. */
  connection: Connection | undefined;

  /**
   * @param stream what ws itself writes to; nothing is compressed, so that its frames are whole, too
   * @param ended told the id of a subscription that is over, unless its client left it
   */
  constructor(socket: WebSocket, stream: Duplex, ended: (id: string) => void) {
    this.#socket = socket;
    this.#stream = stream;
    this.#ended = ended;
  }

  get unsentBytes(): number {
    return this.#stream.writableLength;
  }

  /** @param id the beginning of the message, as `messageHead` gives it */
  write(id: string, payload: Payload): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if ((this.connection?.size ?? 0) > 1) this.#cork();
    writeFrame(this.#stream, id, payload.webSocketTail);
  }

  end(head: string, error: GraphQLError | undefined): void {
    const { id } = JSON.parse(`${head}}`);
    this.#ended(id);
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const message = error === undefined ? { id, type: 'complete' } : { id, type: 'error', payload: [error] };
    this.#socket.send(JSON.stringify(message));
  }

  closeUnread(): void {
    closeUnread(this.#socket);
  }

  /** What one turn writes to several subscriptions goes out at once. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#stream.uncork();
    });
  }
}

/** Behind what was written before. */
export function closeUnread(socket: WebSocket): void {
  socket.close(tryAgainLater, 'what was sent is not read');
}

/** The beginning of a message about a subscription; what comes behind it is Payload.webSocketTail. */
export const messageHead = (id: string): string => `{"id":${JSON.stringify(id)}`;

function writeFrame(stream: Duplex, head: string, tail: Buffer): void {
  const headBytes = Buffer.byteLength(head);
  const length = headBytes + tail.length;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const payloadAt = 2 + extended;
  const isCopied = length <= limits.copiedFrameBytes;
  const frame = Buffer.allocUnsafe(payloadAt + (isCopied ? length : headBytes));
  frame[0] = finalText;
  if (extended === 0) frame[1] = length;
  else if (extended === 2) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  // Short and nearly always ASCII: faster so than by a call out of JavaScript.
  if (headBytes === head.length) for (let at = 0; at < headBytes; at += 1) frame[payloadAt + at] = head.charCodeAt(at);
  else frame.write(head, payloadAt);
  if (isCopied) {
    frame.set(tail, payloadAt + headBytes);
    stream.write(frame);
    return;
  }
  stream.cork();
  stream.write(frame);
  stream.write(tail);
  stream.uncork();
}
