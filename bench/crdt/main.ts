/**
 * `npm run bench:crdt`: the merge core beside other libraries whose writes merge, each doing the same work.
 * Options: `--documents N`, `--seconds S` (the most that one kind of work of one subject may take), `--runs R`,
 * `--only NAME` (prints, and writes no files).
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Panel } from '../chart.ts';
import { Compiled } from '../children.ts';
import { formatNumber, median, type Row, writeResults } from '../results.ts';
import { markdownTable } from '../table.ts';
import { subjects } from './subjects.ts';

const { values: options } = parseArgs({
  options: {
    documents: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '1.5' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
});

interface Work {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
}

const speeds: readonly Work[] = [
  { key: 'create', title: 'create a document, with its delta', unit: 'documents/s' },
  { key: 'update', title: 'update a field, with its delta', unit: 'updates/s' },
  { key: 'increment', title: 'increment a counter, with its delta', unit: 'increments/s' },
  { key: 'apply', title: 'apply updates one by one', unit: 'updates/s' },
  { key: 'applyBatched', title: 'apply updates in batches of 100', unit: 'updates/s' },
  { key: 'encode', title: 'encode a delta', unit: 'deltas/s' },
  { key: 'decode', title: 'decode a delta', unit: 'deltas/s' },
  { key: 'save', title: 'save', unit: 'documents/s' },
  { key: 'load', title: 'load', unit: 'documents/s' },
  { key: 'loadAndRead', title: 'load, and read each document', unit: 'documents/s' },
];

const sizes: readonly Work[] = [
  { key: 'createBytes', title: 'delta of a new document', unit: 'bytes' },
  { key: 'deltaBytes', title: 'delta of an update', unit: 'bytes' },
  { key: 'headBytes', title: 'what stands before it, once for all that are sent together', unit: 'bytes' },
  { key: 'batchedBytes', title: 'the same in batches of 100, with all that stands before them', unit: 'bytes' },
  { key: 'savedBytes', title: 'saved document, fresh', unit: 'bytes' },
  { key: 'updatedSavedBytes', title: 'saved document, after its updates', unit: 'bytes' },
  { key: 'freshHeap', title: 'memory of a document, fresh', unit: 'bytes' },
  { key: 'updatedHeap', title: 'memory of a document, after its updates', unit: 'bytes' },
];

interface Numbers {
  readonly documents: number;
  readonly updates: number;
  readonly values: Readonly<Record<string, number>>;
}

function isNumbers(message: unknown): message is Numbers {
  return typeof message === 'object' && message !== null && 'documents' in message && 'values' in message;
}

/** Runs take turns, so that what else the machine does meanwhile falls on all alike. */
async function measureAll(names: readonly string[], runs: number): Promise<ReadonlyMap<string, readonly Numbers[]>> {
  using compiled = new Compiled();
  const numbersBySubject = new Map<string, Numbers[]>(names.map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const name of names) {
      const message = await compiled.run('bench/crdt/child', [name, options.documents, options.seconds]);
      if (!isNumbers(message)) throw new Error(`${name} has sent no numbers`);
      numbersBySubject.get(name)?.push(message);
    }
  }
  return numbersBySubject;
}

const names = subjects.map(({ name }) => name).filter((name) => options.only === undefined || name === options.only);
const numbersBySubject = await measureAll(names, Number(options.runs));

const medianOf = (name: string, read: (numbers: Numbers) => number | undefined): number =>
  median((numbersBySubject.get(name) ?? []).map((numbers) => read(numbers) ?? Number.NaN));
const valueOfWork = (name: string, { key }: Work): number => medianOf(name, ({ values }) => values[key]);

const line = (work: Work): readonly string[] => [
  `${work.title} (${work.unit})`,
  ...names.map((name) => formatNumber(valueOfWork(name, work))),
];
const heading = (title: string): readonly string[] => [title, ...names];
const countLine = (title: string, read: (numbers: Numbers) => number): readonly string[] => [
  title,
  ...names.map((name) => formatNumber(medianOf(name, read))),
];

const text = [
  '# The merge core beside others',
  '',
  `${formatNumber(Number(options.documents))} documents of six fields, then two updates of one field each, in scattered order: all made one`,
  'by one, each a transaction of its own that gives the bytes which other replicas need. A replica that loaded the fresh',
  'documents then applies the updates. Applying ends in equal documents, which is checked.',
  '',
  '## Speed: more is better',
  '',
  markdownTable([heading('a second'), ...speeds.map(line)]),
  '## Size: less is better',
  '',
  markdownTable([heading('bytes'), ...sizes.map(line)]),
  '## How much was done',
  '',
  `Any kind of work ends after ${options.seconds} seconds (updates after twice as many), so a subject may have worked on fewer`,
  'documents; it is then measured with what it has.',
  '',
  markdownTable([
    heading('number of'),
    countLine('documents', ({ documents }) => documents),
    countLine('updates', ({ updates }) => updates),
  ]),
  '## How it was done',
  '',
  ...subjects.map(({ name, note }) => `- ${name}: ${note}.`),
  '',
  'A second is one of the processor: what all threads of a process took, its compiler and its garbage collector among them.',
  '',
  'A dash: the library has no such step apart from the others. Memory is what lives after all garbage is collected, on the',
  'heap of V8 and outside of it, that of WebAssembly included.',
  '',
  `Each number is the median of ${options.runs} runs, each in a process of its own, after a warm-up on small stores.`,
  `Node ${process.version}, ${cpus()[0]?.model.trim() ?? 'an unknown processor'}. Made by \`npm run bench:crdt\`.`,
  '',
].join('\n');

console.log(text);

if (options.only === undefined) {
  const works = [...speeds, ...sizes];
  const panels = works.map(
    (work): Panel => ({
      title: `${work.title} (${work.unit})`,
      bars: names
        .map((subject) => ({ subject, value: valueOfWork(subject, work) }))
        .filter(({ value }) => Number.isFinite(value))
        .map(({ subject, value }) => ({ subject, value, label: formatNumber(value) })),
    }),
  );
  const rows = works.flatMap(({ key, unit }) =>
    names
      .map((subject): Row => ({ work: key, subject, value: medianOf(subject, ({ values }) => values[key]), unit }))
      .filter(({ value }) => Number.isFinite(value)),
  );
  const title = 'The merge core beside others: speeds first (longer is better), then sizes (shorter is better)';
  writeResults('crdt', text, { title, panels, columns: 3 }, rows);
}
