/** The events of one subscription as GraphQL results: a source, and an execution of the operation for each of its events. */
import type { GraphQLError } from 'graphql';
import type { Result } from '../execution.ts';

export interface EventsOptions {
  execute(event: unknown): Promise<Result>;
  /** What the reader is told where the source fails. */
  error(error: unknown): GraphQLError;
  /** Told once. */
  ended(): void;
}

/**
 * No generator: the `return()` of one that waits for a silent source would wait with it, and whoever left would stay
 * subscribed until the next event.
 */
export class Events implements AsyncIterableIterator<Result> {
  readonly #source: AsyncIterator<unknown>;
  readonly #options: EventsOptions;
  #hasEnded = false;

  constructor(source: AsyncIterator<unknown>, options: EventsOptions) {
    this.#source = source;
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws {GraphQLError} where the source fails; that ends it */
  async next(): Promise<IteratorResult<Result, undefined>> {
    if (this.#hasEnded) return { done: true, value: undefined };
    try {
      const { done, value } = await this.#source.next();
      if (!done) return { done: false, value: await this.#options.execute(value) };
    } catch (error) {
      await this.return();
      throw this.#options.error(error);
    }
    this.#end();
    return { done: true, value: undefined };
  }

  /** Releases the source at once, also while `next` waits for it. Idempotent. */
  async return(): Promise<IteratorResult<Result, undefined>> {
    if (!this.#hasEnded) {
      this.#end();
      await this.#source.return?.();
    }
    return { done: true, value: undefined };
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.ended();
  }
}
