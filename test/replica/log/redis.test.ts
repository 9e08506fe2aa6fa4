/** The adapters on Redis hold what their ports promise: on one server, and on a cluster. */
import { afterAll, beforeAll, describe } from 'vitest';
import { startRedis } from '../../servers/redis.ts';
import { type RedisCluster, startRedisCluster } from '../../servers/redis-cluster.ts';
import { describeLog } from './contract.ts';
import { describeHealing } from './healing-contract.ts';
import { logUnderTest, type Place, snapshotsUnderTest } from './redis-under-test.ts';
import { describeSnapshots } from './snapshots-contract.ts';

describe('one server', () => {
  describeAll(async () => {
    const server = await startRedis();
    return {
      url: server.url,
      namespace: 'test',
      owner: async () => server,
      restarted: async () => undefined,
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
      restarted: () => cluster.settled(),
      close: async () => undefined,
    };
  });
});

function describeAll(find: () => Promise<Place>): void {
  describeLog('the log on Redis', async () => logUnderTest(await find()));
  describeSnapshots('snapshots on Redis', async () => snapshotsUnderTest(await find()));
  describeHealing('healing on Redis', async () => snapshotsUnderTest(await find()));
}
