/** The server process: configuration, start, signals and exit. */
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

/** The part of the shutdown time reserved for the exit itself. */
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
  // If only the port is taken, the folder may be in use too: after starting a second server by mistake one should see
  // both faults.
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
    logger.fatal({ err }, 'an uncaught error ends the process');
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
  if (!isClosed) logger.fatal('not everything closed in time; every acknowledged write is safe all the same');
  process.exit(isClosed ? 0 : 1);
}
