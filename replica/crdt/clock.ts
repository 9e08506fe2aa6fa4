/**
 * Hybrid logical clock in one safe integer: milliseconds * 1024 + counter (good until the year 2248).
 * docs/internals/data-model.md, M24.
 * Source: Kulkarni et al., Logical Physical Clocks and Consistent Snapshots (2014).
 */
import type { Time } from './version.ts';

const counterRange = 1024;

export const millisecondsOf = (time: Time): number => Math.floor(time / counterRange);

export class HybridClock {
  readonly #now: () => number;
  readonly #maximumDriftMilliseconds: number;
  #last: Time;

  /** @param now wall-clock milliseconds since 1970 */
  constructor(now: () => number, maximumDriftMilliseconds: number, last: Time = 0) {
    this.#now = now;
    this.#maximumDriftMilliseconds = maximumDriftMilliseconds;
    this.#last = last;
  }

  get last(): Time {
    return this.#last;
  }

  /** Returns a time later than all that were issued or received. */
  tick(): Time {
    this.#last = Math.max(this.#last + 1, this.#now() * counterRange);
    return this.#last;
  }

  /**
   * Advances the clock to a remote time. Returns false, and leaves the clock alone, if that time is too far ahead of
   * this machine's.
   */
  receive(time: Time): boolean {
    if (millisecondsOf(time) > this.#now() + this.#maximumDriftMilliseconds) return false;
    if (time > this.#last) this.#last = time;
    return true;
  }
}
