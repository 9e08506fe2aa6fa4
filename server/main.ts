/** The process: its environment, its first words, its signals and its end. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { limits } from '../limits.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import { faultOfListening, isPortTaken } from './listening.ts';
import { onEndingSignal } from './signals.ts';
import { openSystem, type System } from './system.ts';
import { openTideline, type Tideline } from './tideline.ts';
import { withinTime } from './traffic/within-time.ts';
import { faultsOf, firstWords } from './words.ts';

/** Of the time from the signal to the end, for ending. */
const reserveMilliseconds = 250;

function configure(): Configuration {
  try {
    return readConfiguration(process.env, hostname(), process.cwd(), existsSync);
  } catch (error) {
    return fail(error);
  }
}

async function start(configuration: Configuration, system: System): Promise<Tideline> {
  const unlistenable = await faultOfListening(configuration);
  // Where the port alone is taken, the folder may be in use, too: one who starts a second server by mistake reads both.
  if (unlistenable !== undefined && !isPortTaken(unlistenable)) return fail(unlistenable, configuration);
  try {
    return await openTideline(configuration, system);
  } catch (error) {
    return fail(error, configuration, unlistenable);
  }
}

function fail(error: unknown, configuration?: Configuration, other?: Error): never {
  const others = other === undefined ? [] : faultsOf(other, configuration);
  for (const line of new Set([...faultsOf(error, configuration), ...others])) console.error(line);
  process.exit(1);
}

const configuration = configure();
const system = openSystem(configuration.logLevel);
const { logger } = system;
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (err: unknown) => {
    logger.fatal({ err }, 'an error that nobody caught');
    process.exit(1);
  });
}

const starting = start(configuration, system);
onEndingSignal((signal) => void stop(signal));
const tideline = await starting;
for (const line of firstWords(tideline, configuration)) console.log(line);
logger.info({ id: tideline.replica.id, url: tideline.url }, 'listening');

async function stop(signal: string): Promise<void> {
  logger.info({ signal }, 'shutting down');
  const closing = starting.then((started) => started.close());
  const isClosed = await withinTime(closing, limits.shutdownMilliseconds - reserveMilliseconds);
  if (!isClosed) logger.fatal('not everything closed in time; what was answered is kept all the same');
  process.exit(isClosed ? 0 : 1);
}
