/**
 * `npm run dev`: runs the server, and restarts it whenever its definitions file, a file imported by it, or the server's
 * own source changes. Prints how the schema changed. If the definitions file is invalid, the running server stays as it
 * is.
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

/** Debounces changes: editors write a file in several steps, and saving all touches many. */
const settleMilliseconds = 100;
const schemaBytes = 64 * 1024 * 1024;

const run = promisify(execFile);
const folder = process.cwd();
const definitionsFile = definitionsFileIn(process.env, folder);
const sourceFolders = ['server', 'schema', 'resolvers', 'uploads', 'definitions', 'replica'];

let server: ChildProcess | undefined;
/** The SDL; undefined until there are valid definitions. */
let schema: string | undefined;
let watchers: readonly FSWatcher[] = [];
/** What has changed since the last start of the server. */
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
    say(`the server ended with exit code ${code}: it restarts after the next change`);
  });
}

async function stopServer(): Promise<void> {
  const child = server;
  if (child === undefined) return;
  server = undefined;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** @returns the SDL, or the message if there is none */
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
  // Watch the folder, not the file: many editors replace the file instead of writing to it.
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
      return say(`${outputOf(error)}\ndev: the server keeps running unchanged`);
    }
  }
  const found = await readSchema();
  if ('problem' in found) return say(`${found.problem}\ndev: the server keeps running unchanged until the next change`);
  const changes = schema === undefined ? [] : schemaChanges(schema, found.sdl);
  schema = found.sdl;
  say(changes.length === 0 ? 'the schema has not changed' : `the schema changed\n${changes.join('\n')}`);
  await stopServer();
  if (!isEnding) startServer();
}

onEndingSignal(() => {
  isEnding = true;
  if (server === undefined) process.exit(0);
  // On a terminal the server has got the signal already, and counts this one as the same.
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
