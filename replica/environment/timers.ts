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

/** Ends a turn of the event loop: long work is cut by it, so that requests are answered between its parts. */
export const turn = (timers: Timers): Promise<void> => pause(timers, 0);

/** Exponential backoff: how long to wait before the next attempt, twice as long each time. */
export class Backoff {
  readonly #first: number;
  readonly #longest: number;
  #next: number;

  /** In milliseconds. */
  constructor([first, longest]: readonly [first: number, longest: number]) {
    this.#first = first;
    this.#longest = longest;
    this.#next = first;
  }

  /** @returns milliseconds */
  next(): number {
    const milliseconds = this.#next;
    this.#next = Math.min(2 * milliseconds, this.#longest);
    return milliseconds;
  }

  /** An attempt succeeded. */
  reset(): void {
    this.#next = this.#first;
  }
}
