/**
 * Processes of their own for what is measured, so that neither heaps nor what the compiler has learned are shared.
 * They run what `tsc` makes of the code, as the product does.
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

const { scripts }: { readonly scripts: { readonly start: string } } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);
/** The flags of Node that `npm start` sets. */
export const startFlags: readonly string[] = scripts.start.split(' ').filter((word) => word.startsWith('--'));

/** Compiled code, until it is disposed of. */
export class Compiled implements Disposable {
  /** Beside dist/: the product's packages are found from there, as they are in the product. */
  readonly #folder = join(root, `dist-bench-${process.pid}`);

  constructor() {
    const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
    const { status } = spawnSync(
      process.execPath,
      [compiler, '-p', join(root, 'bench/tsconfig.json'), '--outDir', this.#folder],
      { stdio: 'inherit' },
    );
    if (status !== 0) {
      this[Symbol.dispose]();
      throw new Error('the bench does not compile: correct what the compiler says above');
    }
    symlinkSync(join(root, 'bench/node_modules'), join(this.#folder, 'bench/node_modules'));
  }

  /**
   * Runs a module, by its path from the root without its extension, to its end.
   * @returns the message that it sent
   */
  async run(module: string, args: readonly string[]): Promise<unknown> {
    const child: ChildProcess = fork(join(this.#folder, `${module}.js`), args, {
      execArgv: ['--expose-gc', '--max-old-space-size=6000'],
      stdio: 'inherit',
    });
    let message: unknown;
    child.on('message', (sent) => {
      message = sent;
    });
    const [code] = await once(child, 'exit');
    if (code !== 0 || message === undefined)
      throw new Error(`${module} ${args.join(' ')} ended with exit code ${code}`);
    return message;
  }

  /** Begins a module, which goes on until it is killed or done. @param flags of Node */
  start(module: string, args: readonly string[], flags: readonly string[] = []): ChildProcess {
    return fork(join(this.#folder, `${module}.js`), args, {
      execArgv: [...flags],
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: 'inherit',
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
