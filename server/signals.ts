/** Signals that ask the process to end: the first ends it gracefully, a later one at once. */
import { constants } from 'node:os';
import { limits } from '../limits.ts';

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
export type EndingSignal = (typeof endingSignals)[number];

/** The exit code by which shells report a process that was ended by a signal. */
export const exitCodeOf = (signal: EndingSignal): number => 128 + constants.signals[signal];

/**
 * Under npm, one Ctrl-C arrives twice: the terminal sends it to every foreground process, and npm passes on its own. So
 * a signal soon after the first counts as the same one; a later one ends the process at once.
 * @param stop called once, on the first signal
 */
export function onEndingSignal(stop: (signal: EndingSignal) => void): void {
  let stoppedAt: number | undefined;
  for (const signal of endingSignals) {
    process.on(signal, () => {
      const now = performance.now();
      if (stoppedAt === undefined) {
        stoppedAt = now;
        stop(signal);
      } else if (now - stoppedAt > limits.sameSignalMilliseconds) {
        process.exit(exitCodeOf(signal));
      }
    });
  }
}
