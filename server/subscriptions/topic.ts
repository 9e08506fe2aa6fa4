/**
 * A topic: the shared side of equal subscriptions, with one source, and one execution and serialisation of each event.
 * L31. A new subscriber gets a first event of its own, in the same turn from which on it gets all others: nothing is
 * lost between.
 */
import type { GraphQLError } from 'graphql';
import type { OpenSource, Source } from '../../resolvers/streams.ts';
import type { Result } from '../operation/result.ts';
import { type Payload, SharedEvent } from './payload.ts';
import type { SubscribedTopic, Subscription } from './subscription.ts';

/** The services that all topics share. */
export interface TopicHost {
  publicError(error: unknown): GraphQLError;
  /** The first event for subscribers with a token, created once for all who join with it at the same version. */
  shareFirst(name: string, make: () => SharedEvent | undefined): SharedEvent | undefined;
  /** Called once a first event is serialised. */
  firstRendered(name: string, payload: Payload): void;
  forgetFirst(name: string): void;
  /** Called for each subscription that left. */
  left(): void;
  /** Called when the topic has no readers any more, or has ended. */
  closed(topic: Topic): void;
  /** The token of the present durable version. */
  token(): string;
}

/** The common request of a topic's subscriptions. */
export interface Asked {
  readonly key: string;
  readonly source: Source<unknown>;
  /** Never fails. */
  execute(event: unknown): Result | Promise<Result>;
}

/** Several missed events merged into one, for all who missed the same. */
interface CaughtUp {
  /** The number of events by then. */
  readonly count: number;
  readonly token: string;
  readonly shared: SharedEvent | undefined;
}

export class Topic implements SubscribedTopic {
  readonly key: string;
  readonly #host: TopicHost;
  readonly #execute: Asked['execute'];
  readonly #source: OpenSource<unknown>;
  readonly #members = new Set<Subscription>();
  /** Subscriptions that are still being brought up to date. */
  #joining: Map<Subscription, Disposable> | undefined;
  #caughtUp: WeakMap<object, CaughtUp> | undefined;
  #newest: unknown;
  #ending: Subscription['ending'];
  #isClosed = false;
  /** The number of events so far. */
  count = 0;

  constructor({ key, source, execute }: Asked, host: TopicHost) {
    this.key = key;
    this.#host = host;
    this.#execute = execute;
    this.#source = source.open({
      told: (event) => this.#told(event),
      ended: (error) => this.#ended(error),
    });
  }

  /** Whether several events can be merged into one. */
  get isMerged(): boolean {
    return this.#source.merging !== undefined;
  }

  get hasEnded(): boolean {
    return this.#ending !== undefined;
  }

  join(subscription: Subscription): void {
    const { after, connection } = subscription;
    const { catchUp } = this.#source;
    if (after !== undefined && catchUp !== undefined) {
      this.#catchUp(subscription, (reader) => catchUp(after, reader));
      return;
    }
    this.#members.add(subscription);
    connection.begin(subscription);
    if (this.#ending !== undefined) connection.end(subscription, this.#ending);
  }

  leave(subscription: Subscription): void {
    this.stop(subscription);
    this.#host.left();
    if (this.#members.size + (this.#joining?.size ?? 0) === 0) this.#close();
  }

  /** Sends the subscription nothing more, although it has not left yet. */
  stop(subscription: Subscription): void {
    this.#members.delete(subscription);
    this.#joining?.get(subscription)?.[Symbol.dispose]();
    this.#joining?.delete(subscription);
  }

  first(after: string | undefined): SharedEvent | undefined {
    const name = `${after ?? ''} ${this.key}`;
    // Keep it beyond this turn only if there are other subscribers, who may resume with the same token.
    if (this.#members.size <= 1) queueMicrotask(() => this.#members.size <= 1 && this.#host.forgetFirst(name));
    return this.#host.shareFirst(name, () => {
      const event = this.#source.first(after);
      if (event === undefined) return undefined;
      return new SharedEvent(
        undefined,
        () => this.#execute(event),
        (payload) => this.#host.firstRendered(name, payload),
      );
    });
  }

  /** Merges all events from `missed` on into one. @param before the number of events before it */
  since(missed: unknown, before: number): SharedEvent | undefined {
    const { merging } = this.#source;
    if (merging === undefined || typeof missed !== 'object' || missed === null) return undefined;
    const { count } = this;
    const token = this.#host.token();
    this.#caughtUp ??= new WeakMap();
    const known = this.#caughtUp.get(missed);
    if (known?.count === count && known.token === token) return known.shared;
    const event = merging.since(missed, this.#newest, count - before);
    const shared = event === undefined ? undefined : this.#shared(event);
    this.#caughtUp.set(missed, { count, token, shared });
    return shared;
  }

  /**
   * The error for a subscription with too many unread events that cannot be merged.
   * @param last the last event that its reader got
   */
  tooSlow(last: unknown): GraphQLError {
    return this.#host.publicError(this.#source.tooSlow?.(last));
  }

  #told(event: unknown): void {
    this.count += 1;
    this.#newest = event;
    const shared = this.#shared(event);
    for (const subscription of this.#members) subscription.connection.offer(subscription, shared);
  }

  #ended(error: Error | undefined): void {
    this.#ending = { error: error && this.#host.publicError(error) };
    for (const subscription of [...this.#members]) subscription.connection.end(subscription, this.#ending);
    this.#host.closed(this);
  }

  #catchUp(
    subscription: Subscription,
    begin: (reader: Parameters<NonNullable<OpenSource<unknown>['catchUp']>>[1]) => Disposable,
  ) {
    const { connection } = subscription;
    const reading = begin({
      tell: (event) => connection.offer(subscription, this.#shared(event)),
      joined: () => {
        this.stop(subscription);
        if (!subscription.isOver) this.#members.add(subscription);
      },
      ended: (error) => connection.end(subscription, { error: this.#host.publicError(error) }),
    });
    this.#joining ??= new Map();
    this.#joining.set(subscription, reading);
  }

  #shared(event: unknown): SharedEvent {
    return new SharedEvent(event, () => this.#execute(event));
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#source[Symbol.dispose]();
    this.#host.closed(this);
  }
}
