/** The clock and timers that the replica is given: tests and the simulation pass virtual ones. */

export interface Timers {
  /** Wall-clock milliseconds since 1970. */
  now(): number;
  /** Calls once after the delay, unless disposed before. The timer alone does not keep the process alive. */
  after(milliseconds: number, call: () => void): Disposable;
}

export const pause = (timers: Timers, milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    timers.after(milliseconds, resolve);
  });

/** Ends a turn of the event loop. Long work calls it between its parts, so that requests are answered meanwhile. */
export const turn = (timers: Timers): Promise<void> => pause(timers, 0);

/** Exponential backoff: the delay before the next attempt, doubled each time. */
export class Backoff {
  readonly #first: number;
  readonly #longest: number;
  #next: number;

  /** The first and the longest delay, in milliseconds. */
  constructor([first, longest]: readonly [first: number, longest: number]) {
    this.#first = first;
    this.#longest = longest;
    this.#next = first;
  }

  /** @returns the next delay in milliseconds */
  next(): number {
    const milliseconds = this.#next;
    this.#next = Math.min(2 * milliseconds, this.#longest);
    return milliseconds;
  }

  /** Must be called when an attempt has succeeded. */
  reset(): void {
    this.#next = this.#first;
  }
}
