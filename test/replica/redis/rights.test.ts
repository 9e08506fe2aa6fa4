/** Every script and command keeps to those of Redis 6.2 that docs/guide/redis.md names, under "Rights". */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openRedisSite, type RedisSite } from '../../../replica/redis/site.ts';
import { type RedisServer, startRedis } from '../../servers/redis.ts';
import { startRedisCluster } from '../../servers/redis-cluster.ts';
import { describeLog } from '../log/contract.ts';
import { describeHealing } from '../log/healing-contract.ts';
import { logUnderTest, type Place, snapshotsUnderTest } from '../log/redis-under-test.ts';
import { describeSnapshots } from '../log/snapshots-contract.ts';
import { batch, transactions } from '../log/transactions.ts';
import { connected, listen, quiet } from './sites.ts';

const documentation = readFileSync(new URL('../../../docs/guide/redis.md', import.meta.url), 'utf8');
const rules = /^user tideline (on .*)$/m.exec(documentation)?.[1]?.split(' ') ?? [];
const clusterRules = [
  ...(/^On a cluster also (.*?)\. Without/ms.exec(documentation)?.[1] ?? '').matchAll(/`([^`]+)`/g),
];
const since7 = clusterRules.at(-1)?.[1]?.split(/\s+/) ?? [];
const onClusters = clusterRules.slice(0, -1).flatMap(([, text]) => text?.split(' ') ?? []);

async function makeUser(client: Redis, namespace: string, more: readonly string[]): Promise<void> {
  const named = [...rules, ...more].map((rule) => rule.replaceAll('tideline', namespace));
  await client.acl('SETUSER', 'tide', 'reset', ...named);
}

const withUser = (url: string) => url.replace('://', '://tide:password@');

async function openSite(url: string): Promise<RedisSite> {
  const site = openRedisSite({ url, namespace: 'test', logger: quiet });
  onTestFinished(() => site.close());
  await connected(site.log);
  return site;
}

/** What a site does beside what the contract suites ask for. */
async function useAll(url: string): Promise<void> {
  const [one, other] = [await openSite(url), await openSite(url)];
  const { heard, subscription } = await listen(other.gossip);
  const messages: string[] = [];
  await other.channel('b.1').subscribe((bytes) => messages.push(`${Buffer.from(bytes)}`));
  const head = await one.log.create('log', 1_000);
  await one.log.append(batch(...transactions('a.x', 1, 2)), head, 'secret', () => []);
  one.gossip.sendHeartbeat(Buffer.from('alive'));
  await one.channel('a.1').send('b.1', Buffer.from('to b'));
  await expect.poll(() => [...heard, ...messages].toSorted()).toEqual(['a.x 1-2', 'heartbeat alive', 'to b']);
  await subscription[Symbol.asyncDispose]();
  const chunks = { name: 'a'.repeat(32), chunks: 9 };
  for (let index = 0; index < chunks.chunks; index += 1)
    await one.snapshots.putChunk(chunks.name, index, Buffer.from('chunk'), 60_000);
  expect(await one.snapshots.makePermanent(chunks)).toBe(true);
  expect(Buffer.from((await other.snapshots.readChunk(chunks.name, 8)) ?? []).toString()).toBe('chunk');
  await one.snapshots.delete(chunks);
}

/** Commands, keys and channels that it was refused. */
async function refusals({ client }: RedisServer): Promise<readonly unknown[]> {
  const entries: unknown = await client.acl('LOG');
  const all: readonly unknown[] = Array.isArray(entries) ? entries : [];
  // A server that was restarted has no users at first.
  return all.filter((entry) => Array.isArray(entry) && !entry.includes('auth'));
}

describe('a user with the rights that docs/guide/redis.md names', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('may do what all of a site takes', async () => {
    await makeUser(server.client, 'test', []);

    await useAll(withUser(server.url));

    expect(await refusals(server)).toEqual([]);
  });

  it('is given commands of Redis 6.2 alone, and on clusters of 7.0 those that these have', async () => {
    const names = (some: readonly string[]) =>
      some.filter((rule) => rule.startsWith('+')).map((rule) => rule.slice(1).replace('|', ' '));
    const version = async (name: string) => {
      const [command = '', subcommand] = name.split(' ');
      const told = await server.client.call(
        'COMMAND',
        'DOCS',
        subcommand === undefined ? command : `${command}|${subcommand}`,
      );
      return /"since","(\d+\.\d+)/.exec(JSON.stringify(told))?.[1] ?? 'unknown';
    };
    const all = async (some: readonly string[]) =>
      Promise.all(names(some).map(async (name) => [name, await version(name)] as const));

    const isNew = ([, since]: readonly [string, string]) => !(Number(since) <= 6.2);
    const isOlderThan7 = Number(/redis_version:(\d+)/.exec(await server.client.info('server'))?.[1]) < 7;
    expect(names(rules).length).toBeGreaterThan(20);
    // COMMAND DOCS is of 7.0 itself.
    if (isOlderThan7) return;
    expect((await all([...rules, ...onClusters])).filter(isNew)).toEqual([]);
    expect(new Set((await all(since7)).map(([, since]) => since))).toEqual(new Set(['7.0']));
  });

  it('may do what all of a site takes on a cluster', { timeout: 60_000 }, async () => {
    await using cluster = await startRedisCluster();
    const isSharded = (info: string) => Number(/redis_version:(\d+)/.exec(info)?.[1]) >= 7;
    for (const { client } of cluster.masters) {
      await makeUser(client, 'test', [...onClusters, ...(isSharded(await client.info('server')) ? since7 : [])]);
    }

    await useAll(withUser(cluster.url));

    expect((await Promise.all(cluster.masters.map(refusals))).flat()).toEqual([]);
  });

  let namespaces = 0;
  const find = async (): Promise<Place> => {
    namespaces += 1;
    const namespace = `test${namespaces}`;
    await makeUser(server.client, namespace, []);
    return {
      url: withUser(server.url),
      namespace,
      owner: async () => server,
      // Users go with the process that has them.
      restarted: async () => makeUser(server.client, namespace, []),
      close: async () => expect(await refusals(server)).toEqual([]),
    };
  };
  describeLog('the log', async () => logUnderTest(await find()));
  describeSnapshots('snapshots', async () => snapshotsUnderTest(await find()));
  describeHealing('healing', async () => snapshotsUnderTest(await find()));
});
