/** How the processes of this bench talk: a question by message, with a number; its answer has the same. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

interface Message {
  readonly number: number;
  readonly name: string;
  readonly value: unknown;
}

function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'number' in message && 'name' in message;
}

/** By the name of the question. */
export type Answers = Readonly<Record<string, (value: unknown) => unknown>>;

/** In a child: answers questions until its parent is gone. */
export function answerQuestions(answers: Answers): void {
  process.on('message', (message) => {
    if (!isMessage(message)) return;
    const { number, name, value } = message;
    Promise.resolve(answers[name]?.(value)).then(
      (answer) => process.send?.({ number, name, value: answer }),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.on('disconnect', () => process.exit());
}

/** In the parent. */
export class Asked implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  readonly #ended: Promise<unknown>;
  #asked = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit');
    child.on('message', (message) => {
      if (!isMessage(message)) return;
      this.#waiting.get(message.number)?.(message.value);
      this.#waiting.delete(message.number);
    });
  }

  get processId(): number {
    return this.#child.pid ?? 0;
  }

  ask(name: string, value?: unknown): Promise<unknown> {
    this.#asked += 1;
    const number = this.#asked;
    const answer = new Promise<unknown>((resolve) => this.#waiting.set(number, resolve));
    this.#child.send({ number, name, value });
    return Promise.race([
      answer,
      this.#ended.then(() => {
        throw new Error(`a process ended before it answered ${name}`);
      }),
    ]);
  }

  async askNumber(name: string, value?: unknown): Promise<number> {
    return Number(await this.ask(name, value));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** Of this process, until now. */
export function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
