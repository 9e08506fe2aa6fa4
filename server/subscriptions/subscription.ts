/**
 * One subscriber's side of a subscription. To those who keep a protocol's life cycle it is an iterator that never gives
 * anything and is done when the subscription is: what it shows is written by its connection.
 * L14. `return()` releases at once, and exactly once, however the subscription ends.
 */
import type { GraphQLError } from 'graphql';
import type { Connection } from './connection.ts';
import type { Topic } from './topic.ts';

/** What a subscriber that fell behind has missed. */
export interface Missed {
  /** The first event of them; undefined where it has not been told anything yet. */
  readonly first: unknown;
  /** How many events its topic had had before. */
  readonly count: number;
}

const done = { value: undefined, done: true } as const;

export class Subscription implements AsyncIterableIterator<never> {
  /** Under which its connection writes. */
  readonly id: string;
  readonly connection: Connection;
  readonly topic: Topic;
  /** The token that it came with, until it was told its first event. */
  after: string | undefined;
  missed: Missed | undefined;
  /** Set once its source has ended while it was behind: it is told so after what it missed. */
  ending: { readonly error: GraphQLError | undefined } | undefined;
  /** Events that wait for it in its connection's queue, and the last of them. */
  queued = 0;
  lastQueued: unknown;
  #outcome: { readonly error: GraphQLError | undefined } | undefined;
  #settle: (() => void) | undefined;

  readonly #ended: () => void;

  /** @param ended told once */
  constructor(id: string, connection: Connection, topic: Topic, after: string | undefined, ended: () => void) {
    this.id = id;
    this.connection = connection;
    this.topic = topic;
    this.after = after;
    this.#ended = ended;
  }

  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Settles once it is over. @throws {GraphQLError} its source failed */
  async next(): Promise<IteratorReturnResult<undefined>> {
    if (this.#outcome === undefined) {
      await new Promise<void>((resolve) => {
        this.#settle = resolve;
      });
    }
    const error = this.#outcome?.error;
    this.#outcome = { error: undefined };
    if (error !== undefined) throw error;
    return done;
  }

  /** Its reader leaves. Idempotent. */
  return(): Promise<IteratorReturnResult<undefined>> {
    this.end(undefined);
    return Promise.resolve(done);
  }

  end(error: GraphQLError | undefined): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = { error };
    this.connection.left(this);
    this.topic.leave(this);
    this.#ended();
    this.#settle?.();
  }
}
