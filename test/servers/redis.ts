/** Real Redis servers for tests: on a free loopback port, in a folder of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type Child, onPath, startChild } from './child.ts';
import { freePort } from './free-port.ts';

export interface RedisServerOptions {
  /** A free one unless it is named. */
  readonly port?: number;
  /** Whether it keeps an append-only file, so that what it acknowledged outlives it. On unless said otherwise. */
  readonly appendOnly?: boolean;
  /** More of its settings, as on its command line: { maxmemory: '10mb' }. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** With its files: to be looked at, copied and exchanged while it does not run. */
  readonly folder: string;
  /** A connection for the test's own use, by which it also does its work below. */
  readonly client: Redis;
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
  /** Starts it again after stop or kill: same port, same folder. */
  restart(): Promise<void>;
  /** SIGSTOP: its sockets stay open, and nobody answers. */
  pause(): void;
  resume(): void;
  /** FLUSHALL. */
  wipe(): Promise<void>;
  /** CONFIG SET. */
  configure(setting: string, value: string): Promise<void>;
}

/** TEST_REDIS_SERVER, else the first of redis-server and valkey-server that is on PATH. */
export function serverBinary(): string {
  const named = process.env.TEST_REDIS_SERVER;
  if (named !== undefined && named !== '') return named;
  const found = onPath('redis-server') ?? onPath('valkey-server');
  if (found !== undefined) return found;
  throw new Error('no redis-server on PATH: run scripts/require-redis.sh');
}

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const { appendOnly = true, settings = {}, port = await freePort() } = options;
  const folder = await mkdtemp(join(tmpdir(), 'tideline-redis-'));
  const all = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: appendOnly ? 'yes' : 'no',
    // Redis' own default may hold a write back for two seconds while the disk is busy: a kill -9 then loses what it acknowledged.
    appendfsync: 'always',
    ...settings,
  };
  const args = Object.entries(all).flatMap(([setting, value]) => [`--${setting}`, value]);
  const client = new Redis({ port, lazyConnect: true, retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  let child = await start(args);

  const end = async (signal: NodeJS.Signals) => {
    client.disconnect();
    await child.end(signal);
  };
  const restart = async () => {
    child = await start(args);
    await client.connect().catch(() => undefined);
    await client.ping();
  };
  await client.connect();

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    folder,
    client,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    restart,
    pause: () => void child.process.kill('SIGSTOP'),
    resume: () => void child.process.kill('SIGCONT'),
    async wipe() {
      await client.flushall();
    },
    async configure(setting, value) {
      await client.config('SET', setting, value);
    },
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when it accepts connections and has loaded its data. */
async function start(args: readonly string[]): Promise<Child> {
  const child = startChild(serverBinary(), args);
  await child.said('Ready to accept connections');
  return child;
}
