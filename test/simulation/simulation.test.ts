/** Whole replicas over a simulated Redis, network, disks and clocks, in virtual time: scenarios, and random schedules. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../errors.ts';
import { there } from '../servers/there.ts';
import { kinds, runSchedule } from './schedule.ts';
import { evicting, simulate, upserting } from './site.ts';

describe('a write', () => {
  it('that was answered is kept, whose replica dies before any peer has heard of it', async () => {
    const { a, b } = await simulate({ seed: 1 });
    b.machine.link.conditions.lostMessages = 1;

    const token = await a.upsert('cars', { _id: 'vw', doors: 4 });
    a.crash();
    await b.waitFor(token);

    expect(b.read('cars', 'vw')).toEqual({ doors: 4 });
  });

  it('whose answer was lost is counted once, by who has no disk', async () => {
    const { a, b, settle } = await simulate({ seed: 2, disks: false });
    await a.upsert('cars', { _id: 'vw' });
    Object.assign(a.machine.link.conditions, { lostAnswers: 1, lostMessages: 1 });

    await expect(a.increment('cars', 'vw', 5)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    Object.assign(a.machine.link.conditions, { lostAnswers: 0, lostMessages: 0 });
    await settle();

    expect([a.read('cars', 'vw'), b.read('cars', 'vw')]).toEqual([{ n: 5 }, { n: 5 }]);
  });

  it('that was journaled, and whose append takes effect long after, is counted once', async () => {
    const { a, b, world, settle } = await simulate({ seed: 3 });
    await a.upsert('cars', { _id: 'vw' });
    a.machine.link.conditions.lateRequests = 1;

    await a.increment('cars', 'vw', 5);
    expect(a.replica.status.unsent).toBe(1);
    expect(world.oracle.position).toBe(1);
    a.machine.link.conditions.lateRequests = 0;
    await settle();

    expect([a.read('cars', 'vw'), b.read('cars', 'vw')]).toEqual([{ n: 5 }, { n: 5 }]);
    expect(world.oracle.position).toBe(2);
  });

  it('that was journaled outlives its process, and stands beside what was written meanwhile', async () => {
    const { a, b, settle } = await simulate({ seed: 4 });
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    await b.upsert('cars', { _id: 'vw', make: 'VW' });

    a.crash();
    a.mend();
    a.start();
    await settle();

    expect(a.read('cars', 'vw')).toEqual({ make: 'VW', doors: 4 });
    expect(b.read('cars', 'vw')).toEqual({ make: 'VW', doors: 4 });
  });

  it('is applied once and in its place, whatever gossip does to it', async () => {
    const { a, b, settle } = await simulate({ seed: 7 });
    const gossip = { lostMessages: 0.3, repeatedMessages: 0.5, damagedMessages: 0.2, messageDelay: [1, 500] } as const;
    Object.assign(b.machine.link.conditions, gossip);
    await a.upsert('cars', { _id: 'vw' });

    for (let count = 0; count < 50; count += 1) await a.increment('cars', 'vw', 1);
    Object.assign(b.machine.link.conditions, { lostMessages: 0 });
    await settle();

    expect(b.read('cars', 'vw')).toEqual({ n: 50 });
    expect(b.replica.counters.transactionsApplied).toBe(51);
    expect(b.replica.counters.malformedMessages).toBeGreaterThan(0);
  });
});

describe('a write that the disk refuses', () => {
  it('takes those along that were made over it meanwhile, and nothing else', async () => {
    const { a, b, world, pass, settle } = await simulate({ seed: 12 });
    await a.cutOff();
    const { disk } = a.machine;
    there(disk, 'disk').flushMilliseconds = [3_000, 3_000];
    const first = a.send(upserting('cars', { _id: 'vw', doors: 4 }));
    a.mend();
    await pass(2_500);
    expect(a.replica.status.connected).toBe(false);
    const second = a.send(upserting('cars', { _id: 'vw', make: 'VW' }));
    there(disk, 'disk').isFailing = true;

    const outcomes = await world.until(Promise.allSettled([first, second]));
    there(disk, 'disk').isFailing = false;
    await settle();
    await a.upsert('cars', { _id: 'bmw' });
    await settle();

    const refused = { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } };
    expect(outcomes).toMatchObject([refused, refused]);
    expect(a.replica.status).toMatchObject({ problem: undefined, unsent: 0 });
    expect([b.read('cars', 'vw'), b.read('cars', 'bmw')]).toEqual([undefined, {}]);
  });
});

describe('an evicted document', () => {
  it('stays hidden while the journaled write that it was evicted with lies over the write of a peer', async () => {
    const { a, b, world, settle } = await simulate({ seed: 8 });
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    await world.until(a.send(evicting('cars', 'vw')));
    await b.upsert('cars', { _id: 'vw', make: 'VW' });

    a.mend();
    await settle();

    expect(a.read('cars', 'vw')).toBeUndefined();
    expect(b.read('cars', 'vw')).toEqual({ make: 'VW', doors: 4 });
  });

  it('stays hidden when its process starts again with several writes of it in the journal', async () => {
    const { a, world, settle } = await simulate({ seed: 9 });
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    await a.upsert('cars', { _id: 'vw', doors: 5 });
    await world.until(a.send(evicting('cars', 'vw')));

    a.crash();
    a.mend();
    a.start();
    await settle();

    expect(a.read('cars', 'vw')).toBeUndefined();
  });

  it('is hidden though another write of it is under way, which is refused then', async () => {
    const { a, world, pass } = await simulate({ seed: 10, disks: false });
    const evicted = a.send(upserting('cars', { _id: 'vw', doors: 4 }), evicting('cars', 'vw'));
    await pass(0.1);
    const refused = a.send(upserting('cars', { _id: 'vw', doors: 5 }));
    refused.catch(() => {});
    await world.until(evicted);
    world.server.redis.isFull = true;

    await expect(world.until(refused)).rejects.toThrow(StoreUnavailableError);

    expect(a.read('cars', 'vw')).toBeUndefined();
  });

  it('whose mark the disk does not take: nobody is told that nothing was written', async () => {
    const { a, b, world, settle } = await simulate({ seed: 11 });
    there(a.machine.disk, 'disk').isFailing = true;

    const answer = world.until(a.send(upserting('cars', { _id: 'vw', doors: 4 }), evicting('cars', 'vw')));
    await expect(answer).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await settle();

    expect([a.read('cars', 'vw'), b.read('cars', 'vw')]).toEqual([{ doors: 4 }, { doors: 4 }]);
  });
});

describe('random schedules', () => {
  it.each(Array.from({ length: 10 }, (_, index) => [1 + 20 * index, 20 * (index + 1)]))(
    'lose nothing, count nothing twice and come to rest: seeds %i to %i',
    async (first, last) => {
      for (let seed = first; seed <= last; seed += 1) {
        const { problem } = await runSchedule(seed, false);
        if (problem === undefined) continue;
        const { kind, trace } = await runSchedule(seed, true);
        throw new Error(`${kind}: ${problem}\nnpm run simulate -- --seed ${seed}\n${trace.slice(-40).join('\n')}`);
      }
    },
  );

  it('of every kind are the same each time', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 2 * kinds.length; seed += 1) {
      const first = await runSchedule(seed, true);
      const again = await runSchedule(seed, true);
      expect(first.trace.length).toBeGreaterThan(20);
      expect(again.traceHash).toBe(first.traceHash);
      seen.add(first.kind);
    }
    expect([...seen].sort()).toEqual(kinds.map(({ name }) => name).sort());
  });

  it('are run, and replayed with their trace, by a command', () => {
    const simulated = (...options: readonly string[]) =>
      spawnSync(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'main.ts'), ...options], {
        encoding: 'utf8',
      });

    const run = simulated('--runs', '3', '--seed', '5');
    const replayed = simulated('--seed', '5');

    expect(run.stdout).toMatch(/^3 schedules ran clean in .* \(seeds 5 to 7\)/);
    expect(replayed.stdout).toMatch(/schedule +\w.*, seed 5\n/);
    expect(replayed.stdout).toMatch(/redis +appends m\d\.\w+ 1 at 1\n/);
    expect([run.status, replayed.status, simulated('--seed', 'x').status]).toEqual([0, 0, 2]);
  });
});
