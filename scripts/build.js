/**
 * Compiles the project to dist/, unless dist/ was built from the same sources. Plain JavaScript, as it must run before
 * anything is compiled. Several builds may run at once: each compiles into its own folder, and then renames it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const target = join(root, 'dist');
const stampOf = (folder) => join(folder, '.stamp');

/** The sources of dist/, as tsconfig.build.json lists them: relative paths in a fixed order. */
function sources() {
  const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'));
  const files = [];
  for (const pattern of include) {
    const folder = pattern.replace(/\/\*\*\/\*\.ts$/, '');
    if (folder === pattern) files.push(pattern);
    else if (existsSync(join(root, folder))) {
      for (const entry of readdirSync(join(root, folder), { recursive: true })) {
        if (entry.endsWith('.ts')) files.push(join(folder, entry));
      }
    }
  }
  return files.sort();
}

function stampFor(files) {
  const hash = createHash('sha256');
  const settings = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.js'];
  for (const file of [...settings, ...files]) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

const isBuilt = (stamp) => existsSync(stampOf(target)) && readFileSync(stampOf(target), 'utf8') === stamp;

function compile(folder) {
  let compiler;
  try {
    compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  } catch {
    throw new Error(
      'dist/ is missing or stale, and there is no TypeScript compiler to build it with: run npm ci first',
    );
  }
  const configuration = join(root, 'tsconfig.build.json');
  const { status, error } = spawnSync(process.execPath, [compiler, '-p', configuration, '--outDir', folder], {
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error('the build failed: correct the errors above');
}

/** Replaces dist/ by a finished build, unless another process has installed the same one. */
function install(folder, stamp) {
  const former = `${target}-${process.pid}-former`;
  for (;;) {
    try {
      if (existsSync(target)) renameSync(target, former);
      renameSync(folder, target);
      return;
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
      if (isBuilt(stamp)) return;
    } finally {
      rmSync(former, { recursive: true, force: true });
    }
  }
}

/** Throws an error with a remedy if it cannot build. */
export function ensureBuilt() {
  const stamp = stampFor(sources());
  if (isBuilt(stamp)) return;
  const folder = `${target}-${process.pid}`;
  try {
    compile(folder);
    writeFileSync(stampOf(folder), stamp);
    install(folder, stamp);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Like ensureBuilt, but on failure prints the error and exits with code 1. */
export function ensureBuiltOrExit() {
  try {
    ensureBuilt();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) ensureBuiltOrExit();
