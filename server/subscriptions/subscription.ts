/**
 * One subscriber's side of a subscription. graphql-ws owns the life cycle and only calls `return`; the connection
 * writes the events.
 * L14. Leaving releases everything at once and exactly once, however the subscription ends.
 */
import type { GraphQLError } from 'graphql';
import type { SharedEvent } from './payload.ts';

/** Writes the events of all subscriptions of one client. */
export interface SubscriberConnection {
  joined(): void;
  left(subscription: Subscription): void;
  /** Sends a new subscription its first event, if its topic has one. */
  begin(subscription: Subscription): void;
  offer(subscription: Subscription, event: SharedEvent): void;
  /** The subscription's source has ended: tells it after all its events. */
  end(subscription: Subscription, ending: NonNullable<Subscription['ending']>): void;
}

/** Executes the events of all equal subscriptions. */
export interface SubscribedTopic {
  /** Whether several events can be merged into one. */
  readonly isMerged: boolean;
  /** The number of events so far. */
  readonly count: number;
  leave(subscription: Subscription): void;
  /** Sends the subscription nothing more, although it has not left yet. */
  stop(subscription: Subscription): void;
  first(after: string | undefined): SharedEvent | undefined;
  /** Merges all events from `missed` on into one. @param before the number of events before it */
  since(missed: unknown, before: number): SharedEvent | undefined;
  /**
   * The error for a subscription with too many unread events that cannot be merged.
   * @param last the last event that its reader got
   */
  tooSlow(last: unknown): GraphQLError;
}

/** The events missed by a subscriber that fell behind. */
export interface Missed {
  /** The first missed event; undefined if the subscriber has not got any event yet. */
  readonly first: unknown;
  /** The number of events of its topic before that one. */
  readonly count: number;
}

export class Subscription implements AsyncIterable<never> {
  /** The id under which its connection writes. */
  readonly id: string;
  readonly connection: SubscriberConnection;
  readonly topic: SubscribedTopic;
  /** The token with which it resumes, until its first event. */
  after: string | undefined;
  missed: Missed | undefined;
  /** Set if its source ended while it was behind: it is told after the events that it missed. */
  ending: { readonly error: GraphQLError | undefined } | undefined;
  /** The number of its events in the connection's queue, and the last of them. */
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
    throw new Error('a subscription cannot be iterated: its connection writes the events');
  }

  /** Called when the reader leaves, or has been told that the subscription ended. Idempotent. */
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
