/**
 * What one WebSocket sends: all of it goes through here, so that it is counted, with what its client has begun to send. Events are written as frames of our own beside
 * those of ws, which writes all else.
 */
import type { Socket } from 'node:net';
import type { GraphQLError } from 'graphql';
import { WebSocket } from 'ws';
import { limits } from '../../limits.ts';
import type { Connection, Outlet } from '../subscriptions/connection.ts';
import type { Payload } from '../subscriptions/payload.ts';
import type { SocketBuffer, SocketBuffers } from '../traffic/socket-buffers.ts';
import { takenBytes } from '../traffic/taken-bytes.ts';
import type { Line } from './signs-of-life.ts';

/** Of a close: Try Again Later (IANA, WebSocket Close Code Number Registry). Clients take it as: connect again. */
const tryAgainLater = 1013;
/** Of a close frame's reason (RFC 6455, sections 5.5 and 5.5.1). */
const reasonBytes = 123;
/** Of a control frame from a client, which is masked (RFC 6455, section 5.2). */
const controlHeadBytes = 6;

export interface WebSocketOutletOptions {
  readonly socket: WebSocket;
  /** What ws itself writes to; nothing is compressed, so that its frames are whole, too. */
  readonly stream: Socket;
  readonly socketBuffers: SocketBuffers;
  /** Told the id of a subscription that is over, unless its client left it. */
  ended(id: string): void;
}

export class WebSocketOutlet implements Outlet, Line {
  readonly #socket: WebSocket;
  readonly #stream: Socket;
  readonly #buffer: SocketBuffer;
  readonly #measure: () => void;
  readonly #taken: () => void;
  /** Of those that ws writes: a small one takes more memory than its bytes. */
  #unsentFrames = 0;
  /** Of a message that is not whole yet, about. */
  #unfinishedBytes = 0;
  #isCorked = false;
  readonly #ended: (id: string) => void;
  /** Set once: its connection, which asks it what is unsent. */
  connection: Connection | undefined;

  constructor({ socket, stream, socketBuffers, ended }: WebSocketOutletOptions) {
    this.#socket = socket;
    this.#stream = stream;
    this.#ended = ended;
    this.#buffer = socketBuffers.open(this, () => socket.terminate());
    this.#measure = () => this.#buffer.written();
    this.#taken = () => {
      this.#unsentFrames -= 1;
      this.#buffer.written();
    };
    stream.once('close', () => this.#buffer.close());
    stream.on('drain', () => {
      this.#measure();
      this.connection?.drained();
    });
  }

  get unsentBytes(): number {
    return this.#stream.writableLength + this.#unsentFrames * limits.frameOverheadBytes;
  }

  get bufferedBytes(): number {
    return this.unsentBytes + (this.#holdsUnfinished ? this.#unfinishedBytes : 0);
  }

  get takenBytes(): number {
    return takenBytes(this.#stream);
  }

  get receivedBytes(): number {
    return this.#stream.bytesRead;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Called with the bytes that have come, before ws makes messages of them. */
  receiving(bytes: number): void {
    this.#unfinishedBytes += bytes;
    if (this.#holdsUnfinished) this.#measure();
  }

  /** A message is whole. */
  received(): void {
    const held = this.#holdsUnfinished;
    this.#unfinishedBytes = 0;
    if (held) this.#measure();
  }

  /** A ping or a pong has come, maybe in the middle of a message. */
  receivedControl(data: Buffer): void {
    this.#unfinishedBytes -= data.length + controlHeadBytes;
  }

  get #holdsUnfinished(): boolean {
    return this.#unfinishedBytes > limits.connectionUnsentBytes;
  }

  /** @param id the beginning of the message, as `messageHead` gives it */
  write(id: string, payload: Payload): void {
    if (!this.isOpen) return;
    if ((this.connection?.size ?? 0) > 1) this.#cork();
    const { webSocketFrames: frames } = payload;
    frames.write(this.#stream, id, frames.shared && this.#buffer.share(frames.shared));
    this.#measure();
  }

  end(head: string, error: GraphQLError | undefined): void {
    const { id } = JSON.parse(`${head}}`);
    this.#ended(id);
    const message = error === undefined ? { id, type: 'complete' } : { id, type: 'error', payload: [error] };
    this.send(JSON.stringify(message));
  }

  /** A message of the protocol. Ends the connection where its client is owed too much already. */
  send(text: string): void {
    if (!this.#mayWrite()) return;
    this.#unsentFrames += 1;
    // Node sets aside three bytes for each character of a string that waits.
    const data = text.length > limits.copiedFrameBytes ? Buffer.from(text) : text;
    this.#socket.send(data, { binary: false }, this.#taken);
    this.#measure();
  }

  /** Answers a ping of RFC 6455. */
  pong(data: Buffer): void {
    if (!this.#mayWrite()) return;
    this.#unsentFrames += 1;
    this.#socket.pong(data, false, this.#taken);
    this.#measure();
  }

  /** Asks for a sign of life. */
  ping(): void {
    if (this.isOpen) this.#socket.ping();
  }

  /** A reason that is too long for its frame is cut short. */
  close(code: number, reason: string): void {
    this.#socket.close(code, shortened(reason));
  }

  /** At once where it is owed too much: a close frame would wait behind all that. */
  closeUnread(): void {
    if (this.unsentBytes > limits.socketUnsentBytes) this.#buffer.cutOff();
    else this.close(tryAgainLater, 'what was sent is not read');
  }

  #mayWrite(): boolean {
    if (!this.isOpen) return false;
    if (this.unsentBytes <= limits.socketUnsentBytes) return true;
    this.closeUnread();
    return false;
  }

  /** What one turn writes to several subscriptions goes out at once. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#stream.uncork();
      this.#measure();
    });
  }
}

function shortened(reason: string): string {
  let shown = reason;
  while (Buffer.byteLength(shown) > reasonBytes) shown = `${shown.slice(0, -2)}…`;
  return shown;
}
