import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { conflictsOf } from '../../replica/crdt/document.ts';
import type { LiveEvent } from '../../replica/replica.ts';
import { startRedis } from '../servers/redis.ts';
import { eventually } from '../servers/wait.ts';
import {
  type OpenReplica,
  openOnRedis,
  read,
  readAll,
  temporaryFolder,
  twoFolders,
  update,
  upsert,
} from './replicas.ts';

const increment = (by: number) => ({ kind: 'increment', path: ['n'], by }) as const;
const position = ({ replica }: OpenReplica) => replica.status.version[0]?.position ?? -1;

function conflicts({ replica }: OpenReplica, collection: string, id: string): unknown {
  using view = replica.read();
  const document = view.get(collection, id);
  return (
    document &&
    conflictsOf(document.state).map(({ path, shown, retained }) => [
      path,
      shown.value,
      retained.map(({ value }) => value),
    ])
  );
}

describe('replicas on one Redis', () => {
  it('show the same, whoever wrote it', async () => {
    await using redis = await startRedis();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined });
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined });
    await upsert(a, 'cars', { _id: 'x', make: 'VW' });
    const token = await upsert(b, 'cars', { _id: 'y', make: 'BMW' });
    await a.replica.waitFor(token, 5_000);
    await update(a, 'cars', 'y', increment(2));
    await eventually('b has all three', () => position(b) === 3);
    expect(readAll(b, 'cars')).toEqual({ x: { make: 'VW' }, y: { make: 'BMW', n: 2 } });
    expect(readAll(a, 'cars')).toEqual(readAll(b, 'cars'));
    await eventually('a hears of b', () => a.replica.status.peers.some(({ behindBy }) => behindBy === 0));
    expect(a.replica.status.peers.map(({ id }) => id)).toEqual([b.replica.id]);
  });

  it('count every increment once, from all at once, in batches', async () => {
    await using redis = await startRedis();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined });
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined });
    await a.replica.waitFor(await upsert(b, 'cars', { _id: 'x' }), 5_000);
    const tokens = await Promise.all(
      Array.from({ length: 400 }, (_, index) => update(index % 2 ? a : b, 'cars', 'x', increment(1))),
    );
    for (const token of tokens) await Promise.all([a.replica.waitFor(token, 5_000), b.replica.waitFor(token, 5_000)]);
    expect([read(a, 'cars', 'x'), read(b, 'cars', 'x')]).toEqual([{ n: 400 }, { n: 400 }]);
    expect(a.replica.counters.appends).toBeLessThan(150);
  });

  it('bring a replica that starts later, or was stopped, up to the log', async () => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined });
    {
      await using b = await openOnRedis({ url: redis.url, name: 'b', path: folder.path });
      await upsert(b, 'cars', { _id: 'x' });
    }
    for (let number = 0; number < 20; number += 1) await upsert(a, 'cars', { _id: `${number}` });
    await using again = await openOnRedis({ url: redis.url, name: 'b', path: folder.path });
    expect(readAll(again, 'cars')).toEqual(readAll(a, 'cars'));
    expect(Object.keys(readAll(again, 'cars'))).toHaveLength(21);
  });

  it('take up an origin again only after a clean close', async () => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    const ids: string[] = [];
    for (let start = 0; start < 4; start += 1) {
      await using a = await openOnRedis({ url: redis.url, name: 'a', path: folder.path });
      ids.push(a.replica.id);
      await upsert(a, 'cars', { _id: `${start}` });
    }
    expect(new Set(ids).size).toBe(1);
    // Somebody else went on with it meanwhile, as a copied folder would have.
    await redis.client.hset('{test}:origins', ids[0] ?? '', `4\n${randomBytes(16).toString('hex')}`);
    await using other = await openOnRedis({ url: redis.url, name: 'a', path: folder.path });
    expect(other.replica.id).not.toBe(ids[0]);
  });

  it('repair a gap: what gossip lost is read from the log', async () => {
    await using redis = await startRedis();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined });
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined });
    await upsert(a, 'cars', { _id: 'x' });
    for (let number = 0; number < 20; number += 1) {
      if (number % 5 === 0) await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await upsert(a, 'cars', { _id: `${number}` });
    }
    await eventually('b has all', () => position(b) === 21);
    expect(readAll(b, 'cars')).toEqual(readAll(a, 'cars'));
  });

  it('answer from the journal while Redis is away, show it, and hand it on once, in order, when Redis is back', async () => {
    await using redis = await startRedis();
    await using folders = await twoFolders();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: folders.a });
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: folders.b });
    await b.replica.waitFor(await upsert(a, 'cars', { _id: 'x', color: 'red' }), 5_000);
    const events: LiveEvent[] = [];
    const everything = { collection: 'cars', filter: undefined, order: [], first: undefined };
    using live = a.replica.live(everything, (event) => events.push(event));
    events.push(live.first());
    await redis.kill();

    const color = (value: string) => ({ kind: 'set', path: ['color'], value, as: undefined }) as const;
    const token = await update(a, 'cars', 'x', color('green'));
    await update(a, 'cars', 'x', increment(2));
    await update(b, 'cars', 'x', color('blue'));
    await update(b, 'cars', 'x', increment(40));
    expect(read(a, 'cars', 'x')).toEqual({ color: 'green', n: 2 });
    expect(read(b, 'cars', 'x')).toEqual({ color: 'blue', n: 40 });
    expect(a.replica.status).toMatchObject({ connected: false, unsent: 2 });
    await a.replica.waitFor(token, 0);
    await expect(b.replica.waitFor(token, 20)).rejects.toMatchObject({ code: 'REPLICA_BEHIND' });
    expect(events).toHaveLength(3);

    await redis.restart();
    await eventually('all is handed on', () =>
      [a, b].every(({ replica }) => replica.status.unsent === 0 && replica.status.connected),
    );
    await eventually('both have all five', () => position(a) === 5 && position(b) === 5);
    await b.replica.waitFor(token, 0);
    expect(read(a, 'cars', 'x')).toEqual(read(b, 'cars', 'x'));
    expect(read(a, 'cars', 'x')).toMatchObject({ n: 42 });
    expect(conflicts(a, 'cars', 'x')).toEqual(conflicts(b, 'cars', 'x'));
    expect(conflicts(a, 'cars', 'x')).toEqual([[['color'], 'blue', ['green']]]);
    // Its own return is no event; b's two transactions are one each.
    expect(events).toHaveLength(5);
  });

  it('hand on many writes to one document, and more that are made meanwhile, each counted once', async () => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: folder.path });
    await upsert(a, 'cars', { _id: 'x' });
    await redis.kill();
    await Promise.all(Array.from({ length: 2_000 }, () => update(a, 'cars', 'x', increment(1))));
    expect([read(a, 'cars', 'x'), a.replica.status.unsent]).toEqual([{ n: 2_000 }, 2_000]);
    await redis.restart();
    let meanwhile = 0;
    while (a.replica.status.unsent > 0 || meanwhile === 0) {
      await update(a, 'cars', 'x', increment(1_000_000));
      meanwhile += 1;
    }
    expect(read(a, 'cars', 'x')).toEqual({ n: 2_000 + meanwhile * 1_000_000 });
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined });
    await eventually('b has all', () => position(b) === position(a) && a.replica.status.unsent === 0);
    expect(read(b, 'cars', 'x')).toEqual(read(a, 'cars', 'x'));
  });

  it('refuse what was not sent where there is no disk', async () => {
    await using redis = await startRedis();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined });
    await upsert(a, 'cars', { _id: 'x' });
    await redis.kill();
    await eventually('a notices', () => !a.replica.status.connected);
    await expect(upsert(a, 'cars', { _id: 'y' })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(readAll(a, 'cars')).toEqual({ x: {} });
    await redis.restart();
    await eventually('a is back', () => a.replica.status.connected);
    await upsert(a, 'cars', { _id: 'z' });
    expect(readAll(a, 'cars')).toEqual({ x: {}, z: {} });
  });

  it('say that the outcome is unknown where Redis froze under an append and there is no disk', async () => {
    await using redis = await startRedis();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined });
    await upsert(a, 'cars', { _id: 'x' });
    redis.pause();
    await expect(upsert(a, 'cars', { _id: 'y' })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    redis.resume();
    await eventually('a is back', () => a.replica.status.connected);
    await eventually('it is written after all, once', () => read(a, 'cars', 'y') !== undefined);
    expect(position(a)).toBe(2);
  });

  it('answer from the journal where Redis freezes, or takes no more writes', async () => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: folder.path });
    await upsert(a, 'cars', { _id: 'x' });
    redis.pause();
    await upsert(a, 'cars', { _id: 'y' });
    redis.resume();
    await eventually('handed on', () => a.replica.status.unsent === 0 && a.replica.status.connected);
    await redis.configure('maxmemory', '1');
    await upsert(a, 'cars', { _id: 'z' });
    expect(a.replica.status).toMatchObject({ unsent: 1, connected: false });
    await redis.configure('maxmemory', '0');
    await eventually('handed on again', () => a.replica.status.unsent === 0 && a.replica.status.connected);
    expect(position(a)).toBe(3);
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined });
    expect(readAll(b, 'cars')).toEqual({ x: {}, y: {}, z: {} });
  });

  it('P33: keep state and journal across a restart, serve both while Redis is away, and hand on when it is back', async () => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    {
      await using a = await openOnRedis({ url: redis.url, name: 'a', path: folder.path });
      await upsert(a, 'cars', { _id: 'x', n0: 1 });
      await redis.kill();
      await upsert(a, 'cars', { _id: 'x', n1: 1 });
      await upsert(a, 'cars', { _id: 'y' });
    }
    {
      await using early = await openOnRedis({ url: redis.url, name: 'a', path: folder.path, early: true });
      await eventually(
        'it says what it waits for',
        () => early.replica.status.problem?.includes('waiting for Redis') === true,
      );
      expect(early.replica.status).toMatchObject({ ready: false, connected: false, unsent: 2 });
      expect(() => early.replica.read()).toThrow(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }));
      await early.replica.ready;
      expect(early.replica.status).toMatchObject({
        ready: true,
        connected: false,
        unsent: 2,
        problem: expect.stringContaining('ECONNREFUSED'),
      });
      expect(readAll(early, 'cars')).toEqual({ x: { n0: 1, n1: 1 }, y: {} });
    }
    await using early = await openOnRedis({ url: redis.url, name: 'a', path: folder.path, early: true });
    await redis.restart();
    await early.replica.ready;
    expect(readAll(early, 'cars')).toEqual({ x: { n0: 1, n1: 1 }, y: {} });
    const own = await upsert(early, 'cars', { _id: 'x', n2: 1 });
    await eventually('handed on', () => early.replica.status.unsent === 0);
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined });
    await b.replica.waitFor(own, 0);
    expect(readAll(b, 'cars')).toEqual({ x: { n0: 1, n1: 1, n2: 1 }, y: {} });
    expect(position(b)).toBe(4);
  });

  it('P47: put what they have into a Redis that was wiped, without a write of their own', async () => {
    await using redis = await startRedis();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined });
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined });
    await upsert(a, 'cars', { _id: 'x' });
    await eventually('b has it', () => position(b) === 1);

    await redis.wipe();
    await eventually('both have another log', () =>
      [a, b].every(({ replica }) => replica.status.version[0]?.log.endsWith('-grown')),
    );
    await eventually('both take part', () => [a, b].every(({ replica }) => replica.status.connected));

    await using c = await openOnRedis({ url: redis.url, name: 'c', path: undefined });
    const token = await upsert(c, 'cars', { _id: 'y' });
    await a.replica.waitFor(token, 5_000);
    expect([readAll(a, 'cars'), readAll(c, 'cars')]).toEqual([
      { x: {}, y: {} },
      { x: {}, y: {} },
    ]);
  });

  it('P48: hand on what they wrote while the log was gone', async () => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: folder.path });
    await upsert(a, 'cars', { _id: 'x' });
    await redis.wipe();

    await upsert(a, 'cars', { _id: 'y' });
    await eventually('it is handed on', () => a.replica.status.unsent === 0 && a.replica.status.connected);

    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined });
    expect(readAll(b, 'cars')).toEqual({ x: {}, y: {} });
  });

  it('stop before an entry that does not decode, name its place, and never apply or skip it', async () => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined });
    await upsert(a, 'cars', { _id: 'x' });
    await upsert(a, 'cars', { _id: 'y' });
    await a.close();
    const id = await redis.client.hget('{test}:log', 'id');
    const stream = `{test}:log:${id}`;
    await redis.client.xdel(stream, '2-0');
    await redis.client.xadd(stream, '2-0', 'entry', 'garbage').catch(async () => {
      // A stream takes no id again that it has deleted: it is written anew.
      const [first] = await redis.client.xrangeBuffer(stream, '-', '+');
      await redis.client.del(stream);
      for (const [key, value] of [
        ['1-0', first?.[1][1] ?? ''],
        ['2-0', 'garbage'],
      ] as const)
        await redis.client.xadd(stream, key, 'entry', value);
    });
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: folder.path });
    await eventually('it says what is wrong', () => b.replica.status.problem !== undefined);
    expect(b.replica.status.problem).toMatch(/position 1\b/);
    expect(readAll(b, 'cars')).toEqual({ x: {} });
    await upsert(b, 'cars', { _id: 'z' });
    expect(readAll(b, 'cars')).toEqual({ x: {}, z: {} });
    expect(b.replica.status.unsent).toBe(1);
  });

  it('count and drop whatever else comes by their channels', async () => {
    await using redis = await startRedis();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined });
    const channels = (await redis.client.pubsub('CHANNELS', '*')).map(String);
    expect(channels.length).toBeGreaterThanOrEqual(2);
    for (const channel of channels)
      for (const message of [Buffer.alloc(0), randomBytes(100), Buffer.from('{"format":1}'), Buffer.from('1\nx\n')])
        await redis.client.publish(channel, message);
    await eventually('all are counted', () => a.replica.counters.malformedMessages >= 8);
    await upsert(a, 'cars', { _id: 'x' });
    expect(readAll(a, 'cars')).toEqual({ x: {} });
  });
});
