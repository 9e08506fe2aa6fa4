/** A reader of subscriptions without a socket: what is written to it is unsent until it is read. */
import { Connection, type Outlet } from '../../../server/subscriptions/connection.ts';
import type { Payload } from '../../../server/subscriptions/payload.ts';
import type { Reader } from '../../../server/subscriptions/subscriptions.ts';

export interface TestAnswer {
  readonly data?: unknown;
  readonly errors?: unknown;
  readonly extensions?: unknown;
}

export class TestReader implements Reader, Outlet {
  readonly connection: Connection;
  readonly id: string = 'test';
  /** What was written and not read, each with its id. */
  readonly unread: { readonly id: string; readonly payload: Payload }[] = [];
  unsentBytes = 0;
  takenBytes = 0;
  wasClosed = false;
  isHere = true;
  #waiting: (() => void) | undefined;
  #isOver = false;
  /** What the subscription ended with. */
  error: unknown;

  constructor(limits: { readonly unsentBytes?: number; readonly unreadMilliseconds?: number } = {}, now = () => 0) {
    this.connection = new Connection({ outlet: this, elapsed: now, ...limits });
  }

  isWaiting(): boolean {
    return this.isHere;
  }

  write(id: string, payload: Payload): void {
    this.unread.push({ id, payload });
    this.unsentBytes += payload.bytes;
    this.#waiting?.();
  }

  closeUnread(): void {
    this.wasClosed = true;
  }

  end(_id: string, error: unknown): void {
    this.#isOver = true;
    this.error = error;
    this.#waiting?.();
  }

  /** The next answer; undefined at the end. @throws what the subscription ended with, once */
  async next(): Promise<TestAnswer | undefined> {
    while (this.unread.length === 0) {
      const { error } = this;
      this.error = undefined;
      if (error !== undefined) throw error;
      if (this.#isOver) return undefined;
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    return this.read()?.answer;
  }

  /** The oldest that is unread; makes room. */
  read(): { readonly id: string; readonly answer: TestAnswer } | undefined {
    const oldest = this.unread.shift();
    if (oldest === undefined) return undefined;
    this.unsentBytes -= oldest.payload.bytes;
    this.takenBytes += oldest.payload.bytes;
    if (this.unsentBytes === 0) this.connection.drained();
    return { id: oldest.id, answer: JSON.parse(oldest.payload.json) };
  }
}
