/** What happens when the log went back, in a simulated site: one story each. Random ones are in simulation.test.ts. */
import { describe, expect, it } from 'vitest';
import { there } from '../servers/there.ts';
import { emptySnapshots } from './redis-snapshots.ts';
import { emptyServer, type SavedServer } from './server.ts';
import { evicting, fresh, SimulatedReplica, simulate, upserting } from './site.ts';

const withoutSnapshots = ({ contents, history }: SavedServer): SavedServer => ({
  contents: { ...contents, snapshots: emptySnapshots },
  history,
});

describe('a log that went back', () => {
  it('P47: is there again, whole, within seconds after Redis was wiped', async () => {
    const { a, b, world, settle } = await simulate({ seed: 1, disks: false });
    await b.waitFor(await a.upsert('cars', { _id: 'vw', doors: 4 }));
    await a.waitFor(await b.increment('cars', 'vw', 5));

    world.goBack(emptyServer);
    await settle();

    const c = await fresh(world);
    expect([a, b, c].map((one) => one.read('cars', 'vw'))).toEqual([...Array(3)].map(() => ({ doors: 4, n: 5 })));
    expect(world.scheduler.now).toBeLessThan(20_000);
  });

  it('P44: is healed by who has all of it, also where the snapshot that it began with is gone', async () => {
    const { a, b, world, settle } = await simulate({ seed: 5, disks: false });
    await b.waitFor(await a.upsert('cars', { _id: 'vw', doors: 4 }));
    world.goBack(emptyServer);
    await settle();
    // It grew from another log now: without its snapshot nobody can load it.
    const saved = world.server.save();
    await b.waitFor(await a.increment('cars', 'vw', 5));

    world.goBack(withoutSnapshots(saved));
    await settle();

    const c = await fresh(world);
    expect([a, b, c].map((one) => one.read('cars', 'vw'))).toEqual([...Array(3)].map(() => ({ doors: 4, n: 5 })));
  });

  it('P48: keeps what it had and what was written on top of it, each once, before anybody noticed', async () => {
    const { a, b, world, settle } = await simulate({ seed: 2 });
    await b.waitFor(await a.increment('cars', 'vw', 1).catch(() => a.upsert('cars', { _id: 'vw' })));
    const saved = world.server.save();
    await b.cutOff();
    await a.increment('cars', 'vw', 5);

    world.goBack(saved);
    const c = await fresh(world);
    await c.increment('cars', 'vw', 10);
    b.mend();
    await b.increment('cars', 'vw', 100);
    await settle();

    expect([a, b, c].map((one) => one.read('cars', 'vw'))).toEqual([...Array(3)].map(() => ({ n: 115 })));
    expect([a, b, c].map(({ replica }) => replica.status.problem)).toEqual([undefined, undefined, undefined]);
  });

  it('P42: a write that had not seen the other history does not undo what stands there', async () => {
    const { a, b, world, pass, settle } = await simulate({ seed: 3 });
    await b.waitFor(await a.upsert('cars', { _id: 'vw', doors: 4 }));
    world.split((machine) => machine === b.machine);
    await world.run(() => b.machine.serving?.replica.status.connected === true, 5_000);
    // At the same positions, in both: other things.
    await a.upsert('cars', { _id: 'bmw', doors: 2 });
    await a.upsert('cars', { _id: 'vw', doors: 3 });
    await b.upsert('cars', { _id: 'audi', doors: 2 });
    await b.upsert('cars', { _id: 'vw', doors: 5 });

    world.unite(world.server);
    // Both stand at the same position, of different histories: b has to notice.
    await pass(5_000);
    await settle();

    // Neither saw the other's: the later is shown, and the other is not gone.
    expect([a.read('cars', 'vw'), b.read('cars', 'vw')]).toEqual([{ doors: 5 }, { doors: 5 }]);
    expect([a, b].map((one) => one.conflicts('cars', 'vw'))).toEqual([[3], [3]]);
    expect([a.read('cars', 'bmw'), b.read('cars', 'bmw')]).toEqual([{ doors: 2 }, { doors: 2 }]);
    expect([a.read('cars', 'audi'), b.read('cars', 'audi')]).toEqual([{ doors: 2 }, { doors: 2 }]);
  });

  it('P45: is begun by who cannot hand on what it has, where others can', async () => {
    const { a, b, world, pass, settle } = await simulate({ seed: 150_215 });
    world.split((machine) => machine === b.machine);
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    await pass(2_000);
    a.crash();
    for (const _id of ['bmw', 'audi']) await b.upsert('cars', { _id });
    // What b has is further along; what a has is on its disk, as documents and no transactions.
    const [, other] = [...world.servers];
    world.unite(there(other, 'other server'));
    world.goBack(emptyServer);
    a.start();
    await pass(10_000);
    await settle();

    for (const one of [a, b]) {
      expect(one.replica.status.problem).toBeUndefined();
      expect(['vw', 'bmw', 'audi'].map((id) => one.read('cars', id))).toEqual([{ doors: 4 }, {}, {}]);
    }
  });

  it('P44: is of no matter to who had nothing of it: what it wrote meanwhile is handed on', async () => {
    const { a, b, world, pass, settle } = await simulate({ seed: 154_461 });
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', doors: 4 });
    b.crash();
    // Of the log that a stood in nobody knows any more; what is there grew from another.
    world.goBack(emptyServer);
    const c = await fresh(world);
    await c.upsert('cars', { _id: 'bmw' });
    world.goBack(emptyServer);
    await pass(10_000);
    a.mend();
    await pass(5_000);
    await settle();

    expect(a.replica.status.problem).toBeUndefined();
    for (const one of [a, c]) expect(['vw', 'bmw'].map((id) => one.read('cars', id))).toEqual([{ doors: 4 }, {}]);
  });

  it('P42: what is handed on twice still writes over what it had seen', async () => {
    const { a, b, world, pass, settle } = await simulate({ seed: 20_875, disks: false });
    const c = await fresh(world);
    world.split((machine) => machine === c.machine);
    // b saw what a wrote. Then both load a log that has both, and have nothing to hand on.
    await b.waitFor(await a.upsert('cars', { _id: 'vw', doors: 3 }));
    await a.waitFor(await b.upsert('cars', { _id: 'vw', doors: 5 }));
    world.goBack(emptyServer);
    await pass(10_000);
    await a.waitFor(await b.upsert('cars', { _id: 'audi' }));
    // The log that stays grew from the same one, without either.
    await c.upsert('cars', { _id: 'bmw' });
    const [, other] = [...world.servers];
    world.server = there(other, 'other server');
    world.goBack(emptyServer);
    await pass(10_000);
    world.unite(world.server);
    const shown: unknown[] = [];
    await world.run(() => {
      for (const one of [a, b]) shown.push([one.read('cars', 'vw'), one.conflicts('cars', 'vw')]);
      return world.isQuiet;
    }, 20_000);
    await settle();

    expect(new Set(shown.map((one) => JSON.stringify(one)))).toEqual(new Set(['[{"doors":5},[]]']));
    for (const one of [a, b, c]) {
      expect([one.read('cars', 'vw'), one.conflicts('cars', 'vw')]).toEqual([{ doors: 5 }, []]);
      expect([one.read('cars', 'audi'), one.read('cars', 'bmw')]).toEqual([{}, {}]);
    }
  });

  it('P42: what was handed on to the log that is there says the same in the log that the healer begins', async () => {
    const { a, b, world, pass, settle } = await simulate({ seed: 10, keepsPrefix: false });
    const c = await fresh(world);
    await c.waitFor(await a.upsert('cars', { _id: 'vw', doors: 1 }));
    world.split((machine) => machine === c.machine);
    const [one, other] = [...world.servers];
    if (!one || !other) throw new Error('there are two masters');
    // In the one: b wrote over what a wrote, and did not see what c wrote.
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', doors: 2 });
    const journal = a.machine.disk?.contents;
    a.mend();
    await pass(2_000);
    await b.cutOff();
    await b.upsert('cars', { _id: 'vw', doors: 3 });
    // In the other: c's at the same position, and what a wrote after it.
    await c.upsert('cars', { _id: 'vw', doors: 4 });
    world.server = other;
    const copy = new SimulatedReplica(world, world.addMachine({ disk: true }));
    copy.machine.useDisk(there(journal, 'journal'));
    copy.start();
    await pass(5_000);
    copy.crash();
    world.goBack(emptyServer);
    await pass(10_000);
    // In the one a new log begins, too, and what b wrote is handed on to that.
    world.server = one;
    world.goBack(emptyServer);
    await pass(10_000);
    b.mend();
    await pass(5_000);
    for (const replica of [a, b]) replica.crash();

    world.unite(one);
    await pass(10_000);
    await settle();

    const shown = [c.read('cars', 'vw'), c.conflicts('cars', 'vw')];
    expect(shown).toEqual([{ doors: 4 }, [3]]);
  });

  it('P50: a token of before is good after', async () => {
    const { a, b, world, settle } = await simulate({ seed: 4 });
    const token = await a.upsert('cars', { _id: 'vw', doors: 4 });
    await b.waitFor(token);

    world.goBack(emptyServer);
    await settle();

    const c = await fresh(world);
    await c.waitFor(token);
    expect(c.read('cars', 'vw')).toEqual({ doors: 4 });
  });

  it('P50: a token past its end is waited for, where nobody is left who knew that, and is of another history in the end', async () => {
    const { a, b, world, settle } = await simulate({ seed: 155_801, disks: false });
    await b.waitFor(await a.upsert('cars', { _id: 'vw', doors: 4 }));
    const saved = world.server.save();
    await b.cutOff();
    const token = await a.upsert('cars', { _id: 'vw', doors: 5 });
    a.crash();
    world.goBack(saved);
    b.mend();
    await settle();

    await expect(b.waitFor(token)).rejects.toMatchObject({ code: 'REPLICA_BEHIND' });
    await b.upsert('cars', { _id: 'vw', doors: 6 });
    await expect(b.waitFor(token)).rejects.toMatchObject({ code: 'TOKEN_UNREACHABLE' });
  });

  it('P47: is healed though the first who tries is killed at any step of it', async () => {
    for (let calls = 1; calls <= 24; calls += 1) {
      const { a, b, world, settle } = await simulate({ seed: 100 + calls });
      await b.waitFor(await a.upsert('cars', { _id: 'vw', doors: 4 }));
      await b.cutOff();
      await a.upsert('cars', { _id: 'vw', doors: 5 });
      b.mend();
      await settle();

      world.goBack(emptyServer);
      await world.run(() => a.machine.running?.replica.status.problem !== undefined, 5_000);
      a.machine.running?.process.dieAtCall(calls, calls % 2 === 0);
      await world.run(() => !a.machine.running, 4_000);
      if (!a.machine.running) a.start();
      a.machine.running?.process.dieAtCall(Number.POSITIVE_INFINITY, false);
      await settle();

      const c = await fresh(world);
      expect([a, b, c].map((one) => one.read('cars', 'vw'))).toEqual([...Array(3)].map(() => ({ doors: 5 })));
    }
  });
});

describe('a journal', () => {
  it('P49: is handed on to a log that lacks what it saw, and shown when that is overdue', async () => {
    const { a, b, world, pass, settle } = await simulate({ seed: 5, keepsPrefix: false });
    await a.waitFor(await b.upsert('cars', { _id: 'vw', doors: 4 }));
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', doors: 5 });
    for (const { machine } of [a, b]) world.crash(machine);

    // Nobody has the first write any more.
    world.goBack(emptyServer);
    a.mend();
    a.start();
    await pass(20_000);
    const waiting = a.read('cars', 'vw');
    await pass(60_000);
    await settle();

    expect(waiting).toBeUndefined();
    expect(a.read('cars', 'vw')).toEqual({ doors: 5 });
  });

  it.each([
    ['is still in the log', {}],
    ['was trimmed off the log', { snapshotMinimumBytes: 1, newLogKeepMilliseconds: 0 }],
  ])('P41: that the log went on without is set aside by who starts with it when that %s', async (_, snapshots) => {
    const { a, b, world, pass, settle } = await simulate({ seed: 9, keepsPrefix: false, snapshots });
    await b.cutOff();
    await b.upsert('cars', { _id: 'vw', doors: 4 });
    const disk = b.machine.disk?.contents;
    b.mend();
    await settle();
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', doors: 5 });
    for (const { machine } of [a, b]) world.crash(machine);
    // The first write is on the disk of b alone, which is away.
    world.goBack(emptyServer);
    a.mend();
    a.start();
    await pass(80_000);
    await settle();
    for (let doors = 6; doors < 10; doors += 1) {
      await a.upsert('cars', { _id: 'bmw', doors });
      await pass(15_000);
    }

    b.machine.useDisk(there(disk, 'disk'));
    b.start();
    await pass(5_000);
    await settle();

    expect(b.machine.disk?.contents.tooLate).toHaveLength(1);
    expect([a, b].map((one) => one.read('cars', 'vw'))).toEqual([{ doors: 5 }, { doors: 5 }]);
  });

  it('P49: is shown once what it saw was handed on by another', async () => {
    const { a, b, world, pass, settle } = await simulate({ seed: 6, keepsPrefix: false });
    await a.waitFor(await b.upsert('cars', { _id: 'vw', doors: 4 }));
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', make: 'VW' });
    world.crash(a.machine);
    await b.cutOff();
    world.goBack(emptyServer);
    const c = await fresh(world);
    await c.upsert('cars', { _id: 'bmw' });
    a.mend();
    a.start();
    await pass(5_000);
    expect(a.read('cars', 'vw')).toBeUndefined();

    b.mend();
    await settle();

    expect([a, b, c].map((one) => one.read('cars', 'vw'))).toEqual([...Array(3)].map(() => ({ doors: 4, make: 'VW' })));
  });

  it('P49: that is shown only later does not show what was evicted meanwhile, and comes after it in the log', async () => {
    const { a, b, world, pass, settle } = await simulate({ seed: 2_005_912, keepsPrefix: false });
    const c = await fresh(world);
    await c.waitFor(await a.upsert('cars', { _id: 'vw' }));
    await c.cutOff();
    await a.waitFor(await b.upsert('cars', { _id: 'vw', doors: 4 }));
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', make: 'VW' });
    world.crash(a.machine);
    await b.cutOff();
    world.goBack(emptyServer);
    c.mend();
    await pass(10_000);
    a.mend();
    a.start();
    await pass(5_000);
    await a.cutOff();
    await a.upsert('cars', { _id: 'vw', doors: 7 });
    await world.until(a.send(evicting('cars', 'vw')));

    for (const one of [a, b]) one.mend();
    await settle();

    expect(a.read('cars', 'vw')).toBeUndefined();
    expect(c.read('cars', 'vw')).toEqual({ doors: 7, make: 'VW' });
  });
});

describe('origins', () => {
  it('P9: a hundred clean restarts on one disk leave their number as it was', async () => {
    const { a, world, settle } = await simulate({ seed: 7 });
    await a.upsert('cars', { _id: 'vw' });
    const origins = () => world.oracle.origins.size;
    const before = origins();

    for (let count = 0; count < 100; count += 1) {
      await world.until(world.stop(a.machine));
      a.start();
      await world.run(() => a.machine.serving?.replica.status.connected === true, 20_000);
      await world.until(a.send(upserting('cars', { _id: 'vw', count })));
    }
    await settle();

    expect(origins()).toBe(before);
    expect(a.read('cars', 'vw')).toEqual({ count: 99 });
  });
});

describe('a machine that is set back whole, with Redis on it', () => {
  it('P51: goes on under its old name, and loses nothing that it writes then', async () => {
    const { a, b, world, pass, settle } = await simulate({ seed: 8 });
    await a.upsert('cars', { _id: 'vw' });
    await settle();
    await world.until(world.stop(a.machine));
    const saved = world.server.save();
    const disk = a.machine.disk?.contents;
    a.start();
    await world.run(() => a.machine.serving?.replica.status.connected === true, 20_000);
    await b.waitFor(await a.increment('cars', 'vw', 1));
    await b.cutOff();

    world.crash(a.machine);
    world.goBack(saved);
    world.replaceDisk(a.machine, there(disk, 'disk'));
    a.start();
    await world.run(() => a.machine.serving?.replica.status.connected === true, 20_000);
    await a.increment('cars', 'vw', 10);
    b.mend();
    await pass(5_000);
    await settle();

    expect([a.read('cars', 'vw'), b.read('cars', 'vw')]).toEqual([{ n: 11 }, { n: 11 }]);
  });
});
