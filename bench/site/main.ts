/**
 * `npm run bench:site`: the way of a mutation through a site, beside other servers that do as much of it as they can.
 * Options: `--seconds S` (of each measurement), `--rounds R`, `--documents N,M` (to start with), `--only rates|replicas|delays|start`
 * (prints, and writes no files).
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Panel } from '../chart.ts';
import { Compiled } from '../children.ts';
import { formatNumber, median, type Row, writeResults } from '../results.ts';
import { markdownTable } from '../table.ts';
import { type Delays, type Rate, Site, type Subject } from './site.ts';
import { measureStart, type Start } from './start.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '2' },
    documents: { type: 'string', default: '10000,1000000' },
    only: { type: 'string' },
  },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const isAsked = (part: string): boolean => options.only === undefined || options.only === part;

const writerCounts = [1, 16, 64, 256];
const subjects: readonly Subject[] = ['tideline', 'bare', 'mercurius', 'apollo', 'yoga'];
const watchedSubjects: readonly Subject[] = ['tideline', 'bare', 'apollo'];
const eventRates = [200, 1_000];
/** A server that is in use has long been compiled to machine code: what it does all day is measured. */
const firstWarmUpSeconds = 10;
const warmUpSeconds = 1;
const snapshotPatienceSeconds = 60;

type Measured = { readonly subject: string; readonly key: string } & Readonly<Record<string, number | string>>;
const measured: Measured[] = [];
const rows: Row[] = [];
const panels: Panel[] = [];
const text: string[] = [];

const valuesOf = (subject: string, key: string, name: string): readonly number[] =>
  measured.filter((one) => one.subject === subject && one.key === key).map((one) => Number(one[name]));
const middleOf = (subject: string, key: string, name: string): number => median(valuesOf(subject, key, name));

function record(subject: string, key: string, values: Readonly<Rate | Delays | Start>): void {
  measured.push({ subject, key, ...values });
  const told = Object.entries(values).map(([name, value]) => `${name} ${formatNumber(value)}`);
  console.error(`${subject} ${key}: ${told.join(', ')}`);
}

/** A table with a line for each subject and a column for each key; its numbers as rows, and as bars. */
function tell(title: string, names: readonly string[], keys: readonly string[], name: string, unit: string): void {
  const line = (subject: string) => [subject, ...keys.map((key) => formatNumber(middleOf(subject, key, name)))];
  text.push(`### ${title} (${unit})`, '', markdownTable([['', ...keys], ...names.map(line)]));
  for (const key of keys) {
    const bars = names
      .map((subject) => ({ subject, value: middleOf(subject, key, name) }))
      .filter(({ value }) => Number.isFinite(value));
    for (const { subject, value } of bars) rows.push({ work: `${title}, ${key}`, subject, value, unit });
    if (bars.length > 1)
      panels.push({
        title: `${title}, ${key} (${unit})`,
        bars: bars.map((bar) => ({ ...bar, label: formatNumber(bar.value) })),
      });
  }
}

const writersKey = (writers: number) => `${writers} ${writers === 1 ? 'writer' : 'writers'}`;
const replicasName = (replicas: number) => `${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;

/** How busy the machine was before: of one that does other things too, only what stands side by side tells anything. */
const [loadBefore = 0] = loadavg();

using compiled = new Compiled();

/** Whether a server that stands alone has a processor of its own. */
let isSeparate = true;

if (isAsked('rates')) {
  // Rounds take turns, so that what else the machine does meanwhile falls on all alike.
  for (let round = 0; round < rounds; round++)
    for (const subject of subjects) {
      await using site = await Site.open(compiled, subject, 1);
      if (!(await site.separate())) isSeparate = false;
      await site.prepare();
      // What waits for others is compiled anew where it waits alone.
      for (const writers of [64, 1]) await site.measureRate(writers, firstWarmUpSeconds, 0.1);
      for (const writers of writerCounts)
        record(subject, writersKey(writers), await site.measureRate(writers, warmUpSeconds, seconds));
    }
  text.push('## One server', '');
  const keys = writerCounts.map(writersKey);
  tell('answered mutations', subjects, keys, 'perSecond', 'a second');
  tell('processor time of the server, each mutation', subjects, keys, 'cpuMicroseconds', 'microseconds');
  tell('mutations in an append', ['tideline'], keys, 'batch', 'mutations');
}

if (isAsked('replicas')) {
  const counts = [1, 2, 4];
  for (const replicas of counts) {
    await using site = await Site.open(compiled, 'tideline', replicas);
    await site.prepare();
    await site.measureRate(64, firstWarmUpSeconds, 0.1);
    for (const writers of writerCounts)
      record(replicasName(replicas), writersKey(writers), await site.measureRate(writers, warmUpSeconds, seconds));
  }
  text.push('## More replicas, on one machine of two processors', '');
  const names = counts.map(replicasName);
  const keys = writerCounts.map(writersKey);
  tell('answered mutations of a site', names, keys, 'perSecond', 'a second');
  tell('processor time of all replicas, each mutation', names, keys, 'cpuMicroseconds', 'microseconds');
  tell('mutations in an append of one replica', names, keys, 'batch', 'mutations');
}

if (isAsked('delays')) {
  for (let round = 0; round < rounds; round++)
    for (const subject of watchedSubjects) {
      await using site = await Site.open(compiled, subject, 2);
      await site.prepare();
      await site.measureDelays(Math.max(...eventRates), firstWarmUpSeconds, 0.1);
      for (const rate of eventRates)
        record(subject, `${rate} a second`, await site.measureDelays(rate, warmUpSeconds, 2 * seconds));
    }
  text.push('## From a mutation at one server to its event at a WebSocket subscriber of another', '');
  const keys = eventRates.map((rate) => `${rate} a second`);
  tell('propagation, p50', watchedSubjects, keys, 'p50', 'milliseconds');
  tell('propagation, p99', watchedSubjects, keys, 'p99', 'milliseconds');
}

if (isAsked('start')) {
  const counts = options.documents.split(',').map(Number);
  for (const documents of counts)
    record(
      'tideline',
      `${formatNumber(documents)} documents`,
      await measureStart(compiled, documents, snapshotPatienceSeconds),
    );
  text.push('## Start, with documents of six fields', '');
  const keys = counts.map((documents) => `${formatNumber(documents)} documents`);
  tell('start by the log', ['tideline'], keys, 'fromLog', 'seconds');
  tell('start by a snapshot', ['tideline'], keys, 'fromSnapshot', 'seconds');
  tell('log in Redis, each document', ['tideline'], keys, 'logBytes', 'bytes');
  tell('snapshot in Redis, each document', ['tideline'], keys, 'snapshotBytes', 'bytes');
  tell('memory of a replica', ['tideline'], keys, 'residentBytes', 'bytes');
  tell(
    'longest hold of the event loop after a start, while the data folder gets its first copy',
    ['tideline'],
    keys,
    'longestHoldAtFirst',
    'milliseconds',
  );
  tell('longest hold of the event loop while a snapshot is written', ['tideline'], keys, 'longestHold', 'milliseconds');
}

const page = [
  '# A site beside other servers',
  '',
  'A mutation sets one field of one of a thousand small documents. `bare` is a `node:http` server that does one HSET and one',
  'PUBLISH a request with ioredis, and sends what is published to raw WebSockets; `mercurius` (its just-in-time compiler on),',
  '`apollo` (Apollo Server with graphql-redis-subscriptions and graphql-ws) and `yoga` have that as their resolver. All speak',
  'to one Redis of their own, with `appendonly yes` and `appendfsync everysec`. None of them but Tideline merges, keeps a log,',
  'or gives a subscriber what it missed.',
  '',
  ...text,
  '## How it was done',
  '',
  `Servers, load and Redis are processes of their own and share ${cpus().length} processors. Writers wait for their answer and write`,
  `again; processor time is what the servers' processes took, all their threads together. Each number is the median of ${rounds}`,
  `rounds of ${seconds} seconds, in which the subjects take turns; those of more replicas and of starts were taken once. Each server`,
  `was warm: it had been under full load for ${firstWarmUpSeconds} seconds before its first measurement, and one that stands alone`,
  `as long under that of one writer. ${isSeparate ? 'It had a processor of its own, beside that of load and Redis.' : ''}`,
  '',
  `Before it began, ${formatNumber(loadBefore)} processes of others wanted a processor: where that is more than none, compare only what`,
  'stands side by side. A dash: it was not measured.',
  '',
  `Node ${process.version}, ${cpus()[0]?.model.trim() ?? 'an unknown processor'}. Made by \`npm run bench:site\`.`,
  '',
].join('\n');

console.log(page);
if (options.only === undefined) {
  const title =
    'A site beside other servers: mutations a second (longer is better), then what they cost (shorter is better)';
  writeResults('site', page, { title, panels, columns: 3 }, rows);
}
