/** Requests that wait until their token's version is here. */
import { ReplicaBehindError } from '../../errors.ts';
import type { Timers } from '../environment/timers.ts';

interface Waiter {
  /** @returns whether it is here. @throws {TokenUnreachableError} */
  readonly isHere: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: Disposable;
}

export class Waiters {
  readonly #timers: Timers;
  readonly #waiters = new Set<Waiter>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** @param missing how many transactions are not here; asked when the time is over */
  wait(isHere: () => boolean, maximumMilliseconds: number, missing: () => number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#timers.after(maximumMilliseconds, () => {
        this.#waiters.delete(waiter);
        reject(new ReplicaBehindError(missing(), maximumMilliseconds));
      });
      const waiter: Waiter = { isHere, resolve, reject, timer };
      this.#waiters.add(waiter);
    });
  }

  /** Something more is here. */
  check(): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of [...this.#waiters]) {
      try {
        if (!waiter.isHere()) continue;
        waiter.resolve();
      } catch (error) {
        waiter.reject(error instanceof Error ? error : new Error(String(error)));
      }
      waiter.timer[Symbol.dispose]();
      this.#waiters.delete(waiter);
    }
  }
}
