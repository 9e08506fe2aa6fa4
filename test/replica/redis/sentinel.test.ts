/** The site on a real master that three sentinels watch: it goes where they say. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { openRedisSite, type RedisSite } from '../../../replica/redis/site.ts';
import { type SentinelSite, startSentinelSite } from '../../servers/redis-sentinel.ts';
import { eventually } from '../../servers/wait.ts';
import { appendAtLast, connected, hearing, listen, positionsAtLast, quiet, replicated } from './sites.ts';

async function openSentinels(count: 1 | 3 = 1): Promise<SentinelSite> {
  const sentinels = await startSentinelSite(count);
  onTestFinished(() => sentinels[Symbol.asyncDispose]());
  return sentinels;
}

async function openSite(url: string): Promise<RedisSite> {
  const site = openRedisSite({ url, namespace: 'test', logger: quiet });
  onTestFinished(() => site.close());
  await connected(site.log);
  return site;
}

describe('a master that sentinels watch', { timeout: 60_000 }, () => {
  it.each([
    ['kill', 3],
    ['pause', 1],
  ] as const)(
    'P11, P60: is followed to the replica that takes over when it is lost (%s, by %i)',
    async (fault, count) => {
      const { master, replica, url, masterPort } = await openSentinels(count);
      const site = await openSite(url);
      const { heard } = await listen(site.gossip);
      const head = await site.log.create('log');
      await appendAtLast(site.log, head, 1, 2);
      await replicated(master);
      const lost = connected(site.log, false);

      await master[fault]();
      await lost;
      await connected(site.log);
      await appendAtLast(site.log, head, 3, 3);

      expect(await masterPort()).toBe(replica.port);
      expect(await replica.client.hget('{test}:log', 'position')).toBe('3');
      expect(await positionsAtLast(site.log)).toEqual([2, 3]);
      await hearing(site, heard);
      expect(heard).toContain('interrupted');
    },
  );

  it('P61: is left when another takes over although it is well', async () => {
    const { master, replica, url, failOver } = await openSentinels();
    const site = await openSite(url);
    const head = await site.log.create('log');
    await appendAtLast(site.log, head, 1, 2);
    await replicated(master);

    await failOver();
    await eventually('the old master follows', async () => /role:slave/.test(await master.client.info('replication')));
    await appendAtLast(site.log, head, 3, 3);

    expect(await replica.client.hget('{test}:log', 'position')).toBe('3');
    expect(await positionsAtLast(site.log)).toEqual([2, 3]);
  });

  it('P60: is not looked for at a replica', async () => {
    const { master, replica } = await openSentinels();
    const said: string[] = [];
    const say = (fields: object) => void said.push(JSON.stringify(fields));
    const logger = { info: say, warn: say, error: say };
    const site = openRedisSite({ url: replica.url, namespace: 'test', logger });
    onTestFinished(() => site.close());

    await expect.poll(() => said.join()).toContain('read-only');
    await expect(site.log.head()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', refused: true });

    await master.kill();
    await connected(site.log);
    expect(await site.log.head()).toBeUndefined();
  });

  it('P60: says what it waits for where the sentinels know no such master, or are away', async () => {
    const { url } = await openSentinels();
    const said: string[] = [];
    const say = (fields: object) => void said.push(JSON.stringify(fields));
    for (const wrong of [url.replace('tide@', 'ebb@'), 'redis+sentinel://tide@127.0.0.1:1']) {
      const site = openRedisSite({ url: wrong, namespace: 'test', logger: { info: say, warn: say, error: say } });
      onTestFinished(() => site.close());
    }

    await expect.poll(() => said.join()).toContain('no sentinel names a master ebb');
    await expect.poll(() => said.join()).toContain('failed to connect to sentinel 127.0.0.1:1');
  });
});
