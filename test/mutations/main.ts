/**
 * `npm run test:mutations`: breaks each rule in one place of a copy of the code, and expects a test to fail. Writes
 * docs/internals/merge-mutants.md and sync-mutants.md. Options: `--suite merge|sync`; `--only TEXT`, mutations whose rule or
 * sentence has it (prints, and writes no file).
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownTable } from '../../bench/table.ts';
import type { Mutation } from './mutation.ts';
import { mergeMutations, syncMutations } from './mutations.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const copied = [
  'replica',
  'test/replica',
  'test/servers/there.ts',
  'test/simulation',
  'docs/internals/codec.md',
  'errors.ts',
  'invariant.ts',
  'limits.ts',
  'package.json',
  'vitest.config.ts',
];

/** A mutation that never lets its tests end is noticed by that. */
const longestMilliseconds = 240_000;

interface Suite {
  readonly name: string;
  readonly mutations: readonly Mutation[];
  /** Of the page in docs/internals/. */
  readonly title: string;
  readonly introduction: readonly string[];
  /** Tests by stage, for a mutated file: those of single rules first, as they fail faster, and name the rule. */
  stages(file: string): readonly (readonly string[])[];
}

const mergeTests = ['document', 'writes', 'version', 'clock', 'tree', 'rules'];
const syncTests = ['test/replica/sync', 'test/replica/readers/feed.test.ts', 'test/replica/transactions'];
const suites: readonly Suite[] = [
  {
    name: 'merge',
    mutations: mergeMutations,
    title: 'Each merge rule, broken',
    introduction: [
      'Each mutation changes `replica/crdt/` in one place so that it breaks a rule of [data-model.md](data-model.md), and a test has',
      'to fail. The table names the first test that did.',
    ],
    stages: () =>
      [mergeTests, ['convergence']].map((names) => names.map((name) => `test/replica/crdt/${name}.test.ts`)),
  },
  {
    name: 'sync',
    mutations: syncMutations,
    title: 'Each rule of replication, broken',
    introduction: [
      'Each mutation changes `replica/sync/` in one place so that it breaks a rule of [protocol.md](protocol.md), or what a part',
      'promises, and a test has to fail without the simulation. The table names the first test that did.',
    ],
    stages: (file) => {
      const own = `test/${file.replace(/\.ts$/, '.test.ts')}`;
      return [existsSync(join(root, own)) && file !== '' ? [own] : [], syncTests];
    },
  },
];

const { values: options } = parseArgs({ options: { only: { type: 'string' }, suite: { type: 'string' } } });

class Copy implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'tideline-mutations-'));

  constructor() {
    for (const name of copied) cpSync(join(root, name), join(this.path, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.path, 'node_modules'));
  }

  /** The name of the first test that fails; undefined where none does. */
  async firstFailure(stages: readonly (readonly string[])[]): Promise<string | undefined> {
    for (const tests of stages) {
      if (tests.length === 0) continue;
      const failed = await this.#run(tests);
      if (failed !== undefined) return failed;
    }
    return undefined;
  }

  async #run(tests: readonly string[]): Promise<string | undefined> {
    const report = join(this.path, 'report.json');
    const vitest = join(this.path, 'node_modules/vitest/vitest.mjs');
    const code = await new Promise<number | null>((resolve) => {
      const running = ['--bail=1', '--pool=threads', '--isolate=false', '--maxWorkers=1'];
      const reporting = ['--reporter=json', `--outputFile=${report}`];
      spawn(process.execPath, [vitest, 'run', ...running, ...reporting, ...tests], {
        cwd: this.path,
        stdio: 'ignore',
        timeout: longestMilliseconds,
        killSignal: 'SIGKILL',
        env: { ...process.env, MERGE_RUNS: '100' },
      }).on('exit', resolve);
    });
    if (code === 0) return undefined;
    if (code === null) return `none ends within ${longestMilliseconds / 60_000} minutes`;
    return firstFailureIn(JSON.parse(readFileSync(report, 'utf8')));
  }

  async with<Result>({ file, find, replacement }: Mutation, work: () => Promise<Result>): Promise<Result> {
    const path = join(this.path, file);
    const text = readFileSync(path, 'utf8');
    const [before, after, ...more] = text.split(find);
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error(`${file} has not once: ${find}`);
    writeFileSync(path, `${before}${replacement}${after}`);
    try {
      return await work();
    } finally {
      writeFileSync(path, text);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** @param report as vitest writes it */
function firstFailureIn(report: unknown): string {
  const failed = findFailed(report);
  if (failed === undefined) throw new Error(`no test failed, and vitest did: ${JSON.stringify(report).slice(0, 2000)}`);
  return failed;
}

function findFailed(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('status' in value && value.status === 'failed' && 'fullName' in value) return String(value.fullName).trim();
  for (const member of Object.values(value)) {
    const found = findFailed(member);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Breaks one rule after the other. @returns how many were not noticed */
async function run({ mutations, name, title, introduction, stages }: Suite): Promise<number> {
  const chosen = mutations.filter(
    ({ rule, what }) => options.only === undefined || `${rule} ${what}`.includes(options.only),
  );
  if (chosen.length === 0) return 0;
  const failures = new Map<Mutation, string | undefined>();
  const left = [...chosen];

  /** One mutation after the other, in a copy of its own. */
  async function work(): Promise<void> {
    using copy = new Copy();
    for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
      const { file, rule, what } = mutation;
      const failed = await copy.with(mutation, () => copy.firstFailure(stages(file)));
      failures.set(mutation, failed);
      console.log(`${failed === undefined ? 'SURVIVED' : 'noticed '} ${rule} ${what} – ${failed ?? ''}`);
    }
  }

  {
    using copy = new Copy();
    const sound = await copy.firstFailure(stages(''));
    if (sound !== undefined) throw new Error(`without any mutation this fails: ${sound}`);
  }
  await Promise.all([work(), work()]);
  const survivors = chosen.filter((mutation) => failures.get(mutation) === undefined);
  const rows = chosen.map((mutation) => {
    const { rule, what, file } = mutation;
    return [what, rule, `\`${file}\``, failures.get(mutation) ?? 'none: write one'];
  });
  const text = [
    `# ${title}`,
    '',
    ...introduction,
    `${chosen.length - survivors.length} of ${chosen.length} were noticed. This page is made by \`npm run test:mutations\`; the mutations are in \`test/mutations/\`.`,
    '',
    markdownTable([['mutation', 'rule', 'in', 'the test that fails'], ...rows], 'TEXT'),
  ].join('\n');
  if (options.only === undefined) writeFileSync(join(root, `docs/internals/${name}-mutants.md`), text);
  console.log(`${name}: ${chosen.length - survivors.length} of ${chosen.length} were noticed`);
  return survivors.length;
}

let unnoticed = 0;
for (const suite of suites)
  if (options.suite === undefined || options.suite === suite.name) unnoticed += await run(suite);
if (unnoticed > 0) process.exitCode = 1;
