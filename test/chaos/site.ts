/** What the chaos is made in: a Redis, three replicas as processes with disks of their own, and a network for each. */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FormatRange, readableFormats } from '../../replica/log/formats.ts';
import { type Child, startTypeScript } from '../servers/child.ts';
import { freePort } from '../servers/free-port.ts';
import { startProxy, type Proxy as TcpProxy } from '../servers/proxy.ts';
import { type RedisServer, startRedis } from '../servers/redis.ts';
import { answerOf } from '../servers/tideline.ts';

export const replicaNames = ['a', 'b', 'c'] as const;

/** Waits and sizes of hours and gigabytes, brought about in seconds. */
const timing = {
  contextMilliseconds: 60_000,
  newLogKeepMilliseconds: 3_000,
  snapshotMinimumBytes: 20_000,
  leaseMilliseconds: 3_000,
  chunkKeepMilliseconds: 30_000,
  keepMilliseconds: 500,
  siteMilliseconds: 3_000,
};

const root = resolve(import.meta.dirname, '../..');
const requestMilliseconds = 8_000;

/** What a replica says of itself. */
export interface Standing {
  readonly connected: boolean;
  readonly unsent: number;
  /** Log and position. */
  readonly at: string;
}

export class ReplicaProcess {
  readonly name: string;
  readonly proxy: TcpProxy;
  readonly #folder: string;
  readonly #port: number;
  readonly #reached: { port: number };
  #child: Child | undefined;
  /** What the version reads that its next process is of. */
  reads: FormatRange = readableFormats;

  static async open(name: string, folder: string, redis: RedisServer): Promise<ReplicaProcess> {
    const reached = { port: redis.port };
    return new ReplicaProcess(name, folder, await freePort(), await startProxy(reached), reached);
  }

  /** @param reached where its network leads to */
  private constructor(name: string, folder: string, port: number, proxy: TcpProxy, reached: { port: number }) {
    this.name = name;
    this.proxy = proxy;
    this.#folder = folder;
    this.#port = port;
    this.#reached = reached;
  }

  /** From now on its network leads to another Redis. */
  lead(redis: RedisServer): void {
    this.#reached.port = redis.port;
    this.proxy.cut();
    this.proxy.heal();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get socketUrl(): string {
    return `ws://127.0.0.1:${this.#port}/graphql`;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Resolves once it listens. */
  async start(): Promise<void> {
    const child = startTypeScript(join(import.meta.dirname, 'replica.ts'), [], {
      cwd: root,
      env: {
        ...process.env,
        PORT: String(this.#port),
        REPLICA_ID: this.name,
        DATA_DIR: this.#folder,
        REDIS_URL: `redis://127.0.0.1:${this.proxy.port}`,
        LOG_LEVEL: 'info',
        TIMING: JSON.stringify(timing),
        READS: JSON.stringify(this.reads),
      },
    });
    this.#child = child;
    await child.said('listening at');
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  pause(): void {
    this.#child?.process.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.process.kill('SIGCONT');
  }

  /** An operation by POST. @throws where no answer comes */
  async ask(query: string, variables: object = {}) {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(requestMilliseconds),
    });
    return answerOf(response);
  }

  /** Undefined where it does not say, or is not ready. */
  async standing(): Promise<Standing | undefined> {
    try {
      const { data } = await this.ask('{ replica { connected unsent version { log position } } }');
      const { replica } = data as { replica: { connected: boolean; unsent: number; version: readonly object[] } };
      return { connected: replica.connected, unsent: replica.unsent, at: JSON.stringify(replica.version) };
    } catch {
      return undefined;
    }
  }

  /** What it says of its health, and what it logged since it was started last. */
  async problem(): Promise<string> {
    const health = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(requestMilliseconds) }).then(
      (response) => response.text(),
      (error: unknown) => String(error),
    );
    return `${this.name} ${health}\n${this.#child?.lastWords ?? 'it does not run'}`;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    await this.#child?.end(signal);
    this.#child = undefined;
  }
}

export class Site implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly replicas: readonly ReplicaProcess[];
  readonly #folder: string;
  readonly #copy: string;

  static async open(): Promise<Site> {
    const redis = await startRedis();
    const folder = await mkdtemp(join(tmpdir(), 'tideline-chaos-'));
    const replicas: ReplicaProcess[] = [];
    for (const name of replicaNames) replicas.push(await ReplicaProcess.open(name, join(folder, name), redis));
    await Promise.all(replicas.map((replica) => replica.start()));
    return new Site(redis, replicas, folder);
  }

  private constructor(redis: RedisServer, replicas: readonly ReplicaProcess[], folder: string) {
    this.redis = redis;
    this.replicas = replicas;
    this.#folder = folder;
    this.#copy = join(folder, 'redis-copy');
  }

  /** Keeps Redis' files as they are now; it may run. */
  async copyRedis(): Promise<void> {
    await rm(this.#copy, { recursive: true, force: true });
    await cp(this.redis.folder, this.#copy, { recursive: true });
  }

  /** Restarts Redis with the files that were kept, or with none. */
  async restartRedisWith(files: 'the copy' | 'nothing'): Promise<void> {
    await this.redis.kill();
    await exchangeFiles(this.redis, files === 'the copy' ? this.#copy : undefined);
    await this.redis.restart();
  }

  /** A second Redis with what the first has now. */
  async twin(): Promise<RedisServer> {
    const twin = await startRedis();
    await twin.kill();
    await this.copyRedis();
    await exchangeFiles(twin, this.#copy);
    await twin.restart();
    return twin;
  }

  /** What Redis has: the log's id, the snapshot's generation, and how many entries are in the log. */
  async stored(): Promise<{
    readonly log: string | null;
    readonly generation: string | null;
    readonly entries: number;
    /** What the site is written in. */
    readonly format: string;
  }> {
    const { client } = this.redis;
    const log = await client.hget('{tideline}:log', 'id');
    const generation = await client.hget('{tideline}:snapshot', 'generation');
    const format = (await client.hget('{tideline}:log', 'format')) ?? '1';
    return { log, generation, format, entries: log === null ? 0 : await client.xlen(`{tideline}:log:${log}`) };
  }

  /** A replica that was never here, ready; with the network of the first. */
  async freshReplica(): Promise<ReplicaProcess> {
    const fresh = await ReplicaProcess.open('fresh', join(this.#folder, 'fresh'), this.redis);
    for (const { reads } of this.replicas) fresh.reads = reads;
    await fresh.start();
    return fresh;
  }

  /**
   * Waits until all replicas are connected, have nothing unsent, and stand where the log ends.
   * @returns undefined then; else how they stand once the time is over
   */
  async healed(replicas: readonly ReplicaProcess[], patienceMilliseconds: number): Promise<string | undefined> {
    const until = performance.now() + patienceMilliseconds;
    for (;;) {
      const end = await this.#endOfLog();
      const standings = await Promise.all(replicas.map((replica) => replica.standing()));
      const areHealed = standings.every(
        (standing) => standing?.connected && standing.unsent === 0 && standing.at === end,
      );
      if (areHealed) return undefined;
      if (performance.now() > until) {
        const problems = await Promise.all(replicas.map((replica) => replica.problem()));
        const told = standings.map((standing, index) => `${JSON.stringify(standing)} ${problems[index]}`);
        return [`Redis ${JSON.stringify(await this.stored())}`, ...told].join('\n');
      }
      await sleep(100);
    }
  }

  /** As a replica says where it stands. */
  async #endOfLog(): Promise<string> {
    const [log, position] = await this.redis.client.hmget('{tideline}:log', 'id', 'position');
    return JSON.stringify([{ log, position: Number(position) }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.kill()));
    for (const { proxy } of this.replicas) await proxy[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function exchangeFiles({ folder }: RedisServer, copy: string | undefined): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  if (copy === undefined) await mkdir(folder);
  else await cp(copy, folder, { recursive: true });
}
