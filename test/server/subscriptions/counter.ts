/** Subscriptions to something that counts, and what their readers were told. */
import { GraphQLError } from 'graphql';
import { Source, type SourceListener } from '../../../resolvers/streams.ts';
import type { Result } from '../../../server/operation/result.ts';
import { type Reader, Subscriptions } from '../../../server/subscriptions/subscriptions.ts';
import type { TestReader } from './test-reader.ts';

/** What happened so far, as a source that can be merged tells it: from one number to another. */
interface Count {
  readonly from: number;
  readonly to: number;
  readonly merged: number;
}

/** A source that counts, and is told to. */
export class Counter {
  readonly #listeners = new Set<SourceListener<Count>>();
  value = 0;
  opened = 0;
  released = 0;
  executed = 0;

  get isOpen(): boolean {
    return this.#listeners.size > 0;
  }

  source(after?: string): Source<Count> {
    return new Source(after, (listener) => {
      this.opened += 1;
      this.#listeners.add(listener);
      return {
        first: (token) => ({ from: Number(token ?? 0), to: this.value, merged: 1 }),
        merging: {
          since: ({ from }, _, merged) => (from === this.value ? undefined : { from, to: this.value, merged }),
        },
        [Symbol.dispose]: () => {
          this.released += 1;
          this.#listeners.delete(listener);
        },
      };
    });
  }

  /** One event that cannot be merged. */
  unmerged(): Source<Count> {
    return new Source(undefined, (listener) => {
      this.#listeners.add(listener);
      return {
        first: () => undefined,
        merging: undefined,
        tooSlow: ({ to }) => new GraphQLError(`too slow after ${to}`),
        [Symbol.dispose]: () => this.#listeners.delete(listener),
      };
    });
  }

  add(step = 1): void {
    const from = this.value;
    this.value += step;
    for (const listener of [...this.#listeners]) listener.told({ from, to: this.value, merged: 1 });
  }

  end(error?: Error): void {
    for (const listener of [...this.#listeners]) listener.ended(error);
  }
}

const publicError = (error: unknown) => (error instanceof GraphQLError ? error : new GraphQLError(String(error)));

export function opened(maximum?: number) {
  const counter = new Counter();
  const changes: number[] = [];
  const subscriptions = new Subscriptions({
    token: () => `t${counter.value}`,
    publicError,
    changed: (change) => changes.push(change),
    ...(maximum === undefined ? {} : { maximum }),
  });
  const execute = (event: unknown): Result | Promise<Result> => {
    counter.executed += 1;
    return { data: { event } };
  };
  const open = (reader: Reader, { key = 'count', after, ...options }: Partial<OpenOptions> = {}) =>
    subscriptions.open({ key, source: counter.source(after), execute, ...options }, reader);
  return { counter, subscriptions, changes, open };
}

export interface OpenOptions {
  readonly key: string;
  readonly after: string;
  readonly source: Source<unknown>;
  readonly execute: (event: unknown) => Result | Promise<Result>;
}

/** All that a reader was told and has not read, as [from, to, merged]. */
export function told(reader: TestReader): unknown[] {
  const events: unknown[] = [];
  for (let read = reader.read(); read !== undefined; read = reader.read()) {
    const { data, errors } = JSON.parse(JSON.stringify(read.answer));
    events.push(errors ?? [data.event.from, data.event.to, data.event.merged]);
  }
  return events;
}
