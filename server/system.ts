/** Time, randomness and logs of this machine: made here, and handed down to all who need them. */
import { randomBytes } from 'node:crypto';
import { type Logger as PinoLogger, pino } from 'pino';
import type { Timers } from '../replica/environment/timers.ts';
import type { ReplicaTiming } from '../replica/options.ts';
import type { LogLevel } from './configuration.ts';
import { readableLine } from './log-lines.ts';
import type { ByteBudget } from './traffic/byte-budget.ts';
import type { Pace } from './traffic/least-rate.ts';

export interface System {
  readonly timers: Timers;
  readonly random: (bytes: number) => Uint8Array;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
  readonly logger: PinoLogger;
  /** Where the replica's time-outs are to be others than usual: tests bring about in seconds what takes a day. */
  readonly timing?: Partial<ReplicaTiming>;
  /** Where other limits than usual hold for what is on its way: tests reach them with little. */
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

/** A destination that pino writes whole lines to. */
function openLog(): { write(line: string): void } {
  const destination = pino.destination({ dest: standardError, sync: true });
  // A terminal that was closed takes no more lines: the server still has to end in order.
  destination.on('error', () => {});
  if (!process.stderr.isTTY) return destination;
  const isColoured = process.stderr.hasColors();
  return { write: (line) => void destination.write(readableLine(line, isColoured)) };
}

/**
 * Logs go to standard error, each entry written before the next: the last one before a crash is there too. They are lines
 * for people where that is a terminal, else lines of JSON.
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
