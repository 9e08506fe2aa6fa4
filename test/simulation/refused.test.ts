/** A Redis that can be read and takes no writes, in virtual time. */
import { describe, expect, it } from 'vitest';
import { simulate } from './site.ts';

describe('P10: a replica on a Redis that is out of memory', () => {
  it('does not say that it is connected until an append has gone through', async () => {
    const { a, b, world, settle } = await simulate({ seed: 101 });
    world.server.redis.isFull = true;
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    expect(a.replica.status).toMatchObject({ connected: false, unsent: 1 });
    const said: boolean[] = [];
    using _watch = a.replica.watchStatus(() => said.push(a.replica.status.connected));

    const { appends } = a.replica.counters;
    await world.run(() => a.replica.counters.appends > appends + 3, 60_000);
    await a.upsert('cars', { _id: 'vw', doors: 5 });
    expect(a.replica.counters.appends).toBeGreaterThan(appends + 3);
    expect(said).not.toContain(true);
    expect(b.replica.status.connected).toBe(true);

    world.server.redis.isFull = false;
    await settle();
    expect(a.replica.status).toMatchObject({ connected: true, unsent: 0 });
    expect(b.read('cars', 'vw')).toEqual({ doors: 5 });
  });
});
