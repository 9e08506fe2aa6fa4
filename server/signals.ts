/** Signals that ask a process to end: the first for an end in good order, a later one for an end at once. */
import { constants } from 'node:os';
import { limits } from '../limits.ts';

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
export type EndingSignal = (typeof endingSignals)[number];

/** What a shell says of a process that a signal ended. */
export const exitCodeOf = (signal: EndingSignal): number => 128 + constants.signals[signal];

/**
 * One Ctrl-C under npm arrives twice: the terminal sends it to every process in the foreground, and npm passes its own on.
 * So a signal soon after the first counts as the same one; one that comes later ends the process at once.
 * @param stop called once, at the first signal
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
