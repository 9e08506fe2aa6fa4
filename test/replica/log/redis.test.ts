/** The adapters on Redis hold what their ports promise: on one server, and on a cluster. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe } from 'vitest';
import { openRedisSite } from '../../../replica/redis/site.ts';
import { type RedisServer, startRedis } from '../../servers/redis.ts';
import { type RedisCluster, startRedisCluster } from '../../servers/redis-cluster.ts';
import { connected, quiet } from '../redis/sites.ts';
import { describeLog, type LogUnderTest } from './contract.ts';
import { describeHealing } from './healing-contract.ts';
import { describeSnapshots, type SnapshotsUnderTest } from './snapshots-contract.ts';
import { batch } from './transactions.ts';

/** Where a site of the tests is. */
interface Place {
  readonly url: string;
  readonly namespace: string;
  /** The server that has the site's log. */
  owner(): Promise<RedisServer>;
  /** Resolves when it takes writes again after it was restarted. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

describe('one server', () => {
  describeAll(async () => {
    const server = await startRedis();
    return {
      url: server.url,
      namespace: 'test',
      owner: async () => server,
      settled: async () => undefined,
      close: async () => server[Symbol.asyncDispose](),
    };
  });
});

describe('a cluster', { timeout: 60_000 }, () => {
  let cluster: RedisCluster;
  let namespaces = 0;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  describeAll(async () => {
    namespaces += 1;
    const namespace = `test${namespaces}`;
    return {
      url: cluster.url,
      namespace,
      owner: () => cluster.ownerOf(`{${namespace}}`),
      settled: () => cluster.settled(),
      close: async () => undefined,
    };
  });
});

function describeAll(find: () => Promise<Place>): void {
  describeLog('the log on Redis', async () => logUnderTest(await find()));
  describeSnapshots('snapshots on Redis', async () => snapshotsUnderTest(await find()));
  describeHealing('healing on Redis', async () => snapshotsUnderTest(await find()));
}

async function openTwo({ url, namespace }: Place) {
  const open = () => openRedisSite({ url, namespace, logger: quiet });
  const [one, other] = [open(), open()];
  await Promise.all([connected(one.log), connected(other.log)]);
  const close = async () => {
    await one.close();
    await other.close();
  };
  return { one, other, close };
}

async function logUnderTest(place: Place): Promise<LogUnderTest> {
  const { one, other, close } = await openTwo(place);
  return {
    log: one.log,
    another: other.log,
    async appendAndKill(log, appended) {
      const head = await one.log.head();
      if (head?.log !== log) throw new Error('another log');
      await one.log.append(batch(...appended), head, 'secret', () => []);
      const owner = await place.owner();
      await owner.kill();
      await owner.restart();
      await place.settled();
      await close();
      // The place is closed by who asked for this.
      return await logUnderTest({ ...place, close: async () => undefined });
    },
    async [Symbol.asyncDispose]() {
      await close();
      await place.close();
    },
  };
}

async function snapshotsUnderTest(place: Place): Promise<SnapshotsUnderTest> {
  const { one, other, close } = await openTwo(place);
  return {
    log: one.log,
    snapshots: one.snapshots,
    another: other.snapshots,
    // A server's clock is its machine's.
    pass: async (milliseconds) => void (await sleep(milliseconds)),
    async damageManifest(bytes) {
      const { client } = await place.owner();
      await client.hset(`{${place.namespace}}:snapshot`, 'manifest', Buffer.from(bytes));
    },
    async [Symbol.asyncDispose]() {
      await close();
      await place.close();
    },
  };
}
