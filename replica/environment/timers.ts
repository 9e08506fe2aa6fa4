/** Time as an argument: tests and the simulation hand in a clock of their own. */

export interface Timers {
  /** Wall-clock milliseconds since 1970. */
  now(): number;
  /** Calls once after so many milliseconds, unless disposed before. Does not keep a process alive by itself. */
  after(milliseconds: number, call: () => void): Disposable;
}
