/** Tells watchers of a replica's state: at once when it matters, else at most once an interval. */
import type { Timers } from '../environment/timers.ts';

export class StatusWatch {
  readonly #timers: Timers;
  readonly #intervalMilliseconds: number;
  readonly #watchers = new Set<() => void>();
  #timer: Disposable | undefined;

  constructor(timers: Timers, intervalMilliseconds: number) {
    this.#timers = timers;
    this.#intervalMilliseconds = intervalMilliseconds;
  }

  watch(changed: () => void): Disposable {
    const watcher = () => changed();
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => this.#watchers.delete(watcher) };
  }

  /** Something changed that may wait. */
  later(): void {
    if (this.#watchers.size === 0) return;
    this.#timer ??= this.#timers.after(this.#intervalMilliseconds, () => this.now());
  }

  now(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    for (const watcher of [...this.#watchers]) watcher();
  }
}
