/** Child processes of the tests: each ends with its handle, and with this process at the latest. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Where the system can, it ends the child itself, however this process ends. It keeps the child's process id. */
const withParent = onPath('setpriv') === undefined ? [] : ['setpriv', '--pdeathsig', 'KILL', '--'];

/** The file that a command's name stands for. */
export function onPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Looked for in the next folder.
    }
  }
  return undefined;
}

export interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Resolves once it has said this on its standard output. Fails, with what it said last, if it ends before. */
  said(text: string): Promise<void>;
  /** Of what it said on either output, the end. */
  readonly lastWords: string;
  /** Sends a signal and waits for the end. Idempotent. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export function startChild(command: string, args: readonly string[], options: SpawnOptions = {}): Child {
  const [file = command, ...rest] = [...withParent, command, ...args];
  const child = spawn(file, rest, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  const heard = new Set<() => void>();
  const hear = (chunk: Buffer | string) => {
    output = `${output}${chunk}`.slice(-20_000);
    for (const look of heard) look();
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      hear(String(error));
      resolve();
    });
    child.once('close', () => resolve());
  }).finally(() => running.delete(child));

  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!output.includes(text)) return;
        heard.delete(look);
        resolve();
      };
      heard.add(look);
      void ended.then(() => reject(new Error(`${command} ended: ${output}`)));
      look();
    });
  const end = async (signal: NodeJS.Signals) => {
    if (running.has(child)) {
      child.kill(signal);
      // A stopped process takes no signal but these two.
      if (signal !== 'SIGKILL') child.kill('SIGCONT');
    }
    await ended;
  };
  return {
    process: child,
    said,
    end,
    get lastWords() {
      return output;
    },
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  };
}

/** Runs a file of the tests as a process of its own. */
export function startTypeScript(file: string, args: readonly string[], options: SpawnOptions = {}): Child {
  return startChild(process.execPath, ['--import', 'tsx', file, ...args], options);
}
