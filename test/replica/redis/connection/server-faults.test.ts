import { expect, it, onTestFinished } from 'vitest';
import { serverFaults } from '../../../../replica/redis/connection/server-faults.ts';
import { openRedisSite } from '../../../../replica/redis/site.ts';
import { startRedis } from '../../../servers/redis.ts';

const info = (...lines: string[]) => ['# Server', ...lines, ''].join('\r\n');

it.each([
  ['nothing to say of', info('redis_version:7.0.15', 'maxmemory:100', 'maxmemory_policy:noeviction'), []],
  ['6.2, without a limit of memory', info('redis_version:6.2.0', 'maxmemory:0', 'maxmemory_policy:allkeys-lru'), []],
  ['too old', info('redis_version:6.0.16', 'maxmemory:0'), [expect.stringContaining('6.0.16 is too old')]],
  [
    'evicting',
    info('redis_version:8.0.1', 'maxmemory:100', 'maxmemory_policy:volatile-ttl'),
    [expect.stringContaining('noeviction, not volatile-ttl')],
  ],
])('a server that is %s', (_, text, faults) => {
  expect(serverFaults(text)).toEqual(faults);
});

it('a server that may evict the log is warned of when it is connected to', async () => {
  await using server = await startRedis({ settings: { maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' } });
  const said: string[] = [];
  const say = (_: object, message: string) => said.push(message);
  const site = openRedisSite({ url: server.url, namespace: 'test', logger: { info: say, warn: say, error: say } });
  onTestFinished(() => site.close());

  await expect.poll(() => said).toContainEqual(expect.stringContaining('noeviction, not allkeys-lru'));
});
