/** Real sentinels for tests, that watch a master with one replica and hand over when it is away for a second. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type Child, startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { type RedisServer, type RedisServerOptions, serverBinary, startRedis } from './redis.ts';
import { eventually } from './wait.ts';

export interface SentinelSite extends AsyncDisposable {
  /** What was the master at first, and what was its replica. */
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly url: string;
  /** The port of the master, as the sentinels have it. */
  masterPort(): Promise<number>;
  /** Hands over although the master is well, as an operator would. */
  failOver(): Promise<void>;
}

const name = 'tide';

/** @param count of sentinels; a majority of them hands over */
export async function startSentinelSite(
  count: 1 | 3 = 1,
  settings: RedisServerOptions['settings'] = {},
): Promise<SentinelSite> {
  const opened: AsyncDisposable[] = [];
  const close = async () => {
    for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
  };
  const keep = <T extends AsyncDisposable>(one: T): T => {
    opened.push(one);
    return one;
  };
  try {
    const master = keep(await startRedis({ settings }));
    const replica = keep(await startRedis({ settings }));
    await replica.client.replicaof('127.0.0.1', master.port);
    await eventually('the replica follows', async () => /state=online/.test(await master.client.info('replication')));
    const sentinels: Sentinel[] = [];
    for (let index = 0; index < count; index += 1)
      sentinels.push(keep(await startSentinel(master.port, Math.ceil(count / 2))));
    await eventually('every sentinel knows the others and the replica', async () => {
      const told = await Promise.all(sentinels.map(({ client }) => client.call('SENTINEL', 'MASTER', name)));
      return told.every(
        (fields) => numberOf(fields, 'num-other-sentinels') === count - 1 && numberOf(fields, 'num-slaves') === 1,
      );
    });
    const [first] = sentinels;
    if (first === undefined) throw new Error('there is no sentinel');
    const masterPort = async () => {
      const address = await first.client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
      return Number(Array.isArray(address) ? address[1] : undefined);
    };
    return {
      master,
      replica,
      url: `redis+sentinel://${name}@${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
      masterPort,
      async failOver() {
        const before = await masterPort();
        // Not before the sentinel has heard how the replica is.
        const failed = (answer: Promise<unknown>) =>
          answer.then(
            () => false,
            () => true,
          );
        await eventually(
          'the sentinel hands over',
          async () => !(await failed(first.client.call('SENTINEL', 'FAILOVER', name))),
        );
        await eventually('there is another master', async () => (await masterPort()) !== before);
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Sentinel extends AsyncDisposable {
  readonly port: number;
  readonly client: Redis;
}

async function startSentinel(masterPort: number, quorum: number): Promise<Sentinel> {
  const folder = await mkdtemp(join(tmpdir(), 'tideline-sentinel-'));
  const port = await freePort();
  const file = join(folder, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} ${quorum}`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 5000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const child: Child = startChild(serverBinary(), [file, '--sentinel']);
  await child.said('+monitor');
  const client = new Redis({ port, lazyConnect: true, enableReadyCheck: false });
  client.on('error', () => undefined);
  await client.connect();
  return {
    port,
    client,
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await child.end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function numberOf(fields: unknown, field: string): number | undefined {
  const all: readonly unknown[] = Array.isArray(fields) ? fields : [];
  const at = all.indexOf(field);
  return at < 0 ? undefined : Number(all[at + 1]);
}
