/**
 * `npm run bench:live`: live queries beside other ways to tell many watchers of one write.
 * Options: `--rounds R`, `--documents N` (that lists are read from), `--only fan-out|filters|memory|lists` (prints, and writes no
 * files).
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../../test/servers/redis.ts';
import type { Panel } from '../chart.ts';
import { Compiled, startFlags } from '../children.ts';
import { formatNumber, median, type Row, writeResults } from '../results.ts';
import { Asked } from '../site/child.ts';
import { markdownTable } from '../table.ts';
import { measureLists } from './lists.ts';
import type { Filters, Watching } from './subscribers.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    documents: { type: 'string', default: '1000000' },
    only: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const isAsked = (part: string): boolean => options.only === undefined || options.only === part;

const subjects = ['tideline', 'raw', 'graphql-ws', 'apollo'] as const;
type Subject = (typeof subjects)[number];
const speechOf = (subject: Subject): Watching['speech'] =>
  subject === 'tideline' || subject === 'raw' ? subject : 'resolver';
const subscriberCounts = [100, 1_000, 5_000];
const filterCounts = [100, 1_000, 10_000];
const deliveries = 100_000;
const warmUpDeliveries = 50_000;
const idleSubscriptions = 10_000;
const definitions = join(import.meta.dirname, 'collections.ts');

const measured = new Map<string, number[]>();
const rows: Row[] = [];
const panels: Panel[] = [];
const text: string[] = [];

const keyOf = (subject: string, work: string) => `${work} | ${subject}`;
function record(subject: string, work: string, value: number): void {
  const key = keyOf(subject, work);
  measured.set(key, [...(measured.get(key) ?? []), value]);
  console.error(`${subject}: ${work}: ${formatNumber(value)}`);
}

/** A table with a line for each subject and a column for each work, and bars of it. */
function tell(
  title: string,
  unit: string,
  names: readonly string[],
  works: readonly (readonly [string, string])[],
): void {
  const middleOf = (subject: string, work: string) => median(measured.get(keyOf(subject, work)) ?? []);
  const line = (subject: string) => [subject, ...works.map(([work]) => formatNumber(middleOf(subject, work)))];
  text.push(`### ${title} (${unit})`, '', markdownTable([['', ...works.map(([, key]) => key)], ...names.map(line)]));
  for (const [work, key] of works) {
    const bars = names.map((subject) => ({ subject, value: middleOf(subject, work) }));
    for (const { subject, value } of bars) rows.push({ work: `${title}, ${key}`, subject, value, unit });
    if (bars.length > 1)
      panels.push({
        title: `${title}, ${key} (${unit})`,
        bars: bars.map((bar) => ({ ...bar, label: formatNumber(bar.value) })),
      });
  }
}

using compiled = new Compiled();

/** One server and the other side, as processes of their own. */
async function open(subject: Subject, redisUrl: string) {
  const server = new Asked(
    compiled.start(`bench/live/servers/${subject}`, [redisUrl, definitions], subject === 'tideline' ? startFlags : []),
  );
  const others = new Asked(compiled.start('bench/live/subscribers', []));
  const port = await server.askNumber('port');
  return {
    server,
    others,
    port,
    async [Symbol.asyncDispose]() {
      for (const child of [others, server]) await child[Symbol.asyncDispose]();
    },
  };
}

if (isAsked('fan-out')) {
  for (let round = 0; round < rounds; round++)
    for (const subscribers of subscriberCounts)
      for (const subject of subjects) {
        await using redis = await startRedis({ appendOnly: false });
        await using opened = await open(subject, redis.url);
        const { server, others, port } = opened;
        const watching: Watching = { speech: speechOf(subject), port, subscribers };
        await others.ask('watch', watching);
        await others.ask('write', Math.ceil(warmUpDeliveries / subscribers));
        const writes = Math.ceil(deliveries / subscribers);
        const before = await server.askNumber('cpu');
        const answer = await others.ask('write', writes);
        const microseconds = (await server.askNumber('cpu')) - before;
        const delays = (Array.isArray(answer) ? answer.map(Number) : []).sort((a, b) => a - b);
        const work = `${subscribers} subscribers`;
        record(subject, `cpu ${work}`, (microseconds / 1e6 / (writes * subscribers)) * 100_000);
        record(subject, `p50 ${work}`, delays[Math.floor(delays.length * 0.5)] ?? Number.NaN);
        record(subject, `p99 ${work}`, delays[Math.floor(delays.length * 0.99)] ?? Number.NaN);
      }
  text.push('## One write to many equal subscriptions, a socket each', '');
  const works = (name: string) =>
    subscriberCounts.map((count) => [`${name} ${count} subscribers`, `${formatNumber(count)} subscribers`] as const);
  tell('processor time of the server, each 100,000 deliveries', 'seconds', subjects, works('cpu'));
  tell('from the write to an event, p50', 'milliseconds', subjects, works('p50'));
  tell('from the write to an event, p99', 'milliseconds', subjects, works('p99'));
}

if (isAsked('filters')) {
  for (let round = 0; round < rounds; round++)
    for (const kind of ['equal', 'range'] as const)
      for (const count of filterCounts) {
        await using opened = await open('tideline', '');
        const { server, others, port } = opened;
        const filters: Filters = { port, count, kind };
        await others.ask('filter', filters);
        await others.ask('writeMatching', 2_000);
        const writes = 3_000;
        const before = await server.askNumber('cpu');
        await others.ask('writeMatching', writes);
        record(kind, `${count} filters`, ((await server.askNumber('cpu')) - before) / writes);
      }
  text.push('## One write that matches one of many different filters', '');
  const works = filterCounts.map((count) => [`${count} filters`, `${formatNumber(count)} filters`] as const);
  tell('processor time of a mutation and its event', 'microseconds', ['equal', 'range'], works);
}

if (isAsked('memory')) {
  for (const kind of ['same', 'equal'] as const) {
    await using opened = await open('tideline', '');
    const { server, others, port } = opened;
    // The sockets, and what is made once, are there before.
    await others.ask('filter', { port, count: 10, kind } satisfies Filters);
    await others.ask('close');
    const before = await server.askNumber('live');
    await others.ask('filter', { port, count: idleSubscriptions, kind } satisfies Filters);
    const live = (await server.askNumber('live')) - before;
    record(kind === 'same' ? 'equal ones' : 'different ones', 'memory', live / idleSubscriptions);
  }
  text.push(`## ${formatNumber(idleSubscriptions)} idle subscriptions, a thousand a socket`, '');
  tell('memory of an idle subscription', 'bytes', ['equal ones', 'different ones'], [['memory', 'bytes']]);
}

if (isAsked('lists')) {
  const counts = [10_000, Number(options.documents)];
  for (const documents of counts) {
    await using opened = await open('tideline', '');
    for (const [subject, milliseconds] of await measureLists(await opened.server.askNumber('port'), documents))
      record(subject, `${documents} documents`, milliseconds);
  }
  text.push('## Lists of 100 documents', '');
  const works = counts.map((count) => [`${count} documents`, `of ${formatNumber(count)}`] as const);
  tell(
    'a page by HTTP',
    'milliseconds',
    [
      ...new Set(
        [...measured.keys()].filter((key) => key.includes(' documents | ')).map((key) => key.split(' | ')[1] ?? ''),
      ),
    ],
    works,
  );
}

const page = [
  '# Live queries beside others',
  '',
  'One field of a document is written by HTTP, and every subscriber is told: by `raw`, a `ws` server that sends the bytes that',
  'Tideline sends and does nothing else; `graphql-ws`, over the in-memory pub/sub of GraphQL Yoga; `apollo`, Apollo Server with',
  'graphql-redis-subscriptions and graphql-ws, through a Redis. What they send is as long. Of them only Tideline stores what',
  'was written (flushed to its disk before it answers), and computes what changed in a result.',
  '',
  ...text,
  '## How it was done',
  '',
  'Server and subscribers are processes of their own. Each write waits until all subscribers were told of the one before. Times',
  'of the processor include the mutation. Delays are from the request that writes to each event, subscribers and server on one',
  `machine of ${cpus().length} processors. Each number is the median of ${rounds} rounds, in which the subjects take turns; memory and lists were`,
  'taken once.',
  '',
  `Node ${process.version}, ${cpus()[0]?.model.trim() ?? 'an unknown processor'}. Made by \`npm run bench:live\`.`,
  '',
].join('\n');

console.log(page);
if (options.only === undefined)
  writeResults('live', page, { title: 'Live queries beside others: shorter is better', panels, columns: 3 }, rows);
