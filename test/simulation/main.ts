/**
 * `npm run simulate -- --runs 1000`: runs so many schedules on all processors, and says so. `--seed 7`: replays one, with its
 * trace; with `--runs`, begins there. Where some fail it goes on, names them, and replays the first.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Report, runSchedule } from './schedule.ts';

const progressMilliseconds = 30_000;

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
  const failed: number[] = [];
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
  const cleanCount = () => [...clean.values()].reduce((sum, one) => sum + one, 0);
  const told = (report: Omit<Report, 'trace'>) => {
    const { seed, kind, problem } = report;
    if (problem === undefined) clean.set(kind, (clean.get(kind) ?? 0) + 1);
    else {
      failed.push(seed);
      console.log(`seed ${seed} (${kind}) failed: ${problem}`);
    }
    sums.answered += report.answered;
    sums.refused += report.refused;
    sums.unknown += report.unknown;
    sums.toTheChange += report.cameBack.toTheChange;
    sums.toTheWhole += report.cameBack.toTheWhole;
    sums.renewed += report.renewed;
    sums.events += report.events;
    sums.snapshots += report.snapshots;
    sums.virtualMilliseconds += report.virtualMilliseconds;
  };
  const last = first + runs - 1;
  const progress = setInterval(() => {
    const seconds = Math.round((performance.now() - begun) / 1_000);
    console.error(`${cleanCount() + failed.length} of ${runs} after ${seconds} s, ${failed.length} failed`);
  }, progressMilliseconds);
  const stripes = Math.min(availableParallelism(), runs);
  await Promise.all(Array.from({ length: stripes }, (_, at) => stripe(first + at, last, stripes, told)));
  clearInterval(progress);
  const count = cleanCount();
  if (count + failed.length !== runs) throw new Error(`${count + failed.length} of ${runs} schedules were run`);
  const seconds = (performance.now() - begun) / 1_000;
  console.log(
    `${count} schedules ran clean in ${seconds.toFixed(1)} s (seeds ${first} to ${last}): ` +
      [...clean].map(([kind, count]) => `${count} ${kind}`).join(', '),
  );
  console.log(
    `${sums.answered} writes answered, ${sums.refused} refused, ${sums.unknown} unknown; ${sums.snapshots} snapshots; ` +
      `${sums.events} events in ${(sums.virtualMilliseconds / 3_600_000).toFixed(1)} hours of virtual time`,
  );
  console.log(
    `${sums.toTheChange} readers came back to what had changed, ${sums.toTheWhole} to the whole; ${sums.renewed} replicas began anew`,
  );
  const [worst] = failed.sort((a, b) => a - b);
  if (worst === undefined) return;
  await replay(worst);
  console.log(`${failed.length} failed: seeds ${failed.join(', ')}`);
}

/** A process runs every n-th seed. @param told of each schedule */
async function stripe(
  first: number,
  last: number,
  step: number,
  told: (report: Omit<Report, 'trace'>) => void,
): Promise<void> {
  // Much is made and soon dropped.
  const execArgv = [...process.execArgv, '--max-semi-space-size=48'];
  const child: ChildProcess = fork(join(import.meta.dirname, 'stripe.ts'), [first, last, step].map(String), {
    execArgv,
  });
  child.on('message', told);
  const code = await new Promise((resolve) => child.on('exit', resolve));
  if (code !== 0) throw new Error(`a process of schedules ended with ${code}`);
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
