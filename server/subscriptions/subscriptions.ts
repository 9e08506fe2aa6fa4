/**
 * All subscriptions of this server, by what they ask for.
 * L30. Those that ask the same share one source, one execution and one serialisation of each event, errors too; those that
 *      begin at one version share their first event.
 * L41. They are limited in all, as each takes memory for as long as its reader stays.
 */
import type { GraphQLError } from 'graphql';
import { BadUserInputError, TooManySubscriptionsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Connection } from './connection.ts';
import type { Payload, SharedEvent } from './payload.ts';
import { Subscription } from './subscription.ts';
import { type Asked, Topic, type TopicHost } from './topic.ts';

export interface SubscriptionsOptions {
  /** The token of what is durable here now. */
  readonly token: () => string;
  readonly publicError: (error: unknown) => GraphQLError;
  /** @param change 1 where one begins, -1 where it is over */
  readonly changed: (change: 1 | -1) => void;
  readonly maximum?: number;
}

/** Who wants to read, and where. */
export interface Reader {
  readonly connection: Connection;
  /** What its connection writes its events under. */
  readonly id: string;
  /** False once it has left, while its subscription was being opened. */
  isWaiting(): boolean;
}

interface FirstEvent {
  readonly event: SharedEvent;
  /** What it takes, once it is serialised. */
  bytes: number;
}

export class Subscriptions implements TopicHost {
  readonly #options: SubscriptionsOptions;
  readonly #topics = new Map<string, Topic>();
  /** First events as of one token, by topic and the token that their readers came with. */
  readonly #firsts = new Map<string, FirstEvent>();
  #firstsToken = '';
  #firstsBytes = 0;
  #size = 0;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** Open, and different ones. */
  get size(): { readonly subscriptions: number; readonly topics: number } {
    return { subscriptions: this.#size, topics: this.#topics.size };
  }

  /** @throws {TooManySubscriptionsError} @throws {BadUserInputError} */
  check(key: string): void {
    const maximum = this.#options.maximum ?? limits.subscriptions;
    if (this.#size >= maximum) throw new TooManySubscriptionsError(`this server has ${maximum} subscriptions open`);
    if (key.length > limits.subscriptionCharacters) {
      const problem = `a subscription's query and variables have at most ${limits.subscriptionCharacters} characters`;
      throw new BadUserInputError('variables', problem);
    }
  }

  /** In one turn: it is told its first event, and from then on all others. */
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
