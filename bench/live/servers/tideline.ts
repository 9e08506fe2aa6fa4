/** One embedded replica, as `npm start` opens it. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readConfiguration } from '../../../server/configuration.ts';
import { openSystem } from '../../../server/system.ts';
import { openTideline } from '../../../server/tideline.ts';
import { answerQuestions, cpuMicroseconds } from '../../site/child.ts';

const [, definitions = ''] = process.argv.slice(2);
const environment = {
  PORT: '0',
  DATA_DIR: mkdtempSync(join(tmpdir(), 'tideline-bench-')),
  COLLECTIONS: definitions,
  LOG_LEVEL: 'warn',
};
const configuration = readConfiguration(environment, 'bench', process.cwd());
const tideline = await openTideline(configuration, openSystem(configuration.logLevel));
await tideline.ready;

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

answerQuestions({
  port: () => Number(new URL(tideline.url).port),
  cpu: cpuMicroseconds,
  /** Bytes that live on V8's heap and in buffers, after all garbage is collected. */
  live: () => {
    for (let round = 0; round < 3; round++) if (typeof collectGarbage === 'function') collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
});
