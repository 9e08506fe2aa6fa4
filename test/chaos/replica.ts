/** A replica as a process of the chaos: as `npm start`, but for TIMING, JSON of what is to be quicker than usual, and READS, JSON of the formats that its version reads. */
import { readConfiguration } from '../../server/configuration.ts';
import { openSystem } from '../../server/system.ts';
import { openTideline } from '../../server/tideline.ts';

const configuration = readConfiguration(process.env, 'chaos', process.cwd());
const system = {
  ...openSystem(configuration.logLevel),
  timing: JSON.parse(process.env.TIMING ?? '{}'),
  reads: JSON.parse(process.env.READS ?? '[1,1]'),
};
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
const tideline = await openTideline(configuration, system);
console.log(`listening at ${tideline.url}`);
process.once('SIGTERM', () => void tideline.close().then(() => process.exit(0)));
