/**
 * What many subscribe to in the same words: one source, and one execution and serialisation of each of its events.
 * L31. Who joins is told a first event of its own, in the turn from which on it is told all others: nothing falls between.
 */
import type { GraphQLError } from 'graphql';
import type { OpenSource, Source } from '../../resolvers/streams.ts';
import type { Result } from '../operation/result.ts';
import { type Payload, SharedEvent } from './payload.ts';
import type { SubscribedTopic, Subscription } from './subscription.ts';

/** What all topics have in common. */
export interface TopicHost {
  publicError(error: unknown): GraphQLError;
  /** The first event of who joins with a token, made once for all who join with it at one version. */
  shareFirst(name: string, make: () => SharedEvent | undefined): SharedEvent | undefined;
  /** Told of each first event once it is serialised. */
  firstRendered(name: string, payload: Payload): void;
  forgetFirst(name: string): void;
  /** Told of each reader that is there no more. */
  left(): void;
  /** Nobody reads it any more, or it has ended. */
  closed(topic: Topic): void;
  /** The token of what is durable here now. */
  token(): string;
}

/** What its readers ask. */
export interface Asked {
  readonly key: string;
  readonly source: Source<unknown>;
  /** Never fails. */
  execute(event: unknown): Result | Promise<Result>;
}

/** Several missed events as one, for all who missed the same. */
interface CaughtUp {
  /** How many events there had been. */
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
  /** Those that are brought to where all are. */
  #joining: Map<Subscription, Disposable> | undefined;
  #caughtUp: WeakMap<object, CaughtUp> | undefined;
  #newest: unknown;
  #ending: Subscription['ending'];
  #isClosed = false;
  /** Events so far. */
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

  /** Whether one event can stand in the place of several. */
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

  /** It is told nothing more, and has not left yet. */
  stop(subscription: Subscription): void {
    this.#members.delete(subscription);
    this.#joining?.get(subscription)?.[Symbol.dispose]();
    this.#joining?.delete(subscription);
  }

  first(after: string | undefined): SharedEvent | undefined {
    const name = `${after ?? ''} ${this.key}`;
    // Beyond this turn it is kept only where there are others who may come with the same.
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

  /** One event in the place of all from `missed` on. @param before how many there had been before it */
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

  /** What ends a subscription whose events cannot be merged and are too many. @param last the last one that its reader is told */
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
