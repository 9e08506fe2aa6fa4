/** Tideline servers for tests: in this process, or as a process of their own that can be killed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfiguration } from '../../server/configuration.ts';
import { openSystem } from '../../server/system.ts';
import { openTideline, type Tideline } from '../../server/tideline.ts';
import { type Child, startChild } from './child.ts';
import { eventually } from './wait.ts';

/** As in the environment of a process: PORT, DATA_DIR, REDIS_URL, … */
export type Environment = Readonly<Record<string, string>>;

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: unknown;
  readonly errors: readonly AnswerError[];
  /** Of the header `Causality-Token`. */
  readonly token: string | undefined;
}

export interface AnswerError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface TestServer extends AsyncDisposable {
  /** Without a path. */
  readonly url: string;
  /** Of the GraphQL endpoint, for WebSockets. */
  readonly socketUrl: string;
  readonly dataFolder: string;
  /** Sends an operation by POST. */
  ask(query: string, variables?: object, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** The data of an answer without errors. @throws where it has any */
  run(query: string, variables?: object): Promise<unknown>;
}

export interface EmbeddedServer extends TestServer {
  readonly tideline: Tideline;
}

export interface ServerProcess extends TestServer {
  readonly child: Child;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
  /** kill -9 */
  kill(): Promise<void>;
}

/** A server in this process, ready; on a free port and, unless DATA_DIR says otherwise, a folder that goes with it. */
export async function openServer(environment: Environment = {}): Promise<EmbeddedServer> {
  await using opening = new AsyncDisposables();
  const dataFolder = environment.DATA_DIR ?? (await opening.folder());
  const configuration = readConfiguration({ ...defaults, ...environment, DATA_DIR: dataFolder }, 'test', root);
  const tideline = await openTideline(configuration, openSystem(configuration.logLevel));
  opening.add(() => tideline.close());
  await tideline.ready;
  return { ...clientOf(tideline.url), dataFolder, tideline, [Symbol.asyncDispose]: opening.release() };
}

/**
 * A server as a process of its own, from source. As above in all else.
 * @param isReady false: gives it back once it listens
 * @param within a command that runs the command behind it
 */
export async function startServer(
  environment: Environment = {},
  isReady = true,
  within: readonly string[] = [],
): Promise<ServerProcess> {
  await using opening = new AsyncDisposables();
  const dataFolder = environment.DATA_DIR ?? (await opening.folder());
  const child = startServerProcess({ ...environment, DATA_DIR: dataFolder }, within);
  opening.add(() => child[Symbol.asyncDispose]());
  const url = await urlOf(child);
  const isServing = async () => (await fetch(`${url}/health/ready`)).status === 200;
  if (isReady) await eventually('the server is ready', isServing);
  return {
    ...clientOf(url),
    dataFolder,
    child,
    async stop() {
      await child.end('SIGTERM');
      return child.process.exitCode;
    },
    kill: () => child.end('SIGKILL'),
    [Symbol.asyncDispose]: opening.release(),
  };
}

/** The process alone, which may not even get as far as listening. */
export function startServerProcess(environment: Environment, within: readonly string[] = []): Child {
  const args = ['--import', 'tsx', join(root, 'server', 'main.ts')];
  const [command = process.execPath, ...rest] = [...within, process.execPath, ...args];
  return startChild(command, rest, { cwd: root, env: { ...process.env, ...defaults, ...environment } });
}

const defaults: Environment = { PORT: '0', REPLICA_ID: 'test', LOG_LEVEL: 'silent' };

function urlOf(child: Child): Promise<string> {
  let output = '';
  return new Promise((found, failed) => {
    child.process.stdout?.on('data', (chunk) => {
      output += chunk;
      const [, url] = /^GraphiQL is at (.+)\/graphql$/m.exec(output) ?? [];
      if (url !== undefined) found(url);
    });
    child.said('GraphiQL is at').then(undefined, failed);
  });
}

function clientOf(url: string) {
  const ask: TestServer['ask'] = async (query, variables = {}, headers = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return answerOf(response);
  };
  const run: TestServer['run'] = async (query, variables) => {
    const { data, errors } = await ask(query, variables);
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return data;
  };
  return { url, socketUrl: `${url.replace('http', 'ws')}/graphql`, ask, run };
}

export async function answerOf(response: Response): Promise<Answer> {
  const { data, errors = [] } = JSON.parse(await response.text());
  const { status, headers } = response;
  return { status, headers, data, errors, token: headers.get('causality-token') ?? undefined };
}

/** What is open: disposed in reverse, unless it was released to somebody else. */
class AsyncDisposables implements AsyncDisposable {
  #disposers: (() => PromiseLike<void>)[] = [];

  add(dispose: () => PromiseLike<void>): void {
    this.#disposers.push(dispose);
  }

  async folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'tideline-server-'));
    this.add(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  release(): () => Promise<void> {
    const released = new AsyncDisposables();
    released.#disposers = this.#disposers;
    this.#disposers = [];
    return () => released[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let dispose = this.#disposers.pop(); dispose; dispose = this.#disposers.pop()) await dispose();
  }
}
