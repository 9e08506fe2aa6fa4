import { afterAll, beforeAll, describe } from 'vitest';
import { openRedisSite } from '../../../replica/redis/site.ts';
import { startRedis } from '../../servers/redis.ts';
import { type RedisCluster, startRedisCluster } from '../../servers/redis-cluster.ts';
import { connected, quiet } from '../redis/sites.ts';
import { describeLog, type LogUnderTest } from './contract.ts';
import { batch } from './transactions.ts';

describeLog('the log on Redis', async () => {
  const server = await startRedis();
  const killed = async () => {
    await server.kill();
    await server.restart();
  };
  return underTest(server.url, 'test', killed, async () => server[Symbol.asyncDispose]());
});

describe('a cluster', { timeout: 60_000 }, () => {
  let cluster: RedisCluster;
  let namespaces = 0;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  describeLog('the log on a Redis Cluster', async () => {
    namespaces += 1;
    const namespace = `test${namespaces}`;
    const killed = async () => {
      const owner = await cluster.ownerOf(`{${namespace}}`);
      await owner.kill();
      await owner.restart();
      await cluster.settled();
    };
    return underTest(cluster.url, namespace, killed, async () => undefined);
  });
});

async function underTest(
  url: string,
  namespace: string,
  killed: () => Promise<void>,
  disposed: () => Promise<void>,
): Promise<LogUnderTest> {
  const open = () => openRedisSite({ url, namespace, logger: quiet });
  const [one, other] = [open(), open()];
  await Promise.all([connected(one.log), connected(other.log)]);
  const close = async () => {
    await one.close();
    await other.close();
  };
  return {
    log: one.log,
    another: other.log,
    async appendAndKill(log, appended) {
      const head = await one.log.head();
      if (head?.log !== log) throw new Error('another log');
      await one.log.append(batch(...appended), head, 'secret', () => []);
      await killed();
      await close();
      return await underTest(
        url,
        namespace,
        async () => undefined,
        async () => undefined,
      );
    },
    async [Symbol.asyncDispose]() {
      await close();
      await disposed();
    },
  };
}
