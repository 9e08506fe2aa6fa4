/**
 * `npm run bench:plans`: the processor time of a mutation with plans (server/operation/plans) and without.
 * Options: `--seconds S` (of each measurement), `--turns T` (measurements of each server at each number of writers).
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Panel } from '../chart.ts';
import { Compiled } from '../children.ts';
import { formatNumber, median, type Row, writeResults } from '../results.ts';
import { Site } from '../site/site.ts';
import { markdownTable } from '../table.ts';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '1' }, turns: { type: 'string', default: '10' } },
});
const seconds = Number(options.seconds);
const turns = Number(options.turns);

const writerCounts = [1, 16, 64];
/** As long as bench:site warms a server up: V8 compiles hot code in its first seconds. */
const firstWarmUpSeconds = 10;
const warmUpSeconds = 0.2;

const title = 'Processor time of the server for each mutation';
const unit = 'microseconds';
const [loadBefore = 0] = loadavg();

using compiled = new Compiled();
await using planned = await Site.open(compiled, 'tideline', 1);
await using unplanned = await Site.open(compiled, 'unplanned', 1);
const sites = [
  { name: 'with plans', site: planned },
  { name: 'without plans', site: unplanned },
];
for (const { site } of sites) {
  await site.separate();
  await site.prepare();
}

/** The microseconds of each turn, by name. */
async function measure(writers: number): Promise<ReadonlyMap<string, readonly number[]>> {
  const measured = new Map<string, number[]>(sites.map(({ name }) => [name, []]));
  for (let turn = 0; turn < turns; turn += 1)
    // The order changes with each turn, so that a load that grows falls on both alike.
    for (const { name, site } of turn % 2 === 0 ? sites : sites.toReversed()) {
      const { cpuMicroseconds } = await site.measureRate(writers, warmUpSeconds, seconds);
      measured.get(name)?.push(cpuMicroseconds);
      console.error(`${writers} writers, ${name}: ${formatNumber(cpuMicroseconds)} ${unit}`);
    }
  return measured;
}

const rows: Row[] = [];
const panels: Panel[] = [];
const table = [['writers', ...sites.map(({ name }) => name), 'saved by plans (%)']];
for (const { site } of sites) await site.measureRate(64, firstWarmUpSeconds, 0.1);
for (const writers of writerCounts) {
  if (writers === 1) for (const { site } of sites) await site.measureRate(writers, firstWarmUpSeconds, 0.1);
  const measured = await measure(writers);
  const work = `${title}, ${writers} ${writers === 1 ? 'writer' : 'writers'}`;
  const bars = sites.map(({ name }) => ({ subject: name, value: median(measured.get(name) ?? []) }));
  for (const bar of bars) rows.push({ work, ...bar, unit });
  panels.push({ title: `${work} (${unit})`, bars: bars.map((bar) => ({ ...bar, label: formatNumber(bar.value) })) });
  // Of each turn by itself, as its two measurements stand side by side.
  const without = measured.get('without plans') ?? [];
  const saved = (measured.get('with plans') ?? []).map(
    (value, turn) => 100 * (1 - value / (without[turn] ?? Number.NaN)),
  );
  rows.push({ work, subject: 'saved by plans', value: median(saved), unit: '%' });
  table.push([`${writers}`, ...bars.map(({ value }) => formatNumber(value)), formatNumber(median(saved))]);
}

const page = [
  '# What plans save',
  '',
  'A mutation sets one field of one of a thousand small documents, as in [site.md](site.md). Two servers run the same code. One',
  'makes a plan of an operation that repeats (`server/operation/plans`); in the other no operation counts as repeated, so graphql-js',
  'executes each.',
  '',
  `## ${title} (${unit})`,
  '',
  markdownTable(table),
  '## How it was done',
  '',
  `Each server has a Redis of its own, and was under full load for ${firstWarmUpSeconds} seconds before its first measurement. The`,
  `two took turns: ${turns} measurements of ${seconds} ${seconds === 1 ? 'second' : 'seconds'} each. The times are medians, and the savings are medians of the`,
  'savings in each turn.',
  '',
  `Before it began, ${formatNumber(loadBefore)} processes of others wanted one of ${cpus().length} processors: where that is more than none, compare only`,
  'what stands side by side.',
  '',
  `Node ${process.version}, ${cpus()[0]?.model.trim() ?? 'an unknown processor'}. Made by \`npm run bench:plans\`.`,
  '',
].join('\n');
console.log(page);
writeResults('plans', page, { title: 'What plans save (shorter is better)', panels, columns: 1 }, rows);
