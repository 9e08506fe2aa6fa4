/** What the snapshots on Redis do beyond the contracts: refusals, and what is written in parts. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Head } from '../../../replica/crdt/version.ts';
import { makeEntry, markAtStart } from '../../../replica/log/entry.ts';
import type { LogEntry } from '../../../replica/log/log.ts';
import { openRedisSite, type RedisSite } from '../../../replica/redis/site.ts';
import { type RedisServer, startRedis } from '../../servers/redis.ts';
import { batch, shared, transaction, transactions } from '../log/transactions.ts';
import { connected, quiet } from './sites.ts';

const long = 60_000;
const generation = { name: 'a'.repeat(32), chunks: 1 };

async function open(): Promise<{ readonly server: RedisServer } & RedisSite> {
  const server = await startRedis();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const site = openRedisSite({ url: server.url, namespace: 'test', logger: quiet });
  onTestFinished(() => site.close());
  await connected(site.log);
  return { server, ...site };
}

const manifestAt = (begin: Head) => ({
  generation: { ...generation, begin, bytes: 1, origins: new Map<string, number>() },
  before: undefined,
  closedLogs: [],
});

/** So many entries of a log that is going to begin, each of so many bytes. */
function entriesOf(count: number, bytes: number): LogEntry[] {
  const entries: LogEntry[] = [];
  for (let number = 1; number <= count; number += 1) {
    const before = entries.at(-1)?.mark ?? markAtStart('next');
    const one = transaction('b.x', number, { frame: Buffer.alloc(bytes, number) });
    entries.push(makeEntry('next', number - 1, before, shared, [one]));
  }
  return entries;
}

function beginningOf(entries: readonly LogEntry[]) {
  const next = { log: 'next', position: 0, mark: markAtStart('next') };
  const head = { log: 'next', position: entries.length, mark: entries.at(-1)?.mark ?? '' };
  return { manifest: manifestAt(next), head, origins: new Map([['b.x', entries.length]]), over: undefined };
}

async function dump({ client }: RedisServer): Promise<Record<string, Buffer>> {
  const keys = (await client.keys('*')).toSorted();
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await client.dumpBuffer(key)])));
}

describe('snapshots on Redis', () => {
  it('P7, P10: are refused whole when it is out of memory, and what frees memory is not', async () => {
    const { server, log, snapshots } = await open();
    const begin = await log.create('log');
    await log.append(batch(...transactions('a.x', 1, 3)), begin, 'secret', () => []);
    const end = await log.head();
    if (end === undefined) throw new Error('no log');
    await snapshots.takeLease('snapshot', 'lease', long);
    await snapshots.takeLease('heal', 'lease', long);
    await snapshots.name(manifestAt(end), end, 'lease');
    await server.configure('maxmemory', '1');
    const before = await dump(server);

    const refused = { code: 'LOG_UNAVAILABLE', refused: true };
    await server.client.del('{test}:lease:another');
    await expect(snapshots.list(generation, 'lease')).rejects.toMatchObject(refused);
    await expect(snapshots.putChunk(generation.name, 0, Buffer.from('x'), long)).rejects.toMatchObject(refused);
    await expect(snapshots.name(manifestAt(begin), end, 'lease')).rejects.toMatchObject(refused);
    await expect(snapshots.prepareLog(entriesOf(1, 10), long)).rejects.toMatchObject(refused);
    const next = { log: 'next', position: 0, mark: markAtStart('next') };
    const beginning = { manifest: manifestAt(next), head: next, origins: new Map([['a.x', 3]]), over: end };
    await expect(snapshots.beginLog(beginning, 'lease')).rejects.toMatchObject(refused);
    expect(await dump(server)).toEqual(before);

    expect(await snapshots.renewLease('snapshot', 'lease', long)).toBe(true);
    expect(await snapshots.trim(end.position, generation.name, end)).toBe(true);
    await snapshots.releaseLease('snapshot', 'lease');
    await expect(snapshots.takeLease('snapshot', 'another', long)).rejects.toMatchObject(refused);
    await snapshots.delete(generation);
    expect(await log.head()).toEqual(end);
  });

  it('P46: prepare a long log in parts, all of which expire unless it begins', async () => {
    const { server, log, snapshots } = await open();
    const entries = entriesOf(30, 200_000);
    await snapshots.takeLease('heal', 'lease', long);
    await snapshots.prepareLog(entries, long);
    expect(await server.client.xlen('{test}:log:next')).toBe(30);
    expect(await server.client.pttl('{test}:log:next')).toBeGreaterThan(0);

    expect(await snapshots.beginLog(beginningOf(entries), 'lease')).toBe(true);

    expect((await log.head())?.position).toBe(30);
    expect(await server.client.pttl('{test}:log:next')).toBe(-1);
  });

  it('P47: begin no log of which the first part was gone before the last came', async () => {
    const { server, log, snapshots } = await open();
    const entries = entriesOf(3, 10);
    await snapshots.takeLease('heal', 'lease', long);
    await snapshots.prepareLog(entries.slice(0, 1), long);
    await server.client.del('{test}:log:next');
    await snapshots.prepareLog(entries.slice(1), long);

    expect(await snapshots.beginLog(beginningOf(entries), 'lease')).toBe(false);
    expect(await log.head()).toBeUndefined();
  });

  it('P24: trims a long log in parts', async () => {
    const { log, snapshots } = await open();
    const begin = await log.create('log');
    const many = Array.from({ length: 12 }, (_, index) => transactions(`a.${index}`, 1, 1_000)).flat();
    await log.append(batch(...many), begin, 'secret', () => []);
    const end = await log.head();
    if (end === undefined) throw new Error('no log');
    await snapshots.takeLease('snapshot', 'lease', long);
    await snapshots.name(manifestAt(end), end, 'lease');

    expect(await snapshots.trim(11_500, generation.name, end)).toBe(true);

    expect((await log.read('log', 11_000, 10)).map(({ first }) => first)).toEqual([11_001]);
    await expect(log.read('log', 10_999, 10)).rejects.toMatchObject({ code: 'LOG_REPLACED' });
  });
});
