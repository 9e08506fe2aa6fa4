/**
 * What one client reads, all its subscriptions together.
 * L32. Frames are written in the order in which things happened here, which is the log's, whatever subscriptions begin and
 *      end meanwhile; one whose execution awaits something holds back those behind it.
 * L33. A connection that does not take what is written is left behind: its subscriptions are told nothing, and nothing is
 *      kept for them. When it reads again, all of them that missed something are brought to one version, in consecutive
 *      frames with one token; events after that come behind them.
 * L34. Events that cannot be merged wait, up to a limit; past it their subscription ends with the error that says where.
 * L35. So what is unread is bounded. A connection is closed where its client takes nothing of it for too long, or is owed too
 *      much when there is more to tell.
 */
import type { GraphQLError } from 'graphql';
import { limits } from '../../limits.ts';
import type { Payload, SharedEvent } from './payload.ts';
import type { SubscriberConnection, Subscription } from './subscription.ts';

/** Where frames go. */
export interface Outlet {
  /** What was written and not taken. */
  readonly unsentBytes: number;
  /** What was taken, from the beginning: it moves with each byte. */
  readonly takenBytes: number;
  /** Drops what comes after it was closed. */
  write(id: string, payload: Payload): void;
  /** A subscription is over, unless its reader left. @param error why */
  end(id: string, error: GraphQLError | undefined): void;
  /** Ends a connection whose client does not read. */
  closeUnread(): void;
}

export interface ConnectionOptions {
  readonly outlet: Outlet;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
  /** Unsent bytes from which on nothing more is written. */
  readonly unsentBytes?: number;
  /** How long it may take nothing. */
  readonly unreadMilliseconds?: number;
}

type Waiting =
  | { readonly subscription: Subscription; readonly event: SharedEvent }
  | { readonly subscription: Subscription; readonly ending: Subscription['ending'] };

export class Connection implements SubscriberConnection {
  readonly #outlet: Outlet;
  readonly #elapsed: () => number;
  readonly #unsentBytes: number;
  readonly #unreadMilliseconds: number;
  /** What waits for room, or behind an execution; what stands before `#next` is done. Undefined where nothing waits. */
  #queue: Waiting[] | undefined;
  #next = 0;
  /** Subscriptions that missed something, in the order in which they did; undefined where there are none. */
  #behind: Set<Subscription> | undefined;
  #awaitsExecution = false;
  /** Where it was last seen to have taken something: how much in all, and when. */
  #stall: { readonly takenBytes: number; readonly since: number } | undefined;
  #subscriptions = 0;

  constructor({ outlet, elapsed, unsentBytes, unreadMilliseconds }: ConnectionOptions) {
    this.#outlet = outlet;
    this.#elapsed = elapsed;
    this.#unsentBytes = unsentBytes ?? limits.connectionUnsentBytes;
    this.#unreadMilliseconds = unreadMilliseconds ?? limits.unreadMilliseconds;
  }

  /** Subscriptions that are open on it. */
  get size(): number {
    return this.#subscriptions;
  }

  joined(): void {
    this.#subscriptions += 1;
  }

  left(subscription: Subscription): void {
    this.#subscriptions -= 1;
    this.#behind?.delete(subscription);
    if (this.#behind?.size === 0) this.#behind = undefined;
    // Its events in the queue are passed over; nothing is kept by them where nobody is left.
    if (this.#subscriptions === 0) this.#clearQueue();
  }

  /** Tells a new subscription its first event; undefined where its topic has none. */
  begin(subscription: Subscription): void {
    if (subscription.topic.isMerged && this.#mustFallBehind) this.#fallBehind(subscription, undefined);
    else this.#tellFirst(subscription);
  }

  offer(subscription: Subscription, event: SharedEvent): void {
    if (subscription.isOver) return;
    if (subscription.missed !== undefined) {
      this.#checkUnread();
      return;
    }
    if (this.#isClear) {
      const { payload } = event;
      if (!(payload instanceof Promise)) {
        this.#outlet.write(subscription.id, payload);
        return;
      }
    }
    if (!subscription.topic.isMerged) this.#queueOrFail(subscription, event);
    else if (this.#mustFallBehind) this.#fallBehind(subscription, event.event);
    else this.#push(subscription, event);
    // No more than that: others of its subscriptions may not have been told of this turn yet.
    this.#writeQueued();
  }

  /** Its source has ended: told after all that it is due. */
  end(subscription: Subscription, ending: NonNullable<Subscription['ending']>): void {
    if (subscription.isOver) return;
    if (subscription.missed !== undefined) subscription.ending = ending;
    else if (this.#queue !== undefined) this.#queue.push({ subscription, ending });
    else this.#tellEnd(subscription, ending.error);
  }

  /** There is room again. */
  drained(): void {
    this.#stall = undefined;
    this.#pump();
  }

  /** Called now and then, as nothing may happen for long. */
  look(): void {
    if (this.#outlet.unsentBytes > 0) this.#checkStall();
    else this.#stall = undefined;
  }

  get #isClear(): boolean {
    return this.#queue === undefined && this.#behind === undefined && !this.#isFull;
  }

  get #isFull(): boolean {
    const isFull = this.#outlet.unsentBytes >= this.#unsentBytes;
    if (isFull) this.#checkUnread();
    return isFull;
  }

  /** Called while it is full, and there is more to tell. */
  #checkUnread(): void {
    if (this.#outlet.unsentBytes > limits.socketUnsentBytes) this.#outlet.closeUnread();
    else this.#checkStall();
  }

  /** Called while something is unsent. */
  #checkStall(): void {
    const { takenBytes, unsentBytes } = this.#outlet;
    const now = this.#elapsed();
    if (this.#stall?.takenBytes !== takenBytes) this.#stall = { takenBytes, since: now };
    const atOnce = Math.min(unsentBytes, limits.takenAtOnceBytes);
    const allowed = this.#unreadMilliseconds + (atOnce * 1_000) / limits.slowestBytesPerSecond;
    if (now - this.#stall.since > allowed) this.#outlet.closeUnread();
  }

  get #mustFallBehind(): boolean {
    const queued = (this.#queue?.length ?? 0) - this.#next;
    return this.#behind !== undefined || queued >= limits.queuedEvents || this.#isFull;
  }

  #fallBehind(subscription: Subscription, first: unknown): void {
    subscription.missed = { first, count: subscription.topic.count - (first === undefined ? 0 : 1) };
    this.#behind ??= new Set();
    this.#behind.add(subscription);
  }

  #queueOrFail(subscription: Subscription, event: SharedEvent): void {
    if (subscription.queued < limits.unreadTransactions) this.#push(subscription, event);
    else {
      const error = subscription.topic.tooSlow(subscription.lastQueued);
      subscription.topic.stop(subscription);
      this.#wait({ subscription, ending: { error } });
    }
  }

  #push(subscription: Subscription, event: SharedEvent): void {
    subscription.queued += 1;
    subscription.lastQueued = event.event;
    this.#wait({ subscription, event });
  }

  #wait(waiting: Waiting): void {
    this.#queue ??= [];
    this.#queue.push(waiting);
  }

  #pump(): void {
    do {
      if (!this.#writeQueued()) return;
    } while (this.#bringTogether());
  }

  /** @returns whether nothing waits any more, and there is room */
  #writeQueued(): boolean {
    for (let waiting = this.#queue?.[this.#next]; waiting !== undefined; waiting = this.#queue?.[this.#next]) {
      const { subscription } = waiting;
      if (subscription.isOver) this.#next += 1;
      else if ('ending' in waiting) {
        this.#next += 1;
        this.#tellEnd(subscription, waiting.ending?.error);
      } else {
        if (this.#awaitsExecution || this.#isFull) return false;
        const { payload } = waiting.event;
        if (payload instanceof Promise) {
          this.#await(payload);
          return false;
        }
        this.#next += 1;
        subscription.queued -= 1;
        if (subscription.queued === 0) subscription.lastQueued = undefined;
        this.#outlet.write(subscription.id, payload);
      }
    }
    this.#clearQueue();
    return this.#behind === undefined || !this.#isFull;
  }

  #tellEnd(subscription: Subscription, error: GraphQLError | undefined): void {
    subscription.leave();
    this.#outlet.end(subscription.id, error);
  }

  #await(payload: Promise<Payload>): void {
    this.#awaitsExecution = true;
    payload.then(() => {
      this.#awaitsExecution = false;
      this.#pump();
    });
  }

  #clearQueue(): void {
    this.#queue = undefined;
    this.#next = 0;
  }

  /** @returns whether anything waits now */
  #bringTogether(): boolean {
    const behind = [...(this.#behind ?? [])];
    this.#behind = undefined;
    for (const subscription of behind) {
      const { missed, ending } = subscription;
      subscription.missed = undefined;
      if (missed === undefined) continue;
      const event =
        missed.first === undefined ? this.#firstOf(subscription) : subscription.topic.since(missed.first, missed.count);
      if (event !== undefined) this.#push(subscription, event);
      if (ending !== undefined) this.#wait({ subscription, ending });
    }
    return this.#queue !== undefined;
  }

  #tellFirst(subscription: Subscription): void {
    const event = this.#firstOf(subscription);
    if (event !== undefined) this.offer(subscription, event);
  }

  #firstOf(subscription: Subscription): SharedEvent | undefined {
    const event = subscription.topic.first(subscription.after);
    subscription.after = undefined;
    return event;
  }
}
