/** Child processes of the tests: each ends with its handle, and with this process at the latest. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

const running = new Set<ChildProcess>();

/** Covers every end of this process but kill -9. */
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Resolves with what it said last, when it has ended. */
  readonly ended: Promise<void>;
  /** Sends a signal and waits for the end. Idempotent. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export function startChild(command: string, args: readonly string[], options: SpawnOptions): Child {
  const child = spawn(command, args, options);
  running.add(child);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  }).finally(() => running.delete(child));
  const end = async (signal: NodeJS.Signals) => {
    if (running.has(child)) {
      child.kill(signal);
      // A stopped process takes no signal but these two.
      if (signal !== 'SIGKILL') child.kill('SIGCONT');
    }
    await ended;
  };
  return { process: child, ended, end, [Symbol.asyncDispose]: () => end('SIGKILL') };
}
