/**
 * One subscriber's side of a subscription. To graphql-ws, which keeps the protocol's life cycle, it is something that can be
 * returned; what it shows is written by its connection.
 * L14. Leaving releases at once, and exactly once, however the subscription ends.
 */
import type { GraphQLError } from 'graphql';
import type { SharedEvent } from './payload.ts';

/** Writes the events of all subscriptions of one client. */
export interface SubscriberConnection {
  joined(): void;
  left(subscription: Subscription): void;
  /** Tells a new subscription its first event, where its topic has one. */
  begin(subscription: Subscription): void;
  offer(subscription: Subscription, event: SharedEvent): void;
  /** Its source has ended: told after all that it is due. */
  end(subscription: Subscription, ending: NonNullable<Subscription['ending']>): void;
}

/** Executes the events of all subscriptions that ask the same. */
export interface SubscribedTopic {
  /** Whether one event can stand in the place of several. */
  readonly isMerged: boolean;
  /** Events so far. */
  readonly count: number;
  leave(subscription: Subscription): void;
  /** Tells it nothing more; it has not left yet. */
  stop(subscription: Subscription): void;
  first(after: string | undefined): SharedEvent | undefined;
  /** One event in the place of all from `missed` on. @param before how many there had been before it */
  since(missed: unknown, before: number): SharedEvent | undefined;
  /** The error that ends a subscription whose events cannot be merged and are too many. @param last the last event that its reader got */
  tooSlow(last: unknown): GraphQLError;
}

/** What a subscriber that fell behind has missed. */
export interface Missed {
  /** The first event of them; undefined where it has not been told anything yet. */
  readonly first: unknown;
  /** How many events its topic had had before. */
  readonly count: number;
}

export class Subscription implements AsyncIterable<never> {
  /** Under which its connection writes. */
  readonly id: string;
  readonly connection: SubscriberConnection;
  readonly topic: SubscribedTopic;
  /** The token that it came with, until it was told its first event. */
  after: string | undefined;
  missed: Missed | undefined;
  /** Set once its source has ended while it was behind: it is told so after what it missed. */
  ending: { readonly error: GraphQLError | undefined } | undefined;
  /** Events that wait for it in its connection's queue, and the last of them. */
  queued = 0;
  lastQueued: unknown;
  isOver = false;

  constructor(id: string, connection: SubscriberConnection, topic: SubscribedTopic, after: string | undefined) {
    this.id = id;
    this.connection = connection;
    this.topic = topic;
    this.after = after;
  }

  [Symbol.asyncIterator](): AsyncIterator<never> {
    throw new Error('a subscription is written by its connection, and not read');
  }

  /** Its reader leaves, or has been told its end. Idempotent. */
  leave(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.connection.left(this);
    this.topic.leave(this);
  }

  return(): Promise<void> {
    this.leave();
    return Promise.resolve();
  }
}
