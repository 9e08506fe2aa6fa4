/** What one WebSocket is told of its subscriptions: frames of its events are written beside those of ws, all else by ws. */
import type { Duplex } from 'node:stream';
import type { GraphQLError } from 'graphql';
import { WebSocket } from 'ws';
import type { Connection, Outlet } from './connection.ts';
import type { Payload } from './payload.ts';

/** Of a close: Try Again Later (IANA, WebSocket Close Code Number Registry). Clients take it as: connect again. */
const tryAgainLater = 1013;

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
    payload.webSocketFrames.write(this.#stream, id);
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
