/** What the log on Redis does beyond the contract: refusals, damage, and networks that fail. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { LogReplacedError, LogUnavailableError, MalformedBytesError, UnknownFormatError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import type { Head } from '../../../replica/crdt/version.ts';
import { encodeEntry, makeEntry, markAtStart } from '../../../replica/log/entry.ts';
import type { Log, OfferedTransaction } from '../../../replica/log/log.ts';
import { openRedisSite } from '../../../replica/redis/site.ts';
import { freePort } from '../../servers/free-port.ts';
import { startProxy } from '../../servers/proxy.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from '../../servers/redis.ts';
import { batch, shared, transaction, transactions } from '../log/transactions.ts';
import { connected, quiet } from './sites.ts';

const start: Head = { log: 'log', position: 0, mark: markAtStart('log') };
const append = (log: Log, ...appended: OfferedTransaction[]) =>
  log.append(batch(...appended), start, 'secret', () => []);

async function openServer(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function openLog(url: string): Promise<Log> {
  const site = openRedisSite({ url, namespace: 'test', logger: quiet });
  onTestFinished(() => site.close());
  await connected(site.log);
  return site.log;
}

const refused = (appending: Promise<unknown>) =>
  appending.then(
    () => 'appended',
    (error: unknown) => (error instanceof LogUnavailableError ? error.refused : error),
  );

describe('entries in the stream', () => {
  it('P2: are what replica/log/entry.ts makes, to the byte, under the position of the last', async () => {
    const server = await openServer();
    const log = await openLog(server.url);
    await log.create('log');

    const [entry] = await append(log, transaction('a.x', 1), transaction('a.x', 2));

    const stored = await server.client.xrangeBuffer('{test}:log:log', '-', '+');
    const made = makeEntry('log', 0, start.mark, shared, [transaction('a.x', 1), transaction('a.x', 2)]);
    expect(entry).toEqual(made);
    expect(stored).toEqual([[Buffer.from('2-0'), [Buffer.from('entry'), encodeEntry(made)]]]);
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['with a flipped bit', (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 20 ? byte ^ 1 : byte)))],
    ['empty', () => Buffer.alloc(0)],
  ])('P2: stop a reader at exactly their place when they are %s', async (_, damage) => {
    const server = await openServer();
    const log = await openLog(server.url);
    await log.create('log');
    for (const number of [1, 2, 3]) await append(log, transaction('a.x', number));
    await rewrite(server, 2, damage);

    const before = await log.read('log', 0, 10);

    expect(before.map(({ last }) => last)).toEqual([1]);
    await expect(log.read('log', 1, 10)).rejects.toThrow(MalformedBytesError);
    expect((await log.read('log', 2, 10)).map(({ last }) => last)).toEqual([3]);
  });

  it('P2: of another format are told apart from damage', async () => {
    const server = await openServer();
    const log = await openLog(server.url);
    await log.create('log');
    await append(log, transaction('a.x', 1));
    await rewrite(server, 1, (bytes) => Buffer.concat([Buffer.from('3'), bytes.subarray(1)]));

    await expect(log.read('log', 0, 10)).rejects.toThrow(UnknownFormatError);
  });

  it('P6: that do not decode are not stood upon', async () => {
    const server = await openServer();
    const log = await openLog(server.url);
    await log.create('log');
    await append(log, transaction('a.x', 1));
    await rewrite(server, 1, () => Buffer.from('what is this?'));

    expect(await refused(append(log, transaction('b.x', 1)))).toBe(true);
    expect(await log.head()).toMatchObject({ position: 1 });
  });

  it('P8: that are gone are noticed, at the beginning and in the middle', async () => {
    const server = await openServer();
    const log = await openLog(server.url);
    await log.create('log');
    for (const number of [1, 2, 3, 4]) await append(log, transaction('a.x', number));

    await server.client.xdel('{test}:log:log', '3-0');
    expect((await log.read('log', 0, 10)).map(({ last }) => last)).toEqual([1, 2]);
    await expect(log.read('log', 2, 10)).rejects.toThrow(LogReplacedError);

    await server.client.xtrim('{test}:log:log', 'MAXLEN', 1);
    await expect(log.read('log', 0, 10)).rejects.toThrow(LogReplacedError);
    await expect(append(log, transaction('b.x', 1))).rejects.toThrow(LogReplacedError);
  });
});

describe('a server that takes no writes', () => {
  it('P7, P10: refuses whole when it is out of memory, and nothing is half done', async () => {
    const server = await openServer();
    const log = await openLog(server.url);
    await log.create('log');
    await append(log, transaction('a.x', 1));
    const before = await server.client.dump('{test}:log:log');
    await server.configure('maxmemory', '1mb');

    const outcome = await refused(append(log, ...transactions('a.x', 1, 3), transaction('b.x', 1)));

    expect(outcome).toBe(true);
    expect(await server.client.dump('{test}:log:log')).toEqual(before);
    expect(await log.origins()).toEqual(new Map([['a.x', 1]]));
    await server.configure('maxmemory', '0');
    expect(await append(log, ...transactions('a.x', 1, 3))).toHaveLength(1);
  });

  it('P7, P10: makes no log when it is out of memory', async () => {
    const server = await openServer();
    const log = await openLog(server.url);
    await server.client.config('SET', 'maxmemory', '1');

    expect(await refused(log.create('log'))).toBe(true);
    expect(await log.head()).toBeUndefined();
  });

  it('P10: refuses when it is a read-only replica, which can be read', async () => {
    const server = await openServer();
    const log = await openLog(server.url);
    await log.create('log');
    const [entry] = await append(log, transaction('a.x', 1));
    await server.client.replicaof('127.0.0.1', await freePort());

    expect(await refused(append(log, transaction('a.x', 2)))).toBe(true);
    expect(await log.read('log', 0, 10)).toEqual([entry]);
    await server.configure('replica-serve-stale-data', 'no');
    expect(await refused(append(log, transaction('a.x', 2)))).toBe(true);
  });

  it('P10: refuses when too few of its replicas follow', async () => {
    const server = await openServer();
    const log = await openLog(server.url);
    await log.create('log');
    await server.configure('min-replicas-to-write', '1');

    expect(await refused(append(log, transaction('a.x', 1)))).toBe(true);
    expect(await log.head()).toEqual(start);
  });

  it('P10, P63, P81: refuses while keys hold something else, and puts them right', async () => {
    const server = await openServer();
    const log = await openLog(server.url);
    await log.create('log');
    await server.client.del('{test}:origins');
    await server.client.set('{test}:origins', 'mine');

    expect(await refused(append(log, transaction('a.x', 1)))).toBe(true);
    await server.client.hset('{test}:log', 'position', 'many');
    expect(await refused(log.head())).toBe(true);
    await server.client.set('{test}:log', 'mine');
    expect(await refused(append(log, transaction('a.x', 1)))).toBe(true);
    expect(await append(log, transaction('a.x', 1))).toHaveLength(1);
  });

  it('P7: has appended, and says so, also where publishing is not allowed', async () => {
    const server = await openServer();
    await server.client.acl('SETUSER', 'writer', 'on', '>pass', '~*', '+@all', 'resetchannels');
    const log = await openLog(`redis://writer:pass@127.0.0.1:${server.port}`).catch(() => undefined);
    expect(log).toBeDefined();
    await log?.create('log');

    expect(log && (await append(log, transaction('a.x', 1)))).toHaveLength(1);
    expect(await log?.head()).toMatchObject({ position: 1 });
  });
});

describe('a network that fails', () => {
  it('P3, P10: an append whose answer is lost is unknown, and appended again is in once', async () => {
    const server = await openServer();
    await using proxy = await startProxy(server);
    const log = await openLog(`redis://127.0.0.1:${proxy.port}`);
    await log.create('log');
    proxy.freeze('answers');

    const outcome = await refused(append(log, ...transactions('a.x', 1, 2)));
    const there = await server.client.hget('{test}:log', 'position');
    proxy.heal();
    await connected(log);
    const again = await append(log, ...transactions('a.x', 1, 3));

    expect([outcome, there]).toEqual([false, '2']);
    expect(again.map(({ first, last }) => [first, last])).toEqual([[3, 3]]);
    expect((await log.read('log', 0, 10)).map(({ last }) => last)).toEqual([2, 3]);
  });

  it('P10: an append on its way when the connection ends is unknown, and fails within the deadline', async () => {
    const server = await openServer();
    await using proxy = await startProxy(server);
    const log = await openLog(`redis://127.0.0.1:${proxy.port}`);
    await log.create('log');
    proxy.freeze();
    const appending = refused(append(log, transaction('a.x', 1)));
    const began = performance.now();
    proxy.cut();

    expect(await appending).toBe(false);
    expect(performance.now() - began).toBeLessThan(limits.appendDeadlineMilliseconds);
  });

  it('P10: an append while there is no connection is refused at once', async () => {
    const server = await openServer();
    const log = await openLog(server.url);
    await log.create('log');
    await server.kill();
    await connected(log, false);

    expect(await refused(append(log, transaction('a.x', 1)))).toBe(true);
    await server.restart();
    await connected(log);
    expect(await append(log, transaction('a.x', 1))).toHaveLength(1);
  });

  it('passes on what is slow, within the deadline', async () => {
    const server = await openServer();
    await using proxy = await startProxy(server);
    const log = await openLog(`redis://127.0.0.1:${proxy.port}`);
    await log.create('log');
    proxy.delay(200);

    expect(await append(log, transaction('a.x', 1))).toHaveLength(1);
  });
});

/** Replaces the bytes of the entry that ends at a position: a stream takes no entry back, so all are written anew. */
async function rewrite(server: RedisServer, position: number, change: (bytes: Buffer) => Buffer): Promise<void> {
  const key = '{test}:log:log';
  const stored = await server.client.xrangeBuffer(key, '-', '+');
  await server.client.del(key);
  for (const [id, [, bytes]] of stored) {
    if (bytes === undefined) throw new Error('no entry');
    const value = id.toString() === `${position}-0` ? change(bytes) : bytes;
    await server.client.xadd(key, id, 'entry', value);
  }
}
