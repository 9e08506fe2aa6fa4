/** Snapshots of a whole site: written, loaded, and the log trimmed, in virtual time. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import type { UpdateOperation } from '../../replica/crdt/writes.ts';
import type { LiveEvent } from '../../replica/replica.ts';
import type { DocumentWriter } from '../../replica/transaction.ts';
import { there } from '../servers/there.ts';
import { SimulatedReplica, simulate } from './site.ts';
import { problemOfStored } from './stored.ts';
import type { World } from './world.ts';

/** A snapshot at each heartbeat after which anything was written, and nothing kept longer. */
const often = { snapshotMinimumBytes: 1, newLogKeepMilliseconds: 0, leaseMilliseconds: 500 };

const removing = (collection: string, id: string) => (writer: DocumentWriter) =>
  writer.remove(collection, id) ? ['removed'] : [];

const count = { kind: 'increment', path: ['count'], by: 1 } as const;
const reset = { kind: 'remove', path: ['count'] } as const;
const counting =
  (id: string, ...operations: readonly UpdateOperation[]) =>
  (writer: DocumentWriter) => {
    writer.upsert('numbers', id, {}, 'MERGE', () => false);
    return writer.update('numbers', id, operations, () => false);
  };

const generations = (world: World) => [...world.server.redis.snapshots.contents.listed.keys()];
const manifestOf = (world: World) => world.server.redis.snapshots.manifest();
const logBytes = (world: World) => world.server.redis.logBytes;

/** Another replica, ready. */
async function joined(world: World): Promise<SimulatedReplica> {
  const replica = new SimulatedReplica(world, world.addMachine({ disk: false }));
  replica.start();
  await world.run(() => replica.machine.serving !== undefined, 30_000);
  return replica;
}

/** Writes until so many generations more were named. */
async function writeOver(world: World, replica: SimulatedReplica, count: number): Promise<void> {
  const named = new Set([manifestOf(world)?.generation.name]);
  for (let number = 0; named.size <= count; number += 1) {
    await replica.upsert('numbers', { _id: `${number % 20}`, number });
    await world.run(() => false, 100);
    named.add(manifestOf(world)?.generation.name);
  }
}

describe('P29: a replica that starts', () => {
  it('reads the snapshot and the tail of the log, which is all that is there', async () => {
    const { a, world, settle } = await simulate({ seed: 41, snapshots: often });
    await a.upsert('cars', { _id: 'vw', doors: 4, make: 'VW' });
    await a.upsert('cars', { _id: 'bmw', doors: 2 });
    await world.until(a.send(removing('cars', 'bmw')));
    await writeOver(world, a, 3);

    const c = await joined(world);
    await settle();

    expect(world.server.redis.trimmedUpTo).toBeGreaterThan(2);
    expect(c.read('cars', 'vw')).toEqual({ doors: 4, make: 'VW' });
    expect(c.read('cars', 'bmw')).toBeUndefined();
    expect(c.replica.status.documentCount).toBe(a.replica.status.documentCount);
    expect(await problemOfStored(world.server.redis, world.oracle)).toBeUndefined();
  });

  it('while it is overtaken by trimming, begins again and gets there', async () => {
    const { a, world, settle } = await simulate({ seed: 42, snapshots: { ...often, chunkKeepMilliseconds: 60_000 } });
    await writeOver(world, a, 1);
    const c = new SimulatedReplica(world, world.addMachine({ disk: false }));
    // Slower than the others write and trim.
    c.machine.link.conditions.latency = [400, 500];
    c.start();

    await writeOver(world, a, 6);
    c.machine.link.conditions.latency = [1, 2];
    await settle();

    expect(c.replica.status.ready).toBe(true);
    expect(c.replica.status.documentCount).toBe(a.replica.status.documentCount);
  });
});

describe('P26 and P27: a generation of many chunks', () => {
  it('has what is written, comes and goes while it is written, each in its chunk', async () => {
    for (let seed = 90; seed < 100; seed += 1) {
      const { a, b, world, settle } = await simulate({ seed, snapshots: { ...often, chunkDocuments: 2 } });
      for (let number = 0; number < 30; number += 1) await a.upsert('numbers', { _id: `${number}`, number });
      const before = manifestOf(world)?.generation.name;

      for (let number = 0; manifestOf(world)?.generation.name === before; number += 1) {
        const writer = number % 2 === 0 ? a : b;
        const some = `${(number * 7) % 30}`;
        if (number % 4 === 0) await writer.upsert('numbers', { _id: `new ${number}`, number });
        else if (number % 4 === 1) await writer.upsert('numbers', { _id: `${number % 30}`, number });
        else if (number % 4 === 2) await world.until(writer.send(removing('numbers', some)));
        else {
          // To apply the first of these once more, over the second, would take away what the second counted.
          await world.until(writer.send(counting(some, reset, count, reset, count)));
          await world.until(writer.send(counting(some, count)));
        }
      }

      expect(manifestOf(world)?.generation.chunks).toBeGreaterThan(5);
      expect(await problemOfStored(world.server.redis, world.oracle)).toBeUndefined();
      await settle();
      expect(await problemOfStored(world.server.redis, world.oracle)).toBeUndefined();
    }
  });
});

describe('P26: a first generation of large documents', () => {
  it('has more chunks than for as many small ones, so that none is written in a long turn', async () => {
    const minimum = 4 * limits.chunkBytes;
    const { a, world } = await simulate({ seed: 101, snapshots: { ...often, snapshotMinimumBytes: minimum } });
    const text = 'x'.repeat(limits.chunkBytes / 2);
    for (let number = 0; number < 10; number += 1) await a.upsert('texts', { _id: `${number}`, text });
    await world.run(() => manifestOf(world) !== undefined, 10_000);

    expect(manifestOf(world)?.generation.chunks).toBeGreaterThanOrEqual(4);
    expect(await problemOfStored(world.server.redis, world.oracle)).toBeUndefined();
  });
});

describe('P30: a chunk that is gone', () => {
  it('means the generation before, and whoever has the state writes another', async () => {
    const { a, world, settle } = await simulate({ seed: 43, snapshots: often });
    await writeOver(world, a, 2);
    await settle();
    const lost = manifestOf(world)?.generation.name ?? '';
    world.server.redis.snapshots.deleteChunk(lost, 0);

    const c = await joined(world);
    await world.run(() => manifestOf(world)?.generation.name !== lost, 10_000);
    await settle();

    expect(c.replica.status.documentCount).toBe(a.replica.status.documentCount);
    expect(manifestOf(world)?.generation.name).not.toBe(lost);
    expect(manifestOf(world)?.before?.name).not.toBe(lost);
    expect(await problemOfStored(world.server.redis, world.oracle)).toBeUndefined();
  });

  it('of both generations is waited for by who starts, until a replica that runs has written another', async () => {
    const { a, world, settle } = await simulate({ seed: 44, snapshots: often });
    await writeOver(world, a, 3);
    await settle();
    const { generation, before } = manifestOf(world) ?? {};
    for (const name of [generation?.name, before?.name]) world.server.redis.snapshots.deleteChunk(name ?? '', 0);

    const c = await joined(world);
    await settle();

    expect(c.replica.status.documentCount).toBe(a.replica.status.documentCount);
    expect(manifestOf(world)?.generation.name).not.toBe(generation?.name);
  });

  it('is as good as gone where its bytes are others', async () => {
    const { a, world, settle } = await simulate({ seed: 45, snapshots: often });
    await writeOver(world, a, 2);
    await settle();
    const lost = manifestOf(world)?.generation.name ?? '';
    world.server.redis.snapshots.putChunk(lost, 0, Buffer.from('no chunk'), 1e9);

    const c = await joined(world);
    await settle();

    expect(c.replica.status.documentCount).toBe(a.replica.status.documentCount);
  });

  it('in a newer format is waited for, and named: nobody is asked for another', async () => {
    const { a, world, settle, pass } = await simulate({ seed: 51, snapshots: often });
    await writeOver(world, a, 2);
    await settle();
    await pass(2_000);
    const { generation } = manifestOf(world) ?? {};
    world.server.redis.snapshots.putChunk(generation?.name ?? '', 0, Buffer.from('2\nwhatever\n'), 1e9);

    const c = new SimulatedReplica(world, world.addMachine({ disk: false }));
    c.start();
    await pass(10_000);

    expect(c.replica.status.ready).toBe(false);
    expect(c.replica.status.problem).toMatch(/a chunk of the snapshot is of format 2/);
    expect(manifestOf(world)?.generation.name).toBe(generation?.name);
  });

  it('is asked for by who cannot read an entry, too, and who has applied it writes one past it', async () => {
    const { a, b, world, settle, pass } = await simulate({
      seed: 46,
      snapshots: { ...often, snapshotMinimumBytes: 1e9 },
    });
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    await settle();
    Object.assign(b.machine.link.conditions, { lostMessages: 1 });
    await a.upsert('cars', { _id: 'vw', doors: 5 });
    world.server.redis.damageEntry(2);
    await a.upsert('cars', { _id: 'vw', doors: 6 });
    await pass(3_000);
    expect(b.replica.status.problem).toMatch(/cannot be read past position 1/);

    Object.assign(b.machine.link.conditions, { lostMessages: 0 });
    await settle();

    expect(b.read('cars', 'vw')).toEqual({ doors: 6 });
    expect(b.replica.status.problem).toBeUndefined();
    const c = await joined(world);
    expect(c.read('cars', 'vw')).toEqual({ doors: 6 });
  });
});

describe('P31: a running replica that the log was trimmed past', () => {
  async function trimmedPast(seed: number) {
    const site = await simulate({ seed, snapshots: often });
    const { a, b, world } = site;
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    await a.upsert('cars', { _id: 'bmw', doors: 2 });
    await a.upsert('cars', { _id: 'opel', doors: 5 });
    await site.settle();
    await b.cutOff();
    return { ...site, writeMeanwhile: () => writeOver(world, a, 4) };
  }

  it('swaps in one turn: one event for a live query, and an open view keeps what it shows', async () => {
    const { a, b, world, settle, writeMeanwhile } = await trimmedPast(47);
    const events: LiveEvent[] = [];
    const definition = { collection: 'cars', filter: undefined, order: [], first: undefined };
    b.replica.live(definition, (event) => events.push(event));
    using view = b.replica.read();
    await a.upsert('cars', { _id: 'vw', doors: 3 });
    await world.until(a.send(removing('cars', 'bmw')));
    await a.upsert('cars', { _id: 'kia', doors: 4 });
    await writeMeanwhile();

    b.mend();
    await settle();

    expect(world.server.redis.trimmedUpTo).toBeGreaterThan(3);
    expect(events.map(({ change }) => Array.from(change.after, ({ id }) => id).toSorted())).toEqual([
      ['kia', 'opel', 'vw'],
    ]);
    expect(events[0]?.change).toMatchObject({
      removed: [{ id: 'bmw', reason: 'REMOVED' }],
      updated: [{}],
      inserted: [{}],
    });
    expect(Array.from(view.all('cars'), ({ id }) => id).toSorted()).toEqual(['bmw', 'opel', 'vw']);
    expect(view.count('cars')).toBe(3);
    expect([b.read('cars', 'vw'), b.read('cars', 'bmw')]).toEqual([{ doors: 3 }, undefined]);
  });

  it('hands on what it journaled meanwhile, and its token is reached by others', async () => {
    const { a, b, settle, writeMeanwhile } = await trimmedPast(48);
    const token = await b.upsert('cars', { _id: 'vw', colour: 'red' });
    await a.upsert('cars', { _id: 'vw', doors: 3 });
    await writeMeanwhile();

    b.mend();
    await settle();
    await a.waitFor(token);

    expect(a.read('cars', 'vw')).toEqual({ doors: 3, colour: 'red' });
    expect(b.read('cars', 'vw')).toEqual({ doors: 3, colour: 'red' });
    expect(b.replica.status).toMatchObject({ unsent: 0, problem: undefined, connected: true });
  });

  it('P41: does not take for too late what a copy of its disk handed on meanwhile, and shows that all along', async () => {
    const { a, b, world, settle, pass } = await simulate({ seed: 900_158, snapshots: often });
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    const copy = new SimulatedReplica(world, world.addMachine({ disk: true }));
    copy.machine.useDisk(there(a.machine.disk, 'disk').contents);
    copy.start();
    await world.run(() => b.read('cars', 'vw') !== undefined, 10_000);
    await writeOver(world, b, 4);
    const events: LiveEvent[] = [];
    a.replica.live({ collection: 'cars', filter: undefined, order: [], first: undefined }, (event) =>
      events.push(event),
    );

    a.mend();
    await pass(2_000);
    await settle();

    expect(world.server.redis.trimmedUpTo).toBeGreaterThan(2);
    expect(a.replica.counters.transactionsLate).toBe(0);
    expect(a.machine.disk?.contents.tooLate).toEqual([]);
    expect(events.flatMap(({ change }) => change.removed)).toEqual([]);
    expect(a.read('cars', 'vw')).toEqual({ doors: 4 });
  });
});

describe('P32: the log', () => {
  it('is bounded however much is written, and so are the generations that are kept', async () => {
    const { a, world, settle } = await simulate({ seed: 49, snapshots: { ...often, snapshotMinimumBytes: 5_000 } });

    let most = 0;
    for (let number = 0; number < 400; number += 1) {
      await a.upsert('numbers', { _id: `${number % 5}`, number });
      await world.run(() => false, 20);
      most = Math.max(most, logBytes(world));
    }
    await settle();

    expect(world.server.redis.trimmedUpTo).toBeGreaterThan(200);
    // What is written within a heartbeat and a lease comes on top.
    expect(most).toBeLessThan(80_000);
    expect(generations(world)).toHaveLength(2);
    expect(await problemOfStored(world.server.redis, world.oracle)).toBeUndefined();
  });

  it('that was begun on an empty Redis is kept for a while', async () => {
    const { a, world, settle } = await simulate({ seed: 50, snapshots: { ...often, newLogKeepMilliseconds: 20_000 } });
    await writeOver(world, a, 4);
    expect(world.scheduler.now).toBeLessThan(20_000);
    expect(world.server.redis.trimmedUpTo).toBe(0);

    await world.run(() => world.scheduler.now > 21_000, 30_000);
    await writeOver(world, a, 2);
    await settle();

    expect(world.server.redis.trimmedUpTo).toBeGreaterThan(0);
  });
});

describe('P19, P21 and P22: a writer that dies', () => {
  it('at any step is followed by another, and leaves nothing behind', async () => {
    for (let calls = 1; calls <= 12; calls += 1) {
      const { a, b, world, settle } = await simulate({
        seed: 60 + calls,
        snapshots: { ...often, chunkKeepMilliseconds: 1_000 },
      });
      for (let number = 0; number < 5; number += 1) await a.upsert('numbers', { _id: `${number}`, number });
      a.machine.running?.process.dieAtCall(calls, calls % 2 === 0);
      await world.run(() => a.machine.running === undefined, 5_000);

      await writeOver(world, b, 3);
      await settle();

      const named = [manifestOf(world)?.generation.name, manifestOf(world)?.before?.name];
      expect(generations(world).toSorted()).toEqual(named.toSorted());
      const chunks = [...world.server.redis.snapshots.contents.chunks].filter(
        ([, { until }]) => until > world.scheduler.now,
      );
      expect(new Set(chunks.map(([key]) => key.split(' ')[0]))).toEqual(new Set(named));
      expect(await problemOfStored(world.server.redis, world.oracle)).toBeUndefined();
    }
  });

  it('or is paused, and wakes after another has finished, harms nothing', async () => {
    for (let wait = 0; wait < 8; wait += 1) {
      const { a, b, world, settle, pass } = await simulate({ seed: 80 + wait, snapshots: often });
      for (let number = 0; number < 5; number += 1) await a.upsert('numbers', { _id: `${number}`, number });
      // Just after it took the lease, and a little later in each turn of this loop.
      await world.run(() => world.server.redis.snapshots.contents.leases.size > 0, 5_000);
      const [paused, other] = a.machine.running?.process ? [a, b] : [b, a];
      await pass(wait);
      paused.machine.running?.process.freeze();
      await writeOver(world, other, 3);
      paused.machine.running?.process.resume();
      await settle();

      expect(await problemOfStored(world.server.redis, world.oracle)).toBeUndefined();
      expect(generations(world)).toHaveLength(2);
      expect((await joined(world)).replica.status.documentCount).toBe(other.replica.status.documentCount);
    }
  });
});
