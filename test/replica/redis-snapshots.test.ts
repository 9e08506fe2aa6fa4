/** Replicas on a real Redis whose snapshots are forced and whose log is trimmed, all the time. */
import { describe, expect, it } from 'vitest';
import type { LiveEvent } from '../../replica/replica.ts';
import { startProxy } from '../servers/proxy.ts';
import { type RedisServer, startRedis } from '../servers/redis.ts';
import { eventually } from '../servers/wait.ts';
import { type OpenReplica, openOnRedis, readAll, temporaryFolder, upsert } from './replicas.ts';

const timing = { snapshotMinimumBytes: 1, newLogKeepMilliseconds: 0, leaseMilliseconds: 500 } as const;

const entriesIn = async ({ client }: RedisServer): Promise<number> => {
  const id = await client.hget('{test}:log', 'id');
  return await client.xlen(`{test}:log:${id}`);
};

/** Writes until so many snapshots more are written. */
async function writeOver(replica: OpenReplica, snapshots: number): Promise<number> {
  const written = () => replica.replica.counters.snapshotsWritten;
  const end = written() + snapshots;
  let number = 0;
  for (; written() < end; number += 1) {
    await upsert(replica, 'numbers', { _id: `${number % 50}`, number });
    if (number > 20_000) throw new Error('no snapshot is written');
  }
  return number;
}

describe('replicas on one Redis, with snapshots', () => {
  it('P24, P32: keep the log short, and a replica that starts has all of it', async () => {
    await using redis = await startRedis();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined, timing });
    await upsert(a, 'cars', { _id: 'vw', doors: 4 });

    const writes = await writeOver(a, 5);
    await eventually('all is in the log', () => a.replica.status.unsent === 0);
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined, timing });

    expect(await entriesIn(redis)).toBeLessThan(writes);
    expect(readAll(b, 'cars')).toEqual({ vw: { doors: 4 } });
    expect(readAll(b, 'numbers')).toEqual(readAll(a, 'numbers'));
    await a.close();
    await b.close();
    // Two that are named, and one that a writer may have begun when it was closed: the next one deletes it.
    const listed = await redis.client.hkeys('{test}:snapshots');
    expect(listed.length).toBeLessThanOrEqual(3);
    const chunks = await redis.client.keys('*:snapshot:*');
    expect(chunks.length).toBeGreaterThanOrEqual(2);
    expect(listed).toEqual(expect.arrayContaining(chunks.map((key) => key.split(':').at(-2))));
  });

  it('P31: one that was away for longer than the log reaches back gets there, with one event for a live query', async () => {
    await using redis = await startRedis();
    await using proxy = await startProxy(redis);
    await using folder = await temporaryFolder();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined, timing });
    await using b = await openOnRedis({ url: `redis://127.0.0.1:${proxy.port}`, name: 'b', path: folder.path, timing });
    await b.replica.waitFor(await upsert(a, 'cars', { _id: 'vw', doors: 4 }), 5_000);
    const events: LiveEvent[] = [];
    b.replica.live({ collection: 'cars', filter: undefined, order: [], first: undefined }, (event) =>
      events.push(event),
    );
    proxy.cut();
    await eventually('it is cut off', () => !b.replica.status.connected);
    await upsert(b, 'cars', { _id: 'vw', colour: 'red' });
    for (const doors of [3, 5]) await upsert(a, 'cars', { _id: 'vw', doors });
    await writeOver(a, 4);

    proxy.heal();
    await eventually(
      'it is back, and has handed on',
      () => b.replica.status.connected && b.replica.status.unsent === 0,
    );

    await eventually('a has it', () => JSON.stringify(readAll(a, 'cars')) === '{"vw":{"doors":5,"colour":"red"}}');
    expect(readAll(b, 'cars')).toEqual({ vw: { doors: 5, colour: 'red' } });
    expect(readAll(b, 'numbers')).toEqual(readAll(a, 'numbers'));
    // Its own write, and all that the others did, at once.
    expect(events).toHaveLength(2);
  });
});
