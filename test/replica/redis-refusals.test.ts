/** Replicas on a Redis that takes no writes for a while, or delivers badly: they answer, and all is handed on, once. */
import { describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../servers/redis.ts';
import { eventually } from '../servers/wait.ts';
import {
  type OpenReplica,
  openOnRedis,
  read,
  readAll,
  temporaryFolder,
  twoFolders,
  update,
  upsert,
} from './replicas.ts';

const increment = { kind: 'increment', path: ['n'], by: 1 } as const;
const isWell = ({ replica }: OpenReplica) => replica.status.connected && replica.status.unsent === 0;

interface Refusal {
  /** What `problem` says meanwhile. */
  readonly problem: RegExp;
  readonly begin: (redis: RedisServer) => Promise<unknown>;
  readonly end: (redis: RedisServer) => Promise<unknown>;
}

const refusals: Readonly<Record<string, Refusal>> = {
  'is a read-only replica': {
    problem: /read-only/,
    begin: ({ client }) => client.replicaof('127.0.0.1', 1),
    end: ({ client }) => client.replicaof('NO', 'ONE'),
  },
  'is a replica whose master is down': {
    problem: /MASTERDOWN|read-only/,
    async begin(redis) {
      await redis.configure('replica-serve-stale-data', 'no');
      await redis.client.replicaof('127.0.0.1', 1);
    },
    end: ({ client }) => client.replicaof('NO', 'ONE'),
  },
  'has too few replicas': {
    problem: /min-replicas-to-write/,
    begin: (redis) => redis.configure('min-replicas-to-write', '1'),
    end: (redis) => redis.configure('min-replicas-to-write', '0'),
  },
  'is out of memory': {
    problem: /out of memory: raise its maxmemory/,
    begin: (redis) => redis.configure('maxmemory', '1'),
    end: (redis) => redis.configure('maxmemory', '0'),
  },
};

describe('replicas on a Redis that', () => {
  it.each(Object.entries(refusals))('P10, P60: %s answer, and hand on once', async (name, { problem, begin, end }) => {
    await using redis = await startRedis();
    await using folders = await twoFolders();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: folders.a });
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: folders.b });
    await a.replica.waitFor(await upsert(b, 'cars', { _id: 'x' }), 5_000);

    await begin(redis);
    for (let time = 0; time < 5; time += 1) for (const one of [a, b]) await update(one, 'cars', 'x', increment);
    await eventually('both are cut off, and say so', () =>
      [a, b].every(({ replica: { status } }) => status.unsent === 5 && !status.connected),
    );
    await expect
      .poll(() => [a, b].map(({ replica }) => replica.status.problem), { timeout: 20_000 })
      .toEqual([expect.stringMatching(problem), expect.stringMatching(problem)]);
    const said: boolean[] = [];
    using _watch = a.replica.watchStatus(() => said.push(a.replica.status.connected));
    const { appends } = a.replica.counters;
    if (name === 'is out of memory')
      await eventually('it was tried again', () => a.replica.counters.appends > appends + 2);
    expect(said).not.toContain(true);
    await end(redis);

    await eventually('all is handed on', () => [a, b].every(isWell));
    expect([a, b].map(({ replica }) => replica.status.problem)).toEqual([undefined, undefined]);
    await eventually('each is counted once', () =>
      [a, b].every((one) => JSON.stringify(read(one, 'cars', 'x')) === '{"n":10}'),
    );
  });

  it('P10: is loading its data answer, and hand on when it has', async () => {
    await using redis = await startRedis({ appendOnly: false, settings: { 'key-load-delay': '1000' } });
    await using folder = await temporaryFolder();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: folder.path });
    await upsert(a, 'cars', { _id: 'x' });
    const others = Array.from({ length: 2_000 }, (_, index) => [`other ${index}`, ''] as const);
    await redis.client.mset(...others.flat());
    await redis.client.save();
    await redis.kill();
    const restarted = redis.restart();
    await upsert(a, 'cars', { _id: 'y' });
    expect(isWell(a)).toBe(false);

    await restarted;
    await eventually('it is handed on', () => isWell(a));

    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined });
    expect(readAll(b, 'cars')).toEqual({ x: {}, y: {} });
  });

  it('P12: cuts off subscribers at its limit of output buffers have all, from the log', async () => {
    await using redis = await startRedis();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined });
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined });
    await redis.configure('client-output-buffer-limit', 'pubsub 20kb 0 0');
    const followers = async () => {
      const clients = String(await redis.client.client('LIST')).split('\n');
      return clients.filter((one) => one.includes('name=tideline:follower')).map((one) => one.split(' ')[0]);
    };
    const before = await followers();

    for (let number = 0; number < 20; number += 1)
      await upsert(a, 'cars', { _id: `${number}`, text: 'x'.repeat(50_000) });

    await eventually('b has all', () => Object.keys(readAll(b, 'cars')).length === 20);
    expect(readAll(b, 'cars')).toEqual(readAll(a, 'cars'));
    expect((await followers()).some((one) => before.includes(one))).toBe(false);
  });

  it('P12: repeats and reorders messages show each change once, in order', async () => {
    await using redis = await startRedis();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined });
    await upsert(a, 'cars', { _id: 'x' });
    for (let time = 0; time < 10; time += 1) await update(a, 'cars', 'x', increment);
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined });
    const log = a.replica.status.version[0]?.log ?? '';
    const entries = await redis.client.xrangeBuffer(`{test}:log:${log}`, '-', '+');
    const numbers: unknown[] = [];
    await using ahead = await openOnRedis({ url: redis.url, name: 'c', path: undefined });

    for (const [, [, bytes]] of [...entries, ...entries.toReversed(), ...entries.filter((_, at) => at % 3 === 0)]) {
      await redis.client.publish('{test}:deltas', bytes ?? '');
      numbers.push(read(b, 'cars', 'x'));
    }
    await Promise.all([update(a, 'cars', 'x', increment), update(ahead, 'cars', 'x', increment)]);

    await eventually('all count twelve', () =>
      [a, b, ahead].every((one) => JSON.stringify(read(one, 'cars', 'x')) === '{"n":12}'),
    );
    expect(new Set(numbers.map((value) => JSON.stringify(value)))).toEqual(new Set(['{"n":10}']));
  });
});
