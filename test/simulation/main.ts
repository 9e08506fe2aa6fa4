/**
 * `npm run simulate -- --runs 1000`: runs so many schedules, and says so. `--seed 7`: replays one, with its trace; with
 * `--runs`, begins there.
 */
import { parseArgs } from 'node:util';
import { type Report, runSchedule } from './schedule.ts';

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } });
const first = wholeNumber('seed', values.seed ?? '1');
if (values.runs === undefined && values.seed !== undefined) await replay(first);
else await runAll(first, wholeNumber('runs', values.runs ?? '1000'));

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  console.error(`--${name} ${text}: must be a whole number of 1 and more`);
  process.exit(2);
}

async function runAll(first: number, runs: number): Promise<void> {
  const begun = performance.now();
  const clean = new Map<string, number>();
  const sums = {
    answered: 0,
    refused: 0,
    unknown: 0,
    events: 0,
    snapshots: 0,
    virtualMilliseconds: 0,
    toTheChange: 0,
    toTheWhole: 0,
    renewed: 0,
  };
  for (let seed = first; seed < first + runs; seed += 1) {
    const report = await runSchedule(seed, false);
    if (report.problem !== undefined) {
      await replay(seed);
      return;
    }
    clean.set(report.kind, (clean.get(report.kind) ?? 0) + 1);
    sums.answered += report.answered;
    sums.refused += report.refused;
    sums.unknown += report.unknown;
    sums.toTheChange += report.cameBack.toTheChange;
    sums.toTheWhole += report.cameBack.toTheWhole;
    sums.renewed += report.renewed;
    sums.events += report.events;
    sums.snapshots += report.snapshots;
    sums.virtualMilliseconds += report.virtualMilliseconds;
  }
  const seconds = (performance.now() - begun) / 1_000;
  console.log(
    `${runs} schedules ran clean in ${seconds.toFixed(1)} s (seeds ${first} to ${first + runs - 1}): ` +
      [...clean].map(([kind, count]) => `${count} ${kind}`).join(', '),
  );
  console.log(
    `${sums.answered} writes answered, ${sums.refused} refused, ${sums.unknown} unknown; ${sums.snapshots} snapshots; ` +
      `${sums.events} events in ${(sums.virtualMilliseconds / 3_600_000).toFixed(1)} hours of virtual time`,
  );
  console.log(
    `${sums.toTheChange} readers came back to what had changed, ${sums.toTheWhole} to the whole; ${sums.renewed} replicas began anew`,
  );
}

async function replay(seed: number): Promise<void> {
  const report: Report = await runSchedule(seed, true);
  for (const line of report.trace) console.log(line);
  console.log(`trace ${report.traceHash}`);
  if (report.problem === undefined) {
    console.log(`seed ${seed} (${report.kind}) ran clean`);
    return;
  }
  console.log(`seed ${seed} (${report.kind}) failed: ${report.problem}\nReplay it: npm run simulate -- --seed ${seed}`);
  process.exitCode = 1;
}
