/** P63: what stands beside the log is put right from the log. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Head } from '../../../replica/crdt/version.ts';
import { markAtStart } from '../../../replica/log/entry.ts';
import type { Log, LogEntry } from '../../../replica/log/log.ts';
import { openRedisSite, type RedisSite } from '../../../replica/redis/site.ts';
import { type RedisServer, startRedis } from '../../servers/redis.ts';
import { batch, transaction, transactions } from '../log/transactions.ts';
import { connected, quiet } from './sites.ts';

const generation = 'a'.repeat(32);

interface Damaged extends RedisSite {
  readonly server: RedisServer;
  readonly entries: readonly LogEntry[];
  /** Where the log ends. */
  readonly end: Head;
}

async function openSite(server: RedisServer): Promise<RedisSite> {
  const site = openRedisSite({ url: server.url, namespace: 'test', logger: quiet });
  onTestFinished(() => site.close());
  await connected(site.log);
  return site;
}

/** A log with positions 1 to 4 of a.x and b.x, in three entries. */
async function openDamaged(): Promise<Damaged> {
  const server = await startRedis();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const site = await openSite(server);
  const begin = await site.log.create('log');
  const entries: LogEntry[] = [];
  for (const batched of [transactions('a.x', 1, 2), [transaction('b.x', 1)], [transaction('a.x', 3)]]) {
    entries.push(...(await site.log.append(batch(...batched), begin, 'secret', () => [])));
  }
  const last = entries.at(-1);
  if (last === undefined) throw new Error('nothing was appended');
  return { ...site, server, entries, end: { log: 'log', position: last.last, mark: last.mark } };
}

async function nameSnapshot({ snapshots }: RedisSite, begin: Head, seen: Head, origins: Record<string, number>) {
  await snapshots.takeLease('snapshot', 'lease', 60_000);
  const one = { name: generation, chunks: 1, begin, bytes: 1, origins: new Map(Object.entries(origins)) };
  await snapshots.name({ generation: one, before: undefined, closedLogs: [] }, seen, 'lease');
}

const headAtLast = (log: Log) => expect.poll(() => log.head().catch(() => 'damaged'));
const append = (log: Log, seen: Head) => log.append(batch(transaction('a.x', 4)), seen, 'secret', () => []);

describe('a head that does not decode', () => {
  it.each([
    ['no position', { position: 'many' }],
    ['a mark that is none', { mark: Buffer.from([0, 200, 10]) }],
    ['an id that is none', { id: 'what is this' }],
    ['nothing right', { id: randomBytes(20), position: randomBytes(3), mark: randomBytes(40) }],
  ])('P63: is put right from the last entry by who appends: %s', async (_, fields) => {
    const { log, server, end } = await openDamaged();
    await server.client.hset('{test}:log', fields);

    await expect(append(log, end)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', refused: true });

    expect(await log.head()).toEqual(end);
    expect(await append(log, end)).toMatchObject([{ first: 5 }]);
  });

  it('P63: is put right where the stream goes on after it', async () => {
    const { log, server, end } = await openDamaged();
    await server.client.hset('{test}:log', 'position', '3');
    const begin = { ...end, position: 0, mark: markAtStart('log') };

    await expect(append(log, begin)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', refused: true });

    expect(await append(log, begin)).toMatchObject([{ first: 5, before: end.mark }]);
  });

  it('P63: is put right by who reads', async () => {
    const { log, server, end, entries } = await openDamaged();
    await server.client.hdel('{test}:log', 'id');

    await expect(log.read('log', 0, 10)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(await log.read('log', 0, 10)).toEqual(entries);

    await server.client.hset('{test}:log', 'mark', 'x');
    const other = await openSite(server);
    await expect(other.log.head()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(await other.log.head()).toEqual(end);
  });

  it('P63: is put right where the log was trimmed to nothing', async () => {
    const site = await openDamaged();
    const { log, snapshots, server, end } = site;
    await nameSnapshot(site, end, end, { 'a.x': 3, 'b.x': 1 });
    expect(await snapshots.trim(end.position, generation, end)).toBe(true);
    await server.client.hset('{test}:log', 'position', 'x', 'mark', 'y');

    const other = await openSite(server);
    await headAtLast(other.log).toEqual(end);
    expect(await append(log, end)).toMatchObject([{ first: 5, before: end.mark }]);
  });

  it('P63: is left as it is where nothing says what it was', async () => {
    const { log, server, end } = await openDamaged();
    await server.client.hset('{test}:log', 'mark', 'x');
    const stored = await server.client.hgetall('{test}:log');
    await server.client.xadd('{test}:log:log', '9-0', 'entry', 'what is this?');

    await expect(log.head()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    await expect(append(log, end)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', refused: true });

    expect(await server.client.hgetall('{test}:log')).toEqual(stored);
  });
});

describe('last numbers by origin that do not decode', () => {
  it.each<[string, (server: RedisServer) => Promise<unknown>]>([
    ['one of them', ({ client }) => client.hset('{test}:origins', 'a.x', 'what is this')],
    ['bytes of any kind', ({ client }) => client.hset('{test}:origins', 'a.x', randomBytes(30))],
    ['all are gone', ({ client }) => client.del('{test}:origins')],
  ])('P63: are put right from the log, and nothing goes in twice: %s', async (_, damage) => {
    const { log, server, end } = await openDamaged();
    await damage(server);
    const again = () => log.append(batch(...transactions('a.x', 1, 4)), end, 'secret', () => []);

    await expect(again()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', refused: true });

    expect(await again()).toMatchObject([{ first: 5, last: 5 }]);
    expect(await log.origins()).toEqual(
      new Map([
        ['a.x', 4],
        ['b.x', 1],
      ]),
    );
  });

  it('P63: are put right from the snapshot and the entries since, and keep what decodes', async () => {
    const site = await openDamaged();
    const { log, snapshots, server, end, entries } = site;
    const [, second] = entries;
    const begin = { log: 'log', position: 3, mark: second?.mark ?? '' };
    await nameSnapshot(site, begin, end, { 'a.x': 2, 'b.x': 1, 'c.x': 7 });
    expect(await snapshots.trim(3, generation, end)).toBe(true);
    await server.client.hset('{test}:origins', 'a.x', '', 'd.x', 'what is this');

    await expect(append(log, end)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });

    expect(await append(log, end)).toHaveLength(1);
    expect(await server.client.hgetall('{test}:origins')).toEqual({
      'a.x': '4\nsecret',
      'b.x': '1\nsecret',
      'c.x': '7\n',
    });
  });

  it('P63: are no matter where no origin has such a name', async () => {
    const { log, server } = await openDamaged();
    const before = await log.origins();
    await server.client.hset('{test}:origins', '', 'x', 'no origin', '7\nsecret');

    expect(await log.origins()).toEqual(before);
  });

  it('P63: stop appends where the log does not say them', async () => {
    const { log, server, end } = await openDamaged();
    await server.client.hset('{test}:origins', 'a.x', 'what is this');
    await server.client.xdel('{test}:log:log', '2-0');

    for (let time = 0; time < 2; time += 1) {
      await expect(append(log, end)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', refused: true });
    }
    expect(await server.client.hget('{test}:origins', 'a.x')).toBe('what is this');
  });
});

describe('what stands beside the log', () => {
  it('P64: a lease without an expiry is nobody’s, and what does not decode is taken off the list', async () => {
    const { snapshots, server, end } = await openDamaged();
    await server.client.set('{test}:lease:snapshot', 'for ever');
    await server.client.set('{test}:lease:keep', 'for ever');
    const a = { name: generation, chunks: 2 };
    await server.client.hset('{test}:snapshots', generation, '2', randomBytes(32), '3', 'b'.repeat(32), 'many');

    expect(await snapshots.takeLease('snapshot', 'lease', 60_000)).toBe(true);
    expect(await snapshots.takeLease('snapshot', 'another', 60_000)).toBe(false);
    expect(await snapshots.list({ name: 'c'.repeat(32), chunks: 1 }, 'lease')).toEqual([a]);
    expect(await server.client.hlen('{test}:snapshots')).toBe(2);
    const one = { ...a, begin: end, bytes: 1, origins: new Map() };
    await snapshots.name({ generation: one, before: undefined, closedLogs: [] }, end, 'lease');
    expect(await snapshots.trim(end.position, generation, end)).toBe(true);
  });
});
