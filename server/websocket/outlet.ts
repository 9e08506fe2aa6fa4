/**
 * The outlet of one WebSocket. All that is sent goes through it, so that unsent bytes and partly received messages can
 * be limited. Events are written as prepared frames; ws writes everything else.
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

/** Close code Try Again Later (IANA, WebSocket Close Code Number Registry): clients reconnect. */
const tryAgainLater = 1013;
/** The maximum length of a close frame's reason (RFC 6455, sections 5.5 and 5.5.1). */
const reasonBytes = 123;
/** The header of a masked control frame from a client (RFC 6455, section 5.2). */
const controlHeadBytes = 6;

export interface WebSocketOutletOptions {
  readonly socket: WebSocket;
  /** The stream that ws writes to. Without compression ws writes whole frames at once, so frames can be interleaved. */
  readonly stream: Socket;
  readonly socketBuffers: SocketBuffers;
  /** Called with the id of a subscription that ended, unless its client completed it. */
  ended(id: string): void;
}

export class WebSocketOutlet implements Outlet, Line {
  readonly #socket: WebSocket;
  readonly #stream: Socket;
  readonly #buffer: SocketBuffer;
  readonly #measure: () => void;
  readonly #taken: () => void;
  /** The number of unsent frames of ws: a small one takes more memory than its bytes. */
  #unsentFrames = 0;
  /** About how many bytes of an incomplete message have been received. */
  #unfinishedBytes = 0;
  #isCorked = false;
  readonly #ended: (id: string) => void;
  /** Set once: the connection that uses this outlet. */
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

  /** Must be called with received bytes before ws parses them. */
  receiving(bytes: number): void {
    this.#unfinishedBytes += bytes;
    if (this.#holdsUnfinished) this.#measure();
  }

  /** Must be called when a message is complete. */
  received(): void {
    const held = this.#holdsUnfinished;
    this.#unfinishedBytes = 0;
    if (held) this.#measure();
  }

  /** Must be called for a ping or pong, which may arrive in the middle of a message. */
  receivedControl(data: Buffer): void {
    this.#unfinishedBytes -= data.length + controlHeadBytes;
  }

  get #holdsUnfinished(): boolean {
    return this.#unfinishedBytes > limits.connectionUnsentBytes;
  }

  /** @param id the beginning of the message, from `messageHead` */
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

  /** Sends a message of the protocol. Closes the connection if too much is unsent already. */
  send(text: string): void {
    if (!this.#mayWrite()) return;
    this.#unsentFrames += 1;
    // Node reserves three bytes for each character of a queued string.
    const data = text.length > limits.copiedFrameBytes ? Buffer.from(text) : text;
    this.#socket.send(data, { binary: false }, this.#taken);
    this.#measure();
  }

  /** Answers a ping (RFC 6455). */
  pong(data: Buffer): void {
    if (!this.#mayWrite()) return;
    this.#unsentFrames += 1;
    this.#socket.pong(data, false, this.#taken);
    this.#measure();
  }

  /** Sends a ping. */
  ping(): void {
    if (this.isOpen) this.#socket.ping();
  }

  /** Closes the connection; a reason that is too long for its frame is truncated. */
  close(code: number, reason: string): void {
    this.#socket.close(code, shortened(reason));
  }

  /** Cuts the connection off if too much is unsent, as a close frame would wait behind all that. */
  closeUnread(): void {
    if (this.unsentBytes > limits.socketUnsentBytes) this.#buffer.cutOff();
    else this.close(tryAgainLater, 'the client does not read what was sent');
  }

  #mayWrite(): boolean {
    if (!this.isOpen) return false;
    if (this.unsentBytes <= limits.socketUnsentBytes) return true;
    this.closeUnread();
    return false;
  }

  /** Collects what one turn writes to several subscriptions into one system call. */
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
