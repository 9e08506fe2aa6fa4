/** The clock and timers that the replica is given: tests and the simulation pass virtual ones. */

export interface Timers {
  /** Wall-clock milliseconds since 1970. */
  now(): number;
  /** Calls once after the delay, unless disposed before. The timer alone does not keep the process alive. */
  after(milliseconds: number, call: () => void): Disposable;
}
