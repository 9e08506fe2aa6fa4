/** Two versions in one site: one that reads the first format of a site alone, and one that reads the second, too. */
import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../replica/log/entry.ts';
import { batchFormatIn, formerReads, newReads } from '../replica/former-version.ts';
import { emptyServer } from './server.ts';
import { fresh, type SimulatedReplica, simulate } from './site.ts';
import type { World } from './world.ts';

/** The formats of the batches in the log, each once. */
const written = (world: World): readonly number[] => [
  ...new Set(world.server.redis.stream.map(({ bytes }) => batchFormatIn(decodeEntry(bytes)))),
];

/** The process ends in good order, and one of another version takes its place. */
async function become(world: World, { machine }: SimulatedReplica, reads: typeof newReads): Promise<void> {
  await world.until(world.stop(machine));
  machine.reads = reads;
  world.start(machine);
  await world.run(() => machine.serving?.replica.status.connected === true, 20_000);
}

describe('a site whose replicas come to a version with another format', () => {
  it('P83: is written in it once all read it, and not before', async () => {
    const { world, a, b, pass, settle } = await simulate({ seed: 1 });
    await a.upsert('cars', { _id: 'vw', n: 1 });
    await become(world, a, newReads);
    await pass(70_000);
    await a.upsert('cars', { _id: 'vw', n: 2 });
    await b.upsert('cars', { _id: 'bmw', n: 2 });
    expect([written(world), world.server.redis.format]).toEqual([[2], 1]);

    await become(world, b, newReads);
    await pass(70_000);
    expect(world.server.redis.format).toBe(2);
    await a.upsert('cars', { _id: 'vw', n: 3 });
    await b.upsert('cars', { _id: 'bmw', n: 3 });
    await settle();
    expect(written(world)).toEqual([2, 3]);
    expect([a, b].map((one) => [one.read('cars', 'vw'), one.read('cars', 'bmw')])).toEqual([
      [{ n: 3 }, { n: 3 }],
      [{ n: 3 }, { n: 3 }],
    ]);
  });

  it('P83: may go back before that', async () => {
    const { world, a, b, pass, settle } = await simulate({ seed: 2 });
    await become(world, a, newReads);
    await pass(70_000);
    await a.upsert('cars', { _id: 'vw', n: 1 });
    await become(world, a, formerReads);
    await become(world, b, newReads);
    await pass(70_000);
    await b.upsert('cars', { _id: 'vw', n: 2 });
    await settle();
    expect([written(world), world.server.redis.format, a.read('cars', 'vw')]).toEqual([[2], 1, { n: 2 }]);
  });

  it('P84: after that, the former version does not start, and says why; the others go on', async () => {
    const { world, a, b, pass } = await simulate({ seed: 3 });
    for (const one of [a, b]) await become(world, one, newReads);
    await pass(70_000);
    await a.upsert('cars', { _id: 'vw', n: 1 });
    expect(written(world)).toEqual([3]);
    await world.until(world.stop(b.machine));
    b.machine.reads = formerReads;
    world.start(b.machine);
    await pass(20_000);
    expect(b.machine.serving).toBeUndefined();
    expect(b.machine.refusal).toMatch(/the site is of format 2, which this version of Tideline does not know/);
    await a.upsert('cars', { _id: 'vw', n: 2 });

    world.crash(b.machine);
    b.machine.reads = newReads;
    world.start(b.machine);
    await world.run(() => b.machine.serving?.replica.status.connected === true, 20_000);
    expect(b.read('cars', 'vw')).toEqual({ n: 2 });
  });

  it('P84: one that nobody heard, as it was cut off, appends nothing, says why, and hands its writes on later', async () => {
    const { world, a, b, pass, settle } = await simulate({ seed: 4 });
    await a.upsert('cars', { _id: 'vw', n: 1 });
    await b.cutOff();
    await become(world, a, newReads);
    await pass(140_000);
    await a.upsert('cars', { _id: 'vw', n: 2 });
    expect(written(world)).toEqual([2, 3]);

    const entries = world.server.redis.stream.length;
    b.mend();
    await pass(20_000);
    await b.upsert('cars', { _id: 'bmw', n: 7 });
    await pass(5_000);
    expect(b.replica.status.problem).toMatch(/the site is of format 2/);
    expect([b.read('cars', 'bmw'), b.read('cars', 'vw'), b.replica.status.unsent]).toEqual([{ n: 7 }, { n: 1 }, 1]);
    expect(world.server.redis.stream.length).toBe(entries);

    world.crash(b.machine);
    b.machine.reads = newReads;
    world.start(b.machine);
    await world.run(() => b.machine.serving?.replica.status.connected === true, 30_000);
    await settle();
    expect([a.read('cars', 'bmw'), b.read('cars', 'vw')]).toEqual([{ n: 7 }, { n: 2 }]);
    const another = await fresh(world, newReads);
    expect([another.read('cars', 'bmw'), another.read('cars', 'vw')]).toEqual([{ n: 7 }, { n: 2 }]);
  });

  it('P83: comes to it again after its Redis was lost', async () => {
    const { world, a, b, pass, settle } = await simulate({ seed: 5 });
    for (const one of [a, b]) await become(world, one, newReads);
    await pass(70_000);
    await a.upsert('cars', { _id: 'vw', n: 1 });
    world.goBack(emptyServer);
    await pass(70_000);
    await settle();
    expect(world.server.redis.format).toBe(2);
    await b.upsert('cars', { _id: 'vw', n: 2 });
    await settle();
    expect(a.read('cars', 'vw')).toEqual({ n: 2 });
  });
});
