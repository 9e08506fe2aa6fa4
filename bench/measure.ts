/** Time and memory of one process. */

/**
 * Seconds that this process has had of the processor, those of the compiler and the garbage collector among them. A clock
 * would count, too, what else the machine does meanwhile.
 */
function spentSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** How much was done, and how many seconds of the processor it took. */
export interface Measured {
  readonly done: number;
  readonly seconds: number;
}

export const rateOf = ({ done, seconds }: Measured): number => (seconds === 0 ? Number.NaN : done / seconds);

/**
 * Times runs of up to `size` steps, until all are done or the seconds are over. What stands between the runs is not timed.
 * @param runAt runs the steps from `from` up to `to`, without; what it returns is called after the clock has stopped
 */
export function timeSteps(
  steps: number,
  size: number,
  capSeconds: number,
  before: (from: number, to: number) => (() => void) | undefined,
  runAt: (from: number, to: number) => void,
): Measured {
  let seconds = 0;
  let done = 0;
  while (done < steps && seconds < capSeconds) {
    const to = Math.min(done + size, steps);
    const after = before(done, to);
    const started = spentSeconds();
    runAt(done, to);
    seconds += spentSeconds() - started;
    after?.();
    done = to;
  }
  return { done, seconds };
}

/** Times something that is done as a whole: again until the seconds are over, and takes all runs together. */
export function timeWhole(steps: number, capSeconds: number, run: () => void): Measured {
  let seconds = 0;
  let done = 0;
  do {
    const started = spentSeconds();
    run();
    seconds += spentSeconds() - started;
    done += steps;
  } while (seconds < capSeconds);
  return { done, seconds };
}

/** Bytes that live on and off V8's heap, WebAssembly memories among them, after all garbage is collected. */
export function liveBytes(): number {
  if (globalThis.gc === undefined)
    throw new Error('garbage cannot be collected on demand: start node with --expose-gc');
  for (let round = 0; round < 3; round++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
