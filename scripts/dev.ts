/**
 * `npm run dev`: the server, started anew whenever its definitions file, what that imports, or the server's own source
 * changes. It says what changed in the schema. A definitions file that cannot be served leaves the server as it is.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FSWatcher, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { definitionsFileIn } from '../server/configuration.ts';
import { onEndingSignal } from '../server/signals.ts';
import { filesOf } from './client/imported-files.ts';
import { schemaChanges } from './schema-changes.ts';

/** Editors write a file in several steps, and a save of all touches many. */
const settleMilliseconds = 100;
const schemaBytes = 64 * 1024 * 1024;

const run = promisify(execFile);
const folder = process.cwd();
const definitionsFile = definitionsFileIn(process.env, folder);
const sourceFolders = ['server', 'schema', 'resolvers', 'uploads', 'definitions', 'replica'];

let server: ChildProcess | undefined;
/** SDL; undefined as long as there was none that could be served. */
let schema: string | undefined;
let watchers: readonly FSWatcher[] = [];
/** What changed since the server was last started. */
const changed = new Set<'definitions' | 'source'>();
let wake = () => {};
let isEnding = false;

const say = (text: string) => console.error(`dev: ${text}`);

function note(part: 'definitions' | 'source'): void {
  changed.add(part);
  wake();
}

function startServer(): void {
  const child = spawn(process.execPath, [join(folder, 'dist/server/main.js')], { stdio: 'inherit' });
  server = child;
  child.once('exit', (code) => {
    if (server !== child) return;
    server = undefined;
    if (isEnding) process.exit(code ?? 1);
    say(`the server ended with exit code ${code}: it starts again after the next change`);
  });
}

async function stopServer(): Promise<void> {
  const child = server;
  if (child === undefined) return;
  server = undefined;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** @returns what to tell of it, where it cannot be had */
async function readSchema(): Promise<{ readonly sdl: string } | { readonly problem: string }> {
  try {
    const script = join(folder, 'dist/scripts/print-schema.js');
    return { sdl: (await run(process.execPath, [script], { maxBuffer: schemaBytes })).stdout };
  } catch (error) {
    return { problem: outputOf(error) };
  }
}

const outputOf = (error: unknown): string =>
  error instanceof Error && 'stderr' in error && error.stderr !== '' ? String(error.stderr).trim() : String(error);

function watchFiles(): void {
  for (const watcher of watchers) watcher.close();
  const files = filesOf(definitionsFile);
  const folders = new Set(files.map((file) => dirname(file)));
  // A folder, not the file: many editors put a new file in the place of the old one.
  const ofDefinitions = [...folders].map((path) =>
    watch(path, (_event, name) => {
      if (name !== null && files.includes(join(path, name))) note('definitions');
    }),
  );
  const ofSource = sourceFolders.map((name) => watch(join(folder, name), { recursive: true }, () => note('source')));
  watchers = [...ofDefinitions, ...ofSource];
}

async function startAnew(isSourceChanged: boolean): Promise<void> {
  if (isSourceChanged) {
    try {
      await run(process.execPath, [join(folder, 'scripts/build.js')]);
    } catch (error) {
      return say(`${outputOf(error)}\ndev: the server goes on as it was`);
    }
  }
  const found = await readSchema();
  if ('problem' in found) return say(`${found.problem}\ndev: the server goes on as it was, until the next change`);
  const changes = schema === undefined ? [] : schemaChanges(schema, found.sdl);
  schema = found.sdl;
  say(changes.length === 0 ? 'the schema is as it was' : `the schema changed\n${changes.join('\n')}`);
  await stopServer();
  if (!isEnding) startServer();
}

onEndingSignal(() => {
  isEnding = true;
  if (server === undefined) process.exit(0);
  // From a terminal it has the signal already, and takes this one as the same.
  server.kill('SIGTERM');
});

watchFiles();
const first = await readSchema();
if ('problem' in first) say(`${first.problem}\ndev: the server starts once this is corrected`);
else {
  schema = first.sdl;
  startServer();
}
for (;;) {
  if (changed.size === 0) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  await new Promise((resolve) => setTimeout(resolve, settleMilliseconds));
  const isSourceChanged = changed.has('source');
  changed.clear();
  watchFiles();
  await startAnew(isSourceChanged);
}
