/** Gossip and the channel between replicas, over Redis. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { limits } from '../../../limits.ts';
import { openRedisSite, type RedisSite } from '../../../replica/redis/site.ts';
import { startProxy } from '../../servers/proxy.ts';
import { type RedisServer, startRedis } from '../../servers/redis.ts';
import { batch, transactions } from '../log/transactions.ts';
import { connected, listen, quiet } from '../redis/sites.ts';

async function openServer(): Promise<RedisServer> {
  const server = await startRedis();
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function openSite(url: string): Promise<RedisSite> {
  const site = openRedisSite({ url, namespace: 'test', logger: quiet });
  onTestFinished(() => site.close());
  await connected(site.log);
  return site;
}

describe('gossip on Redis', () => {
  it('P12: brings each entry that is appended, to everybody, its sender too', async () => {
    const server = await openServer();
    const [one, other] = [await openSite(server.url), await openSite(server.url)];
    const here = await listen(one.gossip);
    const there = await listen(other.gossip);
    const head = await one.log.create('log');

    await one.log.append(batch(...transactions('a.x', 1, 2), ...transactions('b.x', 1, 1)), head, 'secret', () => []);

    await expect.poll(() => there.heard).toEqual(['a.x 1-2', 'b.x 3-3']);
    await expect.poll(() => here.heard).toEqual(['a.x 1-2', 'b.x 3-3']);
  });

  it('P12: an entry that is published is in the log already', async () => {
    const server = await openServer();
    const [one, other] = [await openSite(server.url), await openSite(server.url)];
    const head = await one.log.create('log');
    const read = new Promise<number>((resolve) => {
      void other.gossip.subscribe({
        isKnown: () => false,
        received: ({ log, last }) => resolve(other.log.read(log, last - 1, 1).then((entries) => entries.length)),
        heartbeat: () => undefined,
        malformed: () => undefined,
        interrupted: () => undefined,
      });
    });
    await expect.poll(() => server.client.pubsub('NUMSUB', '{test}:deltas')).toContain(1);

    await one.log.append(batch(...transactions('a.x', 1, 1)), head, 'secret', () => []);

    expect(await read).toBe(1);
  });

  it('brings heartbeats as they were sent', async () => {
    const server = await openServer();
    const [one, other] = [await openSite(server.url), await openSite(server.url)];
    const { heard } = await listen(other.gossip);

    one.gossip.sendHeartbeat(Buffer.from('alive'));

    await expect.poll(() => heard).toEqual(['heartbeat alive']);
  });

  it('P2: tells of messages that are none, and goes on', async () => {
    const server = await openServer();
    const site = await openSite(server.url);
    const { heard } = await listen(site.gossip);

    await server.client.publish('{test}:deltas', 'nonsense');
    await server.client.publish('{test}:deltas', Buffer.from('9\nfrom the future\n'));
    await server.client.publish('{test}:heartbeats', Buffer.alloc(limits.heartbeatBytes + 1));
    site.gossip.sendHeartbeat(Buffer.from('alive'));

    await expect.poll(() => heard).toHaveLength(4);
    expect(heard.slice(0, 3)).toEqual([
      'malformed: a log entry is malformed: no format',
      expect.stringContaining('malformed: a log entry is of format 9'),
      `malformed: a heartbeat has ${limits.heartbeatBytes + 1} bytes`,
    ]);
  });

  it('P12: tells of an interruption once it hears again, after which nothing is missed', async () => {
    const server = await openServer();
    await using proxy = await startProxy(server);
    const site = await openSite(`redis://127.0.0.1:${proxy.port}`);
    const { heard } = await listen(site.gossip);

    proxy.cut();
    await connected(site.log, false);
    await server.client.publish('{test}:heartbeats', 'unheard');
    proxy.heal();
    await expect.poll(() => heard, { timeout: 5_000 }).toEqual(['interrupted']);
    await server.client.publish('{test}:heartbeats', 'heard');

    await expect.poll(() => heard).toEqual(['interrupted', 'heartbeat heard']);
  });

  it('P12: may be subscribed to while Redis is away, and tells of an interruption when it is there', async () => {
    const server = await openServer();
    await server.stop();
    const site = openRedisSite({ url: server.url, namespace: 'test', logger: quiet });
    onTestFinished(() => site.close());
    const { heard } = await listen(site.gossip);
    expect(() => site.gossip.sendHeartbeat(Buffer.from('lost'))).not.toThrow();

    await server.restart();

    await expect.poll(() => heard, { timeout: 5_000 }).toEqual(['interrupted']);
  });

  it('is heard no more once the subscription is disposed of', async () => {
    const server = await openServer();
    const site = await openSite(server.url);
    const { heard, subscription } = await listen(site.gossip);

    await subscription[Symbol.asyncDispose]();

    expect(await server.client.publish('{test}:heartbeats', 'unheard')).toBe(0);
    expect(heard).toEqual([]);
  });

  it('keeps to its database: channels are shared by all', async () => {
    const server = await openServer();
    const [zero, three] = [await openSite(server.url), await openSite(`${server.url}/3`)];
    const inZero = await listen(zero.gossip);
    const inThree = await listen(three.gossip);

    zero.gossip.sendHeartbeat(Buffer.from('zero'));
    three.gossip.sendHeartbeat(Buffer.from('three'));

    await expect.poll(() => inZero.heard).toEqual(['heartbeat zero']);
    await expect.poll(() => inThree.heard).toEqual(['heartbeat three']);
  });
});

describe('the channel on Redis', () => {
  it('brings messages to one replica, or to all', async () => {
    const server = await openServer();
    const [one, other] = [await openSite(server.url), await openSite(server.url)];
    const [a, b] = [one.channel('a.1'), other.channel('b.1')];
    const heard: string[] = [];
    await a.subscribe((bytes) => heard.push(`a: ${Buffer.from(bytes)}`));
    await b.subscribe((bytes) => heard.push(`b: ${Buffer.from(bytes)}`));

    await a.send('b.1', Buffer.from('to b'));
    await b.send('nobody.1', Buffer.from('to nobody'));
    await a.send(undefined, Buffer.from('to all'));

    await expect.poll(() => heard.toSorted()).toEqual(['a: to all', 'b: to all', 'b: to b']);
  });

  it('rejects what it cannot hand over', async () => {
    const server = await openServer();
    const site = await openSite(server.url);
    await server.stop();
    await connected(site.log, false);

    await expect(site.channel('a.1').send(undefined, Buffer.from('lost'))).rejects.toMatchObject({
      code: 'LOG_UNAVAILABLE',
    });
  });
});
