/**
 * The connection of one client, which writes the events of all its subscriptions.
 * L32. Frames are written in the order of the events on this replica, which is that of the log, while subscriptions
 * start and
 *      end. An event whose execution is asynchronous holds back those behind it.
 * L33. A connection that does not take what is written falls behind: its subscriptions get no events, and none are
 * queued
 *      for them. When it reads again, all subscriptions that missed events are brought to one version, in consecutive
 *      frames with one token; later events come after these.
 * L34. Events that cannot be merged are queued, up to a limit; above it their subscription ends with an error that says
 * where.
 * L35. So the unread bytes are bounded. A connection is closed if its client takes nothing for too long, or if too much
 * is unsent
 *      when there is more to send.
 */
import type { GraphQLError } from 'graphql';
import { limits } from '../../limits.ts';
import type { Payload, SharedEvent } from './payload.ts';
import type { SubscriberConnection, Subscription } from './subscription.ts';

/** The transport to which frames are written. */
export interface Outlet {
  /** Bytes written and not yet taken. */
  readonly unsentBytes: number;
  /** Bytes taken since the beginning; changes with each byte. */
  readonly takenBytes: number;
  /** Writes an event; does nothing after it was closed. */
  write(id: string, payload: Payload): void;
  /** Tells the client that a subscription ended on the server's side. @param error the reason */
  end(id: string, error: GraphQLError | undefined): void;
  /** Closes a connection whose client does not read. */
  closeUnread(): void;
}

export interface ConnectionOptions {
  readonly outlet: Outlet;
  /** A monotonic clock, in milliseconds. */
  readonly elapsed: () => number;
  /** The number of unsent bytes at which writing stops. */
  readonly unsentBytes?: number;
  /** How long the client may take nothing. */
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
  /** Events that wait for room or behind an execution. Those before `#next` are done. Undefined if nothing waits. */
  #queue: Waiting[] | undefined;
  #next = 0;
  /** Subscriptions that missed events, in the order in which they fell behind; undefined if there are none. */
  #behind: Set<Subscription> | undefined;
  #awaitsExecution = false;
  /** The last progress of the client: the bytes taken by then, and the time. */
  #stall: { readonly takenBytes: number; readonly since: number } | undefined;
  #subscriptions = 0;

  constructor({ outlet, elapsed, unsentBytes, unreadMilliseconds }: ConnectionOptions) {
    this.#outlet = outlet;
    this.#elapsed = elapsed;
    this.#unsentBytes = unsentBytes ?? limits.connectionUnsentBytes;
    this.#unreadMilliseconds = unreadMilliseconds ?? limits.unreadMilliseconds;
  }

  /** The number of open subscriptions. */
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
    // Its queued events are skipped later; without any subscription they are dropped at once.
    if (this.#subscriptions === 0) this.#clearQueue();
  }

  /** Sends a new subscription its first event, if its topic has one. */
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
    // Only what is queued: other subscriptions may not have got this turn's event yet, so none is brought up to date
    // here.
    this.#writeQueued();
  }

  /** The subscription's source has ended: tells it after all its events. */
  end(subscription: Subscription, ending: NonNullable<Subscription['ending']>): void {
    if (subscription.isOver) return;
    if (subscription.missed !== undefined) subscription.ending = ending;
    else if (this.#queue !== undefined) this.#queue.push({ subscription, ending });
    else this.#tellEnd(subscription, ending.error);
  }

  /** Called when there is room to write again. */
  drained(): void {
    this.#stall = undefined;
    this.#pump();
  }

  /** Called at intervals, as there may be no events for a long time. */
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

  /** Called when the connection is full and there is more to send. */
  #checkUnread(): void {
    if (this.#outlet.unsentBytes > limits.socketUnsentBytes) this.#outlet.closeUnread();
    else this.#checkStall();
  }

  /** Called while bytes are unsent. */
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

  /** @returns whether the queue is empty and there is room */
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

  /** @returns whether the queue has events now */
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
