/**
 * All subscriptions of this server, by what they ask for.
 * L30. Equal subscriptions share one source, and one execution and serialisation of each event, errors included. Those
 * that
 *      start at the same version share their first event.
 * L41. Their total is limited, as each takes memory for as long as its reader stays.
 */
import type { GraphQLError } from 'graphql';
import { BadUserInputError, TooManySubscriptionsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Connection } from './connection.ts';
import type { Payload, SharedEvent } from './payload.ts';
import { Subscription } from './subscription.ts';
import { type Asked, Topic, type TopicHost } from './topic.ts';

export interface SubscriptionsOptions {
  /** The token of the present durable version. */
  readonly token: () => string;
  readonly publicError: (error: unknown) => GraphQLError;
  /** @param change 1 when a subscription starts, -1 when it ends */
  readonly changed: (change: 1 | -1) => void;
  readonly maximum?: number;
}

/** A subscriber, and the connection that writes to it. */
export interface Reader {
  readonly connection: Connection;
  /** The id under which the connection writes its events. */
  readonly id: string;
  /** False if it left while its subscription was being opened. */
  isWaiting(): boolean;
}

interface FirstEvent {
  readonly event: SharedEvent;
  /** Its size, once it is serialised. */
  bytes: number;
}

export class Subscriptions implements TopicHost {
  readonly #options: SubscriptionsOptions;
  readonly #topics = new Map<string, Topic>();
  /** First events at one version, by topic and the token with which their readers resume. */
  readonly #firsts = new Map<string, FirstEvent>();
  #firstsToken = '';
  #firstsBytes = 0;
  #size = 0;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** The numbers of open subscriptions and of distinct topics. */
  get size(): { readonly subscriptions: number; readonly topics: number } {
    return { subscriptions: this.#size, topics: this.#topics.size };
  }

  /** @throws {TooManySubscriptionsError} @throws {BadUserInputError} */
  check(key: string): void {
    const maximum = this.#options.maximum ?? limits.subscriptions;
    if (this.#size >= maximum) throw new TooManySubscriptionsError(`this server has ${maximum} subscriptions open`);
    if (key.length > limits.subscriptionCharacters) {
      const problem = `a subscription's query and variables may have at most ${limits.subscriptionCharacters} characters`;
      throw new BadUserInputError('variables', problem);
    }
  }

  /** In one turn, sends the first event and starts to send all later ones, so that none is missed. */
  open(asked: Asked, { connection, id }: Reader): Subscription {
    const topic = this.#topics.get(asked.key) ?? this.#openTopic(asked);
    const subscription = new Subscription(id, connection, topic, asked.source.after);
    this.#changed(1);
    connection.joined();
    topic.join(subscription);
    return subscription;
  }

  publicError(error: unknown): GraphQLError {
    return this.#options.publicError(error);
  }

  token(): string {
    return this.#options.token();
  }

  shareFirst(name: string, make: () => SharedEvent | undefined): SharedEvent | undefined {
    const token = this.token();
    if (token !== this.#firstsToken) this.#forgetFirsts();
    this.#firstsToken = token;
    const known = this.#firsts.get(name);
    if (known !== undefined) return known.event;
    const made = make();
    if (made !== undefined) this.#firsts.set(name, { event: made, bytes: 0 });
    return made;
  }

  firstRendered(name: string, payload: Payload): void {
    const first = this.#firsts.get(name);
    if (first === undefined) return;
    const bytes = payload.bytes + limits.sharedFirstOverheadBytes;
    this.#firstsBytes += bytes - first.bytes;
    first.bytes = bytes;
    if (this.#firstsBytes > limits.sharedFirstBytes) this.#forgetFirsts();
  }

  forgetFirst(name: string): void {
    this.#firstsBytes -= this.#firsts.get(name)?.bytes ?? 0;
    this.#firsts.delete(name);
  }

  left(): void {
    this.#changed(-1);
  }

  closed(topic: Topic): void {
    if (this.#topics.get(topic.key) === topic) this.#topics.delete(topic.key);
  }

  #openTopic(asked: Asked): Topic {
    const topic = new Topic(asked, this);
    if (!topic.hasEnded) this.#topics.set(asked.key, topic);
    return topic;
  }

  #forgetFirsts(): void {
    this.#firsts.clear();
    this.#firstsBytes = 0;
  }

  #changed(change: 1 | -1): void {
    this.#size += change;
    this.#options.changed(change);
  }
}
