/** A replica that can neither heal nor load, or stands before an entry that does not decode, until that is over. */
import { describe, expect, it } from 'vitest';
import { emptyServer, type SavedServer } from './server.ts';
import { fresh, simulate } from './site.ts';

const garbage = new Uint8Array([0, 1, 2]);

/** Redis with bytes that are no entry at a position, and no chunk of a snapshot. */
const damagedAt = (position: number, { contents, history }: SavedServer): SavedServer => ({
  contents: {
    ...contents,
    stream: contents.stream.map((entry) => (entry.last === position ? { ...entry, bytes: garbage } : entry)),
    snapshots: { ...contents.snapshots, chunks: new Map() },
  },
  history,
});

describe('a replica that has stopped taking part', () => {
  it('P44: takes part again once another has handed on what it does not keep any more', async () => {
    const { a, b, world, pass, settle } = await simulate({
      seed: 406_843,
      disks: false,
      snapshots: { snapshotMinimumBytes: 1, newLogKeepMilliseconds: 0 },
    });
    const c = await fresh(world);
    await b.waitFor(await a.upsert('cars', { _id: 'vw' }));
    const saved = world.server.save();
    world.split(({ name }) => name !== a.machine.name);
    await pass(2_000);
    for (const _id of ['bmw', 'fiat', 'seat']) {
      await c.waitFor(await b.upsert('cars', { _id }));
      await pass(5_000);
    }
    // c has these as transactions; b begins anew, and has them from a snapshot.
    await c.cutOff();
    b.crash();
    b.start();
    await pass(5_000);
    await b.cutOff();
    await a.upsert('cars', { _id: 'audi' });
    world.goBack(saved);
    await world.run(() => a.replica.status.version[0]?.log.endsWith('-grown') === true, 20_000);
    world.unite(world.server);

    b.mend();
    await pass(10_000);
    const stopped = b.replica.status;
    c.mend();
    await settle();

    expect([stopped.connected, stopped.problem]).toEqual([false, expect.stringContaining('has stopped taking part')]);
    for (const one of [a, b, c]) {
      expect(one.replica.status).toMatchObject({ connected: true, problem: undefined });
      expect(['vw', 'bmw', 'audi', 'seat'].map((id) => one.read('cars', id))).toEqual([{}, {}, {}, {}]);
    }
  });
});

describe('a replica before an entry that does not decode', () => {
  it('P44: finds another log that came in the place of that one, while it tried to load a snapshot past it', async () => {
    const { a, b, world, pass, settle } = await simulate({ seed: 7, snapshots: { snapshotMinimumBytes: 1 } });
    await b.waitFor(await a.upsert('cars', { _id: 'vw' }));
    // It grew from another now: without a snapshot nobody can load it.
    world.goBack(emptyServer);
    await settle();
    await b.cutOff();
    await a.upsert('cars', { _id: 'bmw' });
    const { position } = world.oracle;
    for (const _id of ['audi', 'skoda']) {
      await pass(5_000);
      await a.upsert('cars', { _id });
    }
    await pass(5_000);
    a.crash();
    world.goBack(damagedAt(position, world.server.save()));
    b.mend();
    await pass(5_000);
    const { problem } = b.replica.status;

    world.goBack(emptyServer);
    await settle();

    expect(problem).toMatch(/does not decode: loading what is stored/);
    expect(b.replica.status).toMatchObject({ connected: true, problem: undefined });
    expect(b.read('cars', 'vw')).toEqual({});
  });
});
