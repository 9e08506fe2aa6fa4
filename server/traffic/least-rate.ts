/**
 * A minimum rate for clients that send requests and read responses: each holds a connection and memory meanwhile. A
 * body must bring a number of bytes in each window; of a response, something must be read within the time that a slow
 * line needs. Time in which the client waits for this process does not count.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { limits } from '../../limits.ts';
import { takenBytes } from './taken-bytes.ts';

/** Intervals in milliseconds; tests shorten them. */
export interface Pace {
  readonly windowMilliseconds: number;
  readonly unreadMilliseconds: number;
}

const usualPace: Pace = {
  windowMilliseconds: limits.bodyWindowMilliseconds,
  unreadMilliseconds: limits.unreadMilliseconds + (limits.takenAtOnceBytes * 1_000) / limits.slowestBytesPerSecond,
};

/** Checks per window: a slow client is detected at most a quarter of a window late. */
const looksPerWindow = 4;

export class LeastRate {
  readonly #elapsed: () => number;
  readonly #pace: Pace;
  readonly #exchanges = new Set<Exchange>();
  readonly #timer: NodeJS.Timeout;
  readonly #tooSlow: (response: ServerResponse) => void;

  /** @param tooSlow answers a request whose body is too slow; a response that is not read is destroyed here */
  constructor(elapsed: () => number, tooSlow: (response: ServerResponse) => void, pace: Pace = usualPace) {
    this.#elapsed = elapsed;
    this.#tooSlow = tooSlow;
    this.#pace = pace;
    this.#timer = setInterval(
      () => this.#look(),
      Math.min(pace.windowMilliseconds, pace.unreadMilliseconds) / looksPerWindow,
    );
    this.#timer.unref();
  }

  /** Called for each new request. @returns the exchange to pass to `end` */
  begin(request: IncomingMessage, response: ServerResponse): Exchange {
    const exchange = new Exchange(request, response);
    this.#exchanges.add(exchange);
    return exchange;
  }

  end(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = this.#elapsed();
    for (const exchange of this.#exchanges) {
      const { response } = exchange;
      if (exchange.isUnread(now, this.#pace.unreadMilliseconds)) response.destroy();
      else if (exchange.isLate(now, this.#pace.windowMilliseconds)) {
        this.#exchanges.delete(exchange);
        if (response.headersSent) response.destroy();
        else this.#tooSlow(response);
      }
    }
  }
}

/** One request and its response. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The last time with progress, and the byte count then; undefined while nothing is awaited. */
  #received: Mark | undefined;
  #taken: Mark | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
  }

  isLate(now: number, windowMilliseconds: number): boolean {
    const { complete, readableLength, socket } = this.request;
    if (complete || readableLength > 0 || this.request.isPaused()) this.#received = undefined;
    else if (this.#received === undefined) this.#received = { at: now, bytes: socket.bytesRead };
    else if (now - this.#received.at >= windowMilliseconds) {
      const least = (windowMilliseconds * limits.slowestBodyBytesPerSecond) / 1_000;
      if (socket.bytesRead - this.#received.bytes < least) return true;
      this.#received = { at: now, bytes: socket.bytesRead };
    }
    return false;
  }

  isUnread(now: number, unreadMilliseconds: number): boolean {
    const socket: Socket | null = this.response.socket;
    if (socket === null || this.response.writableLength === 0) {
      this.#taken = undefined;
      return false;
    }
    const bytes = takenBytes(socket);
    if (this.#taken?.bytes !== bytes) this.#taken = { at: now, bytes };
    return now - this.#taken.at > unreadMilliseconds;
  }
}

interface Mark {
  readonly at: number;
  readonly bytes: number;
}
