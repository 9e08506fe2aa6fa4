/**
 * `npm run test:chaos -- --seed 7 --minutes 10`: the schedule of faults as it goes, then what became of every write.
 * `--only 'paused,wiped'`: faults whose names have one of these in them. `--formats`: with two versions of Tideline, of which one
 * has another format.
 */
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
    only: { type: 'string' },
    formats: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const minutes = Number(values.minutes);
if (!Number.isSafeInteger(seed) || seed < 1 || !(minutes > 0)) {
  console.error('--seed is a whole number of 1 and more, and --minutes one above 0');
  process.exit(2);
}
const report = await runChaos({
  seed,
  minutes,
  only: values.only,
  formats: values.formats,
  told: (line) => console.log(line),
});
for (const [name, count] of report.faults) console.log(`${String(count).padStart(5)} × ${name}`);
const { answered, refused, unknown } = report.outcomes;
console.log(`${answered} writes answered, ${refused} refused, ${unknown} unknown`);
console.log(`${report.events} events of live queries; ${report.resumed} times a reader came back to what had changed`);
console.log(
  `${report.logs} logs and ${report.generations} snapshots were seen; ${report.entries} entries are in the log`,
);
for (const [name, events] of report.lost) console.log(`${events.length} answered writes are lost by ${name}`);
if (report.problems.length > 0) {
  for (const problem of report.problems.slice(0, 50)) console.error(problem);
  console.error(`seed ${seed}: ${report.problems.length} problems`);
  process.exitCode = 1;
} else console.log(`seed ${seed}: nothing is missing, every counter is exact, and all replicas show the same`);
