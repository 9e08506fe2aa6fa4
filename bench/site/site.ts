/** Servers and load of one measurement: processes of their own, over a Redis of their own. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RedisServer, startRedis } from '../../test/servers/redis.ts';
import { type Compiled, startFlags } from '../children.ts';
import { Asked } from './child.ts';
import type { Load } from './load.ts';
import { runOn } from './processors.ts';
import { documents } from './work.ts';

export type Subject = 'tideline' | 'unplanned' | 'bare' | 'mercurius' | 'apollo' | 'yoga';

const isOurs = (subject: Subject): boolean => subject === 'tideline' || subject === 'unplanned';

const definitions = join(import.meta.dirname, '../../collections.ts');

export interface Rate {
  /** Answered mutations. */
  readonly perSecond: number;
  /** Of all servers together, for each of them. */
  readonly cpuMicroseconds: number;
  /** Mutations in one append; NaN where there are no appends. */
  readonly batch: number;
}

export interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly events: number;
}

export class Site implements AsyncDisposable {
  readonly subject: Subject;
  readonly redis: RedisServer;
  readonly servers: Asked[] = [];
  readonly #compiled: Compiled;
  readonly #load: Asked;

  static async open(compiled: Compiled, subject: Subject, servers: number): Promise<Site> {
    const redis = await startRedis({ settings: { appendfsync: 'everysec' } });
    const site = new Site(compiled, subject, redis);
    for (let index = 0; index < servers; index++) await site.startServer();
    return site;
  }

  private constructor(compiled: Compiled, subject: Subject, redis: RedisServer) {
    this.#compiled = compiled;
    this.subject = subject;
    this.redis = redis;
    this.#load = new Asked(compiled.start('bench/site/load', []));
  }

  /** @param timing of a replica, where it is to be another than usual */
  async startServer(timing: object = {}): Promise<Asked> {
    const name = `replica-${this.servers.length}`;
    const args = [this.redis.url, name, definitions, JSON.stringify(timing)];
    const server = new Asked(
      this.#compiled.start(`bench/site/servers/${this.subject}`, args, isOurs(this.subject) ? startFlags : []),
    );
    this.servers.push(server);
    await server.ask('port');
    return server;
  }

  /** Gives the servers a processor, and Redis and the load another. @returns whether that was done */
  async separate(): Promise<boolean> {
    const redis = Number(/process_id:(\d+)/.exec(await this.redis.client.info('server'))?.[1]);
    const beside = [redis, this.#load.processId].every((processId) => runOn(1, processId));
    return this.servers.every(({ processId }) => runOn(0, processId)) && beside;
  }

  /** What is written to has to be there. */
  async prepare(): Promise<void> {
    if (!isOurs(this.subject)) return;
    await this.upsert(
      'bench',
      Array.from({ length: documents }, (_, index) => ({ _id: `d${index}`, n: 0 })),
    );
  }

  async upsert(collection: string, all: readonly object[]): Promise<void> {
    const query =
      'mutation ($collection: String!, $all: [JSON!]!) { upsertMany(collection: $collection, documents: $all) { documents { _id } } }';
    const response = await fetch(`http://127.0.0.1:${await this.servers[0]?.askNumber('port')}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { collection, all } }),
    });
    const text = await response.text();
    if (text.includes('"errors"')) throw new Error(text.slice(0, 1_000));
  }

  /** Each writer writes again once it is answered. */
  async measureRate(writers: number, warmUpSeconds: number, seconds: number): Promise<Rate> {
    await this.#start({ writers });
    await sleep(warmUpSeconds * 1_000);
    const before = await this.#counts();
    await sleep(seconds * 1_000);
    const after = await this.#counts();
    await this.#load.ask('stop');
    const answered = after.answered - before.answered;
    return {
      perSecond: answered / ((after.at - before.at) / 1_000),
      cpuMicroseconds: (after.cpu - before.cpu) / answered,
      batch: isOurs(this.subject) ? answered / (after.appends - before.appends) : Number.NaN,
    };
  }

  /** From a write at the first server to its event at a subscriber of the last one. */
  async measureDelays(rate: number, warmUpSeconds: number, seconds: number): Promise<Delays> {
    await this.#start({ writers: 64, rate, subscribeTo: await this.servers.at(-1)?.askNumber('port') });
    await sleep(warmUpSeconds * 1_000);
    await this.#load.ask('delays');
    await sleep(seconds * 1_000);
    const answer = await this.#load.ask('delays');
    await this.#load.ask('stop');
    const delays = (Array.isArray(answer) ? answer.map(Number) : []).sort((a, b) => a - b);
    const at = (part: number) => delays[Math.floor(delays.length * part)] ?? Number.NaN;
    return { p50: at(0.5), p99: at(0.99), events: delays.length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [this.#load, ...this.servers]) await child[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
  }

  async #start(load: Pick<Load, 'writers' | 'rate' | 'subscribeTo'>): Promise<void> {
    const { subject } = this;
    // Writes go to the first server alone where a subscriber of another one waits for them.
    const written = load.subscribeTo === undefined ? this.servers : this.servers.slice(0, 1);
    const ports = await Promise.all(written.map((server) => server.askNumber('port')));
    const speech = isOurs(subject) ? 'tideline' : subject === 'bare' ? subject : 'resolver';
    await this.#load.ask('start', { ...load, speech, ports });
  }

  async #counts() {
    const sum = async (name: string) =>
      (await Promise.all(this.servers.map((server) => server.askNumber(name)))).reduce((a, b) => a + b, 0);
    const [answered, cpu] = await Promise.all([this.#load.askNumber('answered'), sum('cpu')]);
    return { answered, cpu, at: performance.now(), appends: isOurs(this.subject) ? await sum('appends') : 0 };
  }
}
