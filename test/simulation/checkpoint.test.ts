/** The simulated disk promises of the kept prefix what LMDB does; and replicas that start from it. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import { type CheckpointUnderTest, describeCheckpoint } from '../replica/log/checkpoint-contract.ts';
import { Disk, emptyDisk, SimulatedJournal } from './disk.ts';
import { Process } from './process.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { emptyServer } from './server.ts';
import { evicting, simulate, upserting } from './site.ts';

describeCheckpoint('the kept prefix on the simulated disk', async () => underTest(new Disk()));

function underTest(disk: Disk): CheckpointUnderTest {
  const scheduler = new Scheduler(() => {});
  const process = new Process('m1', scheduler, { now: () => 0, rate: 1 }, () => {});
  const { checkpoint } = new SimulatedJournal(disk, process, scheduler, new Random(1), () => {});
  const soon = async <Result>(promise: Promise<Result>): Promise<Result> => {
    await scheduler.run(() => false, 1_000);
    return await promise;
  };
  return {
    kept: {
      load: () => soon(checkpoint.load()),
      keep: (change) => soon(checkpoint.keep(change)),
      beginAnew: () => soon(checkpoint.beginAnew()),
    },
    reopen: async () => underTest(disk),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** No time comes at which the prefix is kept. */
const never = { keepMilliseconds: 1e9 };

/** Replica a's disk has all, and from now on no states. */
async function keepNoMore({ a, world, settle, pass }: Awaited<ReturnType<typeof simulate>>): Promise<void> {
  await settle();
  await pass(2_000);
  world.snapshotTiming = never;
  a.crash();
  a.start();
  await world.run(() => a.machine.serving !== undefined, 30_000);
}

describe('P33: a replica with a disk', () => {
  it('starts from there, and reads only the tail of the log', async () => {
    const { a, b, settle, pass } = await simulate({ seed: 31 });
    for (let number = 0; number < 20; number += 1) await a.upsert('cars', { _id: `${number}`, number });
    await settle();
    await pass(2_000);
    a.crash();
    for (let number = 20; number < 25; number += 1) await b.upsert('cars', { _id: `${number}`, number });
    expect(a.machine.disk?.contents.kept.whole?.head.position).toBe(20);

    a.start();
    await settle();

    expect(a.replica.status.documentCount).toBe(25);
    // What it read of the log is what it knows the marks of.
    expect(a.replica.counters.transactionsApplied).toBe(0);
    expect(a.machine.disk?.contents.kept.documents.size).toBeGreaterThanOrEqual(20);
  });

  it('starts without its site, serves what it has, takes writes, and says so', async () => {
    const { a, b, world, settle, pass } = await simulate({ seed: 32 });
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    await settle();
    await pass(2_000);
    a.crash();
    world.cut(a.machine);
    await b.upsert('cars', { _id: 'vw', make: 'VW' });

    a.start();
    await world.run(() => a.machine.serving !== undefined, 30_000);
    expect(a.replica.status).toMatchObject({ ready: true, connected: false });
    expect(a.read('cars', 'vw')).toEqual({ doors: 4 });
    await a.upsert('cars', { _id: 'vw', doors: 5 });
    expect(a.replica.status.unsent).toBe(1);

    a.mend();
    await settle();

    expect(a.replica.status).toMatchObject({ ready: true, connected: true, unsent: 0, problem: undefined });
    for (const replica of [a, b]) expect(replica.read('cars', 'vw')).toEqual({ doors: 5, make: 'VW' });
  });

  it('shows what its journal holds, too, when it starts without its site', async () => {
    const { a, world, settle } = await simulate({ seed: 33 });
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    await settle();
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', doors: 5 });
    a.crash();

    a.start();
    await world.run(() => a.machine.serving !== undefined, 30_000);

    expect(a.read('cars', 'vw')).toEqual({ doors: 5 });
    expect(a.replica.status).toMatchObject({ connected: false, unsent: 1 });
  });

  it('keeps what a write saw before it is journaled, so that a start without the site shows it', async () => {
    const { a, world, settle, pass } = await simulate({ seed: 36 });
    await settle();
    await pass(2_000);
    a.crash();
    world.snapshotTiming = never;
    a.start();
    await world.run(() => a.machine.serving?.replica.status.connected === true, 30_000);
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    expect(a.machine.disk?.contents.kept.whole?.head.position ?? 0).toBe(0);
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', make: 'VW' });
    expect(a.machine.disk?.contents.kept.whole?.head.position).toBe(1);
    a.crash();

    a.start();
    await world.run(() => a.machine.serving !== undefined, 30_000);

    expect(a.read('cars', 'vw')).toEqual({ doors: 4, make: 'VW' });
  });

  it('P48: hands on what it had applied before it crashed, where the log went back and was healed meanwhile', async () => {
    const { a, b, world, settle, pass } = await simulate({ seed: 38 });
    await b.waitFor(await a.upsert('cars', { _id: 'vw', doors: 4 }));
    const saved = world.server.save();
    await a.cutOff();
    await b.upsert('cars', { _id: 'vw', make: 'VW' });
    await b.upsert('cars', { _id: 'bmw' });
    await pass(2_000);
    b.crash();
    world.goBack(saved);
    a.mend();
    await a.upsert('cars', { _id: 'vw', doors: 5 });
    // What a has of the log is what it was: another log begins with that.
    world.goBack(emptyServer);
    await world.run(() => a.replica.status.version[0]?.log.endsWith('-grown') === true, 20_000);

    b.start();
    await settle();

    for (const one of [a, b]) {
      expect(one.replica.status).toMatchObject({ connected: true, problem: undefined });
      expect(['vw', 'bmw'].map((id) => one.read('cars', id))).toEqual([{ doors: 5, make: 'VW' }, {}]);
    }
  });

  it('keeps what many writes change in good time, each time anew', async () => {
    const { a, world, settle } = await simulate({ seed: 37 });
    a.crash();
    world.snapshotTiming = never;
    a.start();
    await settle();
    const kept = () => a.machine.disk?.contents.kept.documents.size ?? 0;

    for (let time = 1; time <= 3; time += 1) {
      const ids = Array.from({ length: limits.keysPerTurn }, (_, index) => `${time} ${index}`);
      await world.until(a.send(...ids.map((_id) => upserting('cars', { _id }))));
      await world.run(() => kept() === time * limits.keysPerTurn, 10_000);
      expect(kept()).toBe(time * limits.keysPerTurn);
    }
  });

  it('writes what it has of the log in parts, where its disk has nothing yet, and starts from there', async () => {
    const { a, b, world, settle } = await simulate({ seed: 39 });
    const text = 'x'.repeat(limits.entryBytesPerTurn / 4);
    for (let number = 0; number < 12; number += 1) await b.upsert('cars', { _id: `${number}`, text });
    await settle();
    a.crash();
    world.replaceDisk(a.machine, emptyDisk);
    const { kept: nothing } = emptyDisk;
    const kept = () => a.machine.disk?.contents.kept ?? nothing;
    const anew = () => a.machine.disk?.contents.keptAnew ?? nothing;

    a.start();
    await world.run(() => anew().runs.length > 0, 30_000);
    expect([kept(), anew().whole]).toEqual([nothing, undefined]);
    expect(anew().runs.length).toBeLessThan(3);
    await world.run(() => kept().whole !== undefined, 30_000);
    expect(kept().runs.map(({ last }) => last)).toEqual([4, 8, 12]);

    a.crash();
    a.start();
    await settle();
    expect(a.replica.status.documentCount).toBe(12);
    expect(a.replica.counters.transactionsApplied).toBe(0);
  });

  it('has what it kept last until another prefix is whole on its disk, whatever becomes of Redis', async () => {
    const { a, b, world, settle, pass } = await simulate({ seed: 40 });
    for (let number = 0; number < 12; number += 1) await a.upsert('cars', { _id: `${number}` });
    await settle();
    await pass(2_000);
    world.goBack(emptyServer);
    const isWritingAnew = () => a.machine.disk?.contents.keptAnew !== undefined;
    await world.run(isWritingAnew, 30_000);
    expect(isWritingAnew()).toBe(true);

    for (const replica of [a, b]) replica.crash();
    world.replaceDisk(b.machine, emptyDisk);
    world.goBack(emptyServer);
    for (const replica of [a, b]) replica.start();
    await settle();

    for (const { replica } of [a, b]) expect(replica.status).toMatchObject({ documentCount: 12, problem: undefined });
  });

  it('keeps what was evicted hidden, when the write that it was evicted with comes only later', async () => {
    const site = await simulate({ seed: 34 });
    const { a, world, settle } = site;
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    await keepNoMore(site);
    await a.upsert('cars', { _id: 'vw', doors: 5 });
    await world.until(a.send(evicting('cars', 'vw')));
    a.crash();
    world.cut(a.machine);

    a.start();
    await world.run(() => a.machine.serving !== undefined, 30_000);
    expect(a.read('cars', 'vw')).toEqual({ doors: 4 });
    a.mend();
    await settle();

    expect(a.read('cars', 'vw')).toBeUndefined();
  });

  it('keeps what was evicted hidden, when the write that showed it again comes only later', async () => {
    const site = await simulate({ seed: 41 });
    const { a, b, world, settle } = site;
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    await world.until(a.send(evicting('cars', 'vw')));
    await keepNoMore(site);
    await b.upsert('cars', { _id: 'vw', doors: 5 });
    await settle();
    expect(a.read('cars', 'vw')).toEqual({ doors: 5 });
    a.crash();
    world.cut(a.machine);

    a.start();
    await world.run(() => a.machine.serving !== undefined, 30_000);
    expect(a.read('cars', 'vw')).toBeUndefined();
    a.mend();
    await settle();

    expect(a.read('cars', 'vw')).toEqual({ doors: 5 });
  });

  it('keeps hidden what was evicted once more meanwhile, when the write that it was evicted with first comes', async () => {
    const site = await simulate({ seed: 2_005_944 });
    const { a, world, settle } = site;
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    await keepNoMore(site);
    await a.upsert('cars', { _id: 'vw', doors: 5 });
    await world.until(a.send(evicting('cars', 'vw')));
    a.crash();
    world.cut(a.machine);
    a.start();
    await world.run(() => a.machine.serving !== undefined, 30_000);
    await a.upsert('cars', { _id: 'vw', doors: 6 });
    await world.until(a.send(evicting('cars', 'vw')));

    a.mend();
    await settle();

    expect(a.read('cars', 'vw')).toBeUndefined();
  });

  it('that the log was trimmed past loads the snapshot', async () => {
    const snapshots = { snapshotMinimumBytes: 1, newLogKeepMilliseconds: 0, leaseMilliseconds: 500 };
    const { a, b, world, settle, pass } = await simulate({ seed: 35, snapshots });
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    await pass(2_000);
    a.crash();
    for (let number = 0; number < 100; number += 1) {
      await b.upsert('numbers', { _id: `${number % 20}`, number });
      await pass(100);
    }

    a.start();
    await settle();
    await pass(2_000);

    expect(world.server.redis.trimmedUpTo).toBeGreaterThan(50);
    expect(a.replica.status.documentCount).toBe(21);
    expect(a.machine.disk?.contents.kept.whole?.head.position).toBe(101);
  });
});
