/**
 * What one reader of a subscription has not read yet: a queue between a source that never waits and a reader that may be
 * slow. Made by hand, as the `return()` of an async generator that waits for its source waits with it.
 * L13. Never more than so many unread events: beyond that the newest are merged into one. What cannot be merged ends, after
 *      what is unread, with the error that says so.
 * L14. `return()` releases at once, also while a read waits; the source is released exactly once, however the stream ends.
 */
import { HistoryUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Stream, StreamOptions } from '../../resolvers/streams.ts';

type Read<Event> = IteratorResult<Event, undefined>;

interface WaitingRead<Event> {
  resolve(read: Read<Event>): void;
  reject(error: Error): void;
}

const done = { value: undefined, done: true } as const;

export class Unread<Event> implements Stream<Event> {
  readonly #options: StreamOptions<Event>;
  readonly #limit: number;
  #events: IteratorYieldResult<Event>[] = [];
  /** Reads that came before their events, in their order. Invariant: none while there are events, or once it has ended. */
  #waiting: WaitingRead<Event>[] = [];
  #lastRead: Event | undefined;
  #ended = false;
  /** What is told once after the last event, in the place of the end. */
  #error: (() => Error) | undefined;

  /** @param limit of unread events */
  constructor(
    options: StreamOptions<Event>,
    limit: number = options.merge === undefined ? limits.unreadTransactions : limits.unreadEvents,
  ) {
    this.#options = options;
    this.#limit = limit;
  }

  /** Nothing, once it has ended. */
  push(event: Event): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting.resolve(this.#read({ value: event, done: false }));
      return;
    }
    if (this.#events.length < this.#limit) this.#events.push({ value: event, done: false });
    else this.#overflow(event);
  }

  end(): void {
    this.#end(undefined);
  }

  fail(error: Error): void {
    this.#end(() => error);
  }

  next(): Promise<Read<Event>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve(this.#read(event));
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) return Promise.reject(error());
    if (this.#ended) return Promise.resolve(done);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#end(undefined);
    this.#events = [];
    this.#error = undefined;
    return Promise.resolve(done);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #read(event: IteratorYieldResult<Event>): IteratorYieldResult<Event> {
    this.#lastRead = event.value;
    return event;
  }

  #overflow(event: Event): void {
    const { merge, overflow } = this.#options;
    if (merge === undefined) {
      // Made when it is told: all that is unread now has been read by then, and the error can say so.
      this.#end(() => overflow?.(this.#lastRead) ?? new HistoryUnavailableError('more was unread than is kept'));
      return;
    }
    const newest = this.#events.pop();
    const merged = newest === undefined ? event : merge(newest.value, event);
    if (merged !== undefined) this.#events.push({ value: merged, done: false });
  }

  #end(error: (() => Error) | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve, reject } of waiting) this.next().then(resolve, reject);
    this.#options.onReturn();
  }
}
