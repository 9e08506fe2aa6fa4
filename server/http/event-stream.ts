/**
 * One subscription over server-sent events, in the distinct connections mode of graphql-sse: an event `next` for each
 * result, then `complete`.
 * L42. It shares executions and serialised events with all other transports, and the same limits apply.
 */
import type { ServerResponse } from 'node:http';
import type { GraphQLError } from 'graphql';
import { limits } from '../../limits.ts';
import type { Execution } from '../execution/execution.ts';
import type { Prepared } from '../operation/request.ts';
import type { Result } from '../operation/result.ts';
import { Connection, type Outlet } from '../subscriptions/connection.ts';
import { Payload } from '../subscriptions/payload.ts';
import { Subscription } from '../subscriptions/subscription.ts';
import type { SocketBuffer, SocketBuffers } from '../traffic/socket-buffers.ts';
import { takenBytes } from '../traffic/taken-bytes.ts';

const ping = ':\n\n';
const complete = 'event: complete\ndata:\n\n';

class EventStreamOutlet implements Outlet {
  readonly #response: ServerResponse;
  readonly #buffer: SocketBuffer;

  constructor(response: ServerResponse, socketBuffers: SocketBuffers) {
    this.#response = response;
    this.#buffer = socketBuffers.open(this, () => response.destroy());
    response.once('close', () => this.#buffer.close());
    response.on('drain', () => this.#buffer.written());
  }

  get unsentBytes(): number {
    return this.#response.writableLength;
  }

  get bufferedBytes(): number {
    return this.unsentBytes;
  }

  get takenBytes(): number {
    const { socket } = this.#response;
    return socket === null ? 0 : takenBytes(socket);
  }

  write(_id: string, payload: Payload): void {
    if (!isOpen(this.#response)) return;
    if (!this.#response.headersSent) begin(this.#response);
    const { bytes, shared } = payload.serverSentEvent;
    this.#response.write(bytes, shared && this.#buffer.share(shared));
    this.#buffer.written();
  }

  end(id: string, error: GraphQLError | undefined): void {
    if (error !== undefined) this.write(id, new Payload({ errors: [error] }));
    if (!isOpen(this.#response)) return;
    if (!this.#response.headersSent) begin(this.#response);
    this.#response.end(complete);
  }

  closeUnread(): void {
    this.#response.destroy();
  }
}

const isOpen = ({ destroyed, writableEnded }: ServerResponse): boolean => !destroyed && !writableEnded;

function begin(response: ServerResponse): void {
  // X-Accel-Buffering stops proxies from buffering events.
  response.writeHead(200, { 'Content-Type': 'text/event-stream', Connection: 'keep-alive', 'X-Accel-Buffering': 'no' });
  response.flushHeaders();
}

export interface EventStreamOptions {
  readonly execution: Execution;
  readonly socketBuffers: SocketBuffers;
  /** A monotonic clock, in milliseconds. */
  readonly elapsed: () => number;
}

/** @returns the error of a refused subscription; undefined once the stream has ended */
export async function streamEvents(
  prepared: Prepared,
  response: ServerResponse,
  { execution, socketBuffers, elapsed }: EventStreamOptions,
): Promise<Result | undefined> {
  const outlet = new EventStreamOutlet(response, socketBuffers);
  const connection = new Connection({ outlet, elapsed });
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  const subscription = await execution.subscribe(prepared, { connection, id: '', isWaiting: () => !response.closed });
  if (!(subscription instanceof Subscription)) return subscription;
  response.once('close', () => subscription.leave());
  response.on('drain', () => connection.drained());
  if (!isOpen(response)) return undefined;
  if (!response.headersSent) begin(response);
  response.write(ping);
  const pings = setInterval(() => {
    if (response.writableLength === 0) response.write(ping);
  }, limits.signOfLifeMilliseconds);
  const looks = setInterval(() => connection.look(), limits.lookMilliseconds);
  await closed;
  clearInterval(pings);
  clearInterval(looks);
  return undefined;
}
