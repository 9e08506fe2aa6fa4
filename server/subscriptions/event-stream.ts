/**
 * One subscription over server-sent events, as graphql-sse's distinct connections mode has it: an event `next` for each
 * answer, then `complete`.
 * L42. It shares executions and serialised events with all other doors, and is held to the same limits.
 */
import type { ServerResponse } from 'node:http';
import type { GraphQLError } from 'graphql';
import { limits } from '../../limits.ts';
import type { Execution, Prepared } from '../execution.ts';
import type { Result } from '../result.ts';
import { Connection, type Outlet } from './connection.ts';
import { Payload } from './payload.ts';
import { Subscription } from './subscription.ts';

const ping = ':\n\n';
const complete = 'event: complete\ndata:\n\n';

class EventStreamOutlet implements Outlet {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get unsentBytes(): number {
    return this.#response.writableLength;
  }

  write(_id: string, payload: Payload): void {
    if (!isOpen(this.#response)) return;
    if (!this.#response.headersSent) begin(this.#response);
    this.#response.write(payload.serverSentEvent);
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
  // The last is for proxies that would hold events back.
  response.writeHead(200, { 'Content-Type': 'text/event-stream', Connection: 'keep-alive', 'X-Accel-Buffering': 'no' });
  response.flushHeaders();
}

/** @returns what is wrong with the subscription; undefined once the stream is over */
export async function streamEvents(
  execution: Execution,
  prepared: Prepared,
  response: ServerResponse,
  elapsed: () => number,
): Promise<Result | undefined> {
  const outlet = new EventStreamOutlet(response);
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
  await closed;
  clearInterval(pings);
  return undefined;
}
