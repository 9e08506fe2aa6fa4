/**
 * `npm run example`: runs the example app for the browser, with a Tideline server that has its collections. Ctrl-C ends
 * both. PORT is the server's port, EXAMPLE_PORT the page's.
 */
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const example = join(root, 'examples/todo');
const { PORT = '4000', EXAMPLE_PORT = '5173' } = process.env;

const environment = {
  ...process.env,
  PORT,
  COLLECTIONS: join(example, 'collections.ts'),
  DATA_DIR: process.env.DATA_DIR ?? join(root, 'data-example'),
  VITE_TIDELINE: `http://127.0.0.1:${PORT}`,
};
const run = (file, args, cwd) => spawn(process.execPath, [file, ...args], { cwd, env: environment, stdio: 'inherit' });
const children = [
  run(join(root, 'scripts/start.js'), [], root),
  run(join(example, 'node_modules/vite/bin/vite.js'), ['--port', EXAMPLE_PORT, '--strictPort'], example),
];

let isEnding = false;
function end(code) {
  process.exitCode ??= code;
  if (isEnding) return;
  isEnding = true;
  for (const child of children) child.kill('SIGTERM');
}
// On a terminal the children get Ctrl-C as well, and end by themselves.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(0));
for (const child of children) child.on('exit', (code) => end(isEnding ? 0 : (code ?? 1)));
