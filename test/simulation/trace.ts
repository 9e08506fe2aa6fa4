/** What happened in a run, a line each: kept as text where somebody will read it, and as a hash of all of it. */
import { createHash } from 'node:crypto';

export class Trace {
  readonly lines: string[] = [];
  readonly #isKept: boolean;
  readonly #now: () => number;

  /** @param isKept false: nothing is written down, and it costs nothing */
  constructor(isKept: boolean, now: () => number) {
    this.#isKept = isKept;
    this.#now = now;
  }

  /** @param who a replica, `redis`, or `schedule` */
  add(who: string, what: () => string): void {
    if (this.#isKept) this.lines.push(`${this.#now().toFixed(1).padStart(9)}  ${who.padEnd(9)} ${what()}`);
  }

  get hash(): string {
    return createHash('sha1').update(this.lines.join('\n')).digest('hex');
  }
}
