/** The site on a real Redis Cluster of three masters: it goes where the slot of its keys goes. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openRedisSite, type RedisSite } from '../../../replica/redis/site.ts';
import { type RedisCluster, startRedisCluster } from '../../servers/redis-cluster.ts';
import { eventually } from '../../servers/wait.ts';
import { appendAtLast, connected, hearing, listen, positionsAtLast, quiet, replicated } from './sites.ts';

const key = '{test}:log';

async function openCluster(options: Parameters<typeof startRedisCluster>[0] = {}): Promise<RedisCluster> {
  const cluster = await startRedisCluster(options);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

async function openSite(url: string): Promise<RedisSite> {
  const site = openRedisSite({ url, namespace: 'test', logger: quiet });
  onTestFinished(() => site.close());
  await connected(site.log);
  return site;
}

describe('a cluster', { timeout: 60_000 }, () => {
  it('P60: is found from any node, and takes appends at the node that owns the slot', async () => {
    const cluster = await openCluster();
    const owner = await cluster.ownerOf(key);

    for (const { port } of cluster.masters) {
      const { log } = await openSite(`redis+cluster://127.0.0.1:${port}`);
      await log.create('log');
      expect(await log.head()).toMatchObject({ log: 'log', position: 0 });
    }

    expect(await owner.client.keys('*')).toEqual([key]);
    const away = await openSite(`redis+cluster://127.0.0.1:1,127.0.0.1:${cluster.masters[0]?.port}`);
    expect(await away.log.head()).toMatchObject({ log: 'log' });
  });

  it('P61, P62: is followed to where the slot moves, with the log and with the channels', async () => {
    const cluster = await openCluster();
    const [one, other] = [await openSite(cluster.url), await openSite(cluster.url)];
    const { heard } = await listen(other.gossip);
    const messages: string[] = [];
    await other.channel('b.1').subscribe((bytes) => messages.push(`${Buffer.from(bytes)}`));
    const head = await one.log.create('log');
    await appendAtLast(one.log, head, 1, 2);
    await expect.poll(() => heard).toEqual(['a.x 1-2']);

    const before = await cluster.ownerOf(key);
    await cluster.moveSlot(key);
    await appendAtLast(one.log, head, 3, 3);
    await eventually('the new place is subscribed to', async () => {
      one.gossip.sendHeartbeat(Buffer.from('alive'));
      await one
        .channel('a.1')
        .send('b.1', Buffer.from('to b'))
        .catch(() => undefined);
      return heard.includes('heartbeat alive') && messages.includes('to b');
    });
    await appendAtLast(one.log, head, 4, 4);

    await expect.poll(() => heard).toContain('a.x 4-4');
    expect(heard).toContain('interrupted');
    expect(await positionsAtLast(other.log)).toEqual([2, 3, 4]);
    expect((await cluster.ownerOf(key)).port).not.toBe(before.port);
    expect(await before.client.keys('*')).toEqual([]);
  });

  it('P62: brings messages by sharded channels, which only the owner of the slot carries', async () => {
    const cluster = await openCluster();
    const site = await openSite(cluster.url);
    const owner = await cluster.ownerOf(key);
    const { heard } = await listen(site.gossip);

    const version = /redis_version:(\d+)/.exec(await owner.client.info('server'))?.[1];
    const channels = Number(version) >= 7 ? 'SHARDCHANNELS' : 'CHANNELS';
    const subscribed = await Promise.all(cluster.masters.map(({ client }) => client.call('PUBSUB', channels)));
    const head = await site.log.create('log');
    await appendAtLast(site.log, head, 1, 1);

    expect(subscribed.map((names) => (Array.isArray(names) ? names.length : 0)).toSorted()).toEqual([0, 0, 2]);
    await expect.poll(() => heard).toEqual(['a.x 1-1']);
  });

  it('P62: brings messages by plain channels where the server does not say that it has others, as Redis 6.2 does', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    onTestFinished(() => warned.mockRestore());
    const cluster = await openCluster();
    for (const { client } of cluster.masters)
      await client.acl('SETUSER', 'old', 'on', '>pass', '~*', '&*', '+@all', '-info');
    const url = cluster.url.replace('://', '://old:pass@');
    const [one, other] = [await openSite(url), await openSite(url)];
    const { heard } = await listen(other.gossip);
    const head = await one.log.create('log');

    await appendAtLast(one.log, head, 1, 1);
    one.gossip.sendHeartbeat(Buffer.from('alive'));

    await expect.poll(() => heard).toEqual(['a.x 1-1', 'heartbeat alive']);
    const shards = await Promise.all(
      cluster.masters.map(({ client }) => client.call('PUBSUB', 'SHARDCHANNELS').catch(() => [])),
    );
    expect(shards.flat()).toEqual([]);
  });

  it.each(['kill', 'pause'] as const)(
    'P11, P60: goes on at the replica that takes over when the owner is lost (%s)',
    async (fault) => {
      const cluster = await openCluster({ replicas: true });
      const site = await openSite(cluster.url);
      const { heard } = await listen(site.gossip);
      const owner = await cluster.ownerOf(key);
      const head = await site.log.create('log');
      await appendAtLast(site.log, head, 1, 2);
      await replicated(owner);
      const lost = connected(site.log, false);

      await owner[fault]();
      await lost;
      await connected(site.log);
      await appendAtLast(site.log, head, 3, 3);
      if (fault === 'pause') owner.resume();
      else await owner.restart();
      await eventually('the old owner is a replica', async () => /role:slave/.test(await owner.client.info()));
      await appendAtLast(site.log, head, 4, 4);

      expect(await positionsAtLast(site.log)).toEqual([2, 3, 4]);
      await hearing(site, heard);
      expect(heard).toContain('interrupted');
    },
  );

  it('P60: says what it waits for where no node is there, or none owns the slot', async () => {
    const cluster = await openCluster();
    const owner = await cluster.ownerOf(key);
    const slot = Number(await owner.client.cluster('KEYSLOT', key));
    for (const { client } of cluster.masters) await client.cluster('DELSLOTS', slot).catch(() => undefined);
    await eventually('all know that it is nobody’s', async () => {
      const owners = await Promise.all(cluster.masters.map(({ client }) => client.cluster('NODES')));
      return owners.every((text) => String(text).includes('connected'));
    });
    const said: string[] = [];
    const say = (fields: object) => void said.push(JSON.stringify(fields));
    for (const url of [cluster.url, 'redis+cluster://127.0.0.1:1']) {
      const site = openRedisSite({ url, namespace: 'test', logger: { info: say, warn: say, error: say } });
      onTestFinished(() => site.close());
    }

    await expect.poll(() => said.join(), { timeout: 5_000 }).toContain('owned by no node');
    await expect.poll(() => said.join()).toContain('ECONNREFUSED');
  });
});
