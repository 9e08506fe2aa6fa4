/**
 * One process of a replica, as its machine sees it: what comes to it from outside waits while it is frozen, and nothing
 * goes in or out any more once it is dead. It may die in the middle of a turn, with its next call of a port: code that is
 * dead runs on to its next `await` and touches nothing.
 */
import type { Timers } from '../../replica/environment/timers.ts';
import type { Scheduler } from './scheduler.ts';

export interface Clock {
  /** Wall-clock milliseconds, whole ones. */
  now(): number;
  /** How many of its milliseconds pass in one. */
  readonly rate: number;
}

export class Process {
  readonly name: string;
  readonly timers: Timers;
  readonly #scheduler: Scheduler;
  readonly #died: () => void;
  isAlive = true;
  /** What came while it was frozen. */
  #held: (() => void)[] | undefined;
  /** Calls of ports before it dies; and whether the last of them still goes out. */
  #callsLeft = Number.POSITIVE_INFINITY;
  #lastGoesOut = false;

  /** @param died told in the turn in which it dies by a call of its own */
  constructor(name: string, scheduler: Scheduler, clock: Clock, died: () => void) {
    this.name = name;
    this.#scheduler = scheduler;
    this.#died = died;
    this.timers = {
      now: () => clock.now(),
      after: (milliseconds, call) => {
        let isOn = true;
        const timer = scheduler.after(milliseconds / clock.rate, () => this.deliver(() => isOn && call()));
        return {
          [Symbol.dispose]: () => {
            isOn = false;
            timer[Symbol.dispose]();
          },
        };
      },
    };
  }

  /** Whether it is going to die by a call of its own. */
  get isDoomed(): boolean {
    return this.isAlive && this.#callsLeft !== Number.POSITIVE_INFINITY;
  }

  get isFrozen(): boolean {
    return this.#held !== undefined;
  }

  /** Something from outside. */
  deliver(call: () => void): void {
    if (!this.isAlive) return;
    if (this.#held) this.#held.push(call);
    else call();
  }

  /** Resumes after so long; never where the process is dead by then. */
  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#scheduler.after(milliseconds, () => this.deliver(resolve));
    });
  }

  /** A port is called. @returns whether the call goes out */
  calls(): boolean {
    if (!this.isAlive) return false;
    this.#callsLeft -= 1;
    if (this.#callsLeft > 0) return true;
    this.die();
    this.#died();
    return this.#lastGoesOut;
  }

  dieAtCall(calls: number, lastGoesOut: boolean): void {
    this.#callsLeft = calls;
    this.#lastGoesOut = lastGoesOut;
  }

  freeze(): void {
    this.#held ??= [];
  }

  /** What was held comes, each in a turn of its own. */
  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const call of held) this.#scheduler.after(0, () => this.deliver(call));
  }

  die(): void {
    this.isAlive = false;
    this.#held = undefined;
  }
}
