/** One replica, as `npm start` opens it, but for time-outs that are given as JSON. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { readConfiguration } from '../../../server/configuration.ts';
import { openSystem } from '../../../server/system.ts';
import { openTideline } from '../../../server/tideline.ts';
import { answerQuestions, cpuMicroseconds } from '../child.ts';

const [redisUrl = '', name = 'replica', definitions = '', timing = '{}'] = process.argv.slice(2);
const environment = {
  PORT: '0',
  DATA_DIR: mkdtempSync(join(tmpdir(), 'tideline-bench-')),
  REDIS_URL: redisUrl,
  REPLICA_ID: name,
  COLLECTIONS: definitions,
  LOG_LEVEL: 'warn',
};
const configuration = readConfiguration(environment, name, process.cwd());
const begun = performance.now();
const system = { ...openSystem(configuration.logLevel), timing: JSON.parse(timing) };
const tideline = await openTideline(configuration, system);
await tideline.ready;
const startMilliseconds = performance.now() - begun;
const delay = monitorEventLoopDelay({ resolution: 1 });
const millisecond = 1e6;
answerQuestions({
  port: () => Number(new URL(tideline.url).port),
  cpu: cpuMicroseconds,
  usage: () => process.cpuUsage(),
  start: () => startMilliseconds,
  memory: () => process.memoryUsage().rss,
  appends: () => tideline.replica.counters.appends,
  watchDelay: () => {
    delay.reset();
    delay.enable();
  },
  /** Milliseconds that a turn of the event loop took at most since it was watched. */
  longestDelay: () => {
    delay.disable();
    return delay.max / millisecond;
  },
});
