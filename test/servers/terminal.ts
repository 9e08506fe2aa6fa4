/** A command as it runs in a terminal: with a pseudo-terminal of its own, made by `script` of util-linux or BSD. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Terminal extends AsyncDisposable {
  /** All that was printed, with the line ends of a terminal as they are in files. */
  readonly output: string;
  /** Resolves with the exit code of the command. */
  readonly ended: Promise<number | null>;
  /** Waits until the output matches. @returns the first group @throws {Error} with the output, if the command ends before */
  said(pattern: RegExp): Promise<string>;
  /** Types the key: the terminal sends SIGINT (Ctrl-C) or SIGQUIT (Ctrl-\) to all processes in the foreground. */
  press(key: 'Ctrl-C' | 'Ctrl-\\'): void;
  /** Closes the window: the kernel sends SIGHUP to all processes in the foreground. */
  hangUp(): void;
}

const bytes = { 'Ctrl-C': '\x03', 'Ctrl-\\': '\x1c' } as const;

export function openTerminal(
  command: string,
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Terminal {
  const isLinux = process.platform === 'linux';
  // Without `exec`, a shell such as dash stays in the foreground, takes the signals, too, and ends with a code of its own.
  const args = isLinux ? ['-qefc', `exec ${command}`, '/dev/null'] : ['-q', '/dev/null', 'sh', '-c', `exec ${command}`];
  const child: ChildProcess = spawn('script', args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('spawn opens pipes where it is told to');
  stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString().replaceAll('\r\n', '\n');
  });
  // It is gone with the window.
  stdin.on('error', () => {});
  const ended = once(child, 'close').then(([code]) => (code === null ? null : Number(code)));
  return {
    get output() {
      return output;
    },
    ended,
    async said(pattern) {
      let hasEnded = false;
      while (!pattern.test(output)) {
        if (hasEnded) throw new Error(`it ended, and printed:\n${output}`);
        await Promise.race([once(stdout, 'data'), ended.then(() => (hasEnded = true))]);
      }
      return pattern.exec(output)?.[1] ?? '';
    },
    press: (key) => void stdin.write(bytes[key]),
    hangUp: () => void child.kill('SIGKILL'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
