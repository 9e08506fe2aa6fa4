import { openRedisSite } from '../../../replica/redis/site.ts';
import { type RedisServer, startRedis } from '../../servers/redis.ts';
import { connected, quiet } from '../redis/sites.ts';
import { describeLog, type LogUnderTest } from './contract.ts';
import { batch } from './transactions.ts';

describeLog('the log on Redis', async () => underTest(await startRedis()));

async function underTest(server: RedisServer): Promise<LogUnderTest> {
  const open = () => openRedisSite({ url: server.url, namespace: 'test', logger: quiet });
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
      await server.kill();
      await close();
      await server.restart();
      return await underTest(server);
    },
    async [Symbol.asyncDispose]() {
      await close();
      await server[Symbol.asyncDispose]();
    },
  };
}
