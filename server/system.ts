/** The clock, randomness and log of this machine, created here and passed to everything that needs them. */
import { randomBytes } from 'node:crypto';
import { type Logger as PinoLogger, pino } from 'pino';
import type { Timers } from '../replica/environment/timers.ts';
import type { FormatRange } from '../replica/log/formats.ts';
import type { ReplicaTiming } from '../replica/options.ts';
import type { LogLevel } from './configuration.ts';
import { readableLine } from './log-lines.ts';
import type { ByteBudget } from './traffic/byte-budget.ts';
import type { Pace } from './traffic/least-rate.ts';

export interface System {
  readonly timers: Timers;
  readonly random: (bytes: number) => Uint8Array;
  /** A monotonic clock, in milliseconds. */
  readonly elapsed: () => number;
  readonly logger: PinoLogger;
  /** Overrides the replica's time-outs; tests shorten a day to seconds. */
  readonly timing?: Partial<ReplicaTiming>;
  /** P83. The formats of a site that it reads, where they are not those of this version: tests open servers of two. */
  readonly reads?: FormatRange;
  /** Override the limits of bytes in flight; tests reach lower ones with less data. */
  readonly budget?: ByteBudget;
  readonly pace?: Pace;
}

const timers: Timers = {
  now: () => Date.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds);
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

const standardError = 2;

/** A destination to which pino writes whole lines. */
function openLog(): { write(line: string): void } {
  const destination = pino.destination({ dest: standardError, sync: true });
  // A closed terminal takes no more lines, but the server still has to shut down in order.
  destination.on('error', () => {});
  if (!process.stderr.isTTY) return destination;
  const isColoured = process.stderr.hasColors();
  return { write: (line) => void destination.write(readableLine(line, isColoured)) };
}

/**
 * Logs go to standard error, synchronously, so that the last entry before a crash is not lost. They are readable lines
 * on a terminal, and otherwise lines of JSON.
 */
export function openSystem(logLevel: LogLevel): System {
  const serializers = { err: pino.stdSerializers.err, error: pino.stdSerializers.err };
  return {
    timers,
    random: (bytes) => randomBytes(bytes),
    elapsed: () => performance.now(),
    logger: pino({ level: logLevel, base: null, serializers }, openLog()),
  };
}
