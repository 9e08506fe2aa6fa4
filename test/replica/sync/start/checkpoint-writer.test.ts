import { expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../../errors.ts';
import { applyOperations } from '../../../../replica/crdt/document.ts';
import type { Checkpoint } from '../../../../replica/log/checkpoint.ts';
import { markAtStart } from '../../../../replica/log/entry.ts';
import { Prefix } from '../../../../replica/state/prefix.ts';
import { CheckpointWriter } from '../../../../replica/sync/start/checkpoint-writer.ts';
import { newPath, openFolder } from '../../lmdb/folders.ts';
import { quiet, timers } from '../../replicas.ts';

const log = '0123456789abcdef0123456789abcdef';

/** With a document of each id, as of a place where each origin had that last number. */
function prefixWith(ids: readonly string[], origins: Readonly<Record<string, number>>): Prefix {
  const writer = { origin: 'a.x', number: 1, time: 1_000, log, position: 1, covers: () => true };
  const state = applyOperations(undefined, [{ kind: 'makeMap', path: [], isDefault: false }], writer);
  if (state === undefined) throw new Error('a document that was made is there');
  const records = ids.map((id) => ({ collection: 'cars', id, state }));
  return new Prefix({ log, position: 1, mark: markAtStart('1') }, [], records, new Map(Object.entries(origins)));
}

async function contentsOf(kept: Checkpoint) {
  const state = await kept.load();
  return state && { ids: Array.from(state.records, ({ id }) => id), origins: Object.fromEntries(state.origins) };
}

it('P33: of a prefix in whose place another came, before it was on the disk, nothing is kept with that', async () => {
  const folder = await openFolder(await newPath());
  const { checkpoint: kept } = folder;
  if (!kept) throw new Error("a replica's folder keeps a prefix");
  const keeper = new CheckpointWriter({ kept, timers, logger: quiet, intervalMilliseconds: 1 });

  keeper.begin(prefixWith(['vw', 'bmw'], { 'a.x': 7, 'b.x': 3 }), false);
  keeper.begin(prefixWith(['vw'], { 'a.x': 5 }), false);
  await expect.poll(() => contentsOf(kept)).toEqual({ ids: ['vw'], origins: { 'a.x': 5 } });
  await keeper.stop();
});

it('P33: a prefix that the disk did not take is kept once it does, and until then the one before it', async () => {
  const folder = await openFolder(await newPath());
  const { checkpoint } = folder;
  if (!checkpoint) throw new Error("a replica's folder keeps a prefix");
  let isFull = false;
  let refused = 0;
  const kept: Checkpoint = {
    load: () => checkpoint.load(),
    beginAnew: () => checkpoint.beginAnew(),
    async keep(change) {
      if (!isFull) return await checkpoint.keep(change);
      refused += 1;
      throw new StoreUnavailableError('the disk is full');
    },
  };
  const keeper = new CheckpointWriter({ kept, timers, logger: quiet, intervalMilliseconds: 1 });
  const before = { ids: ['vw'], origins: { 'a.x': 5 } };
  keeper.begin(prefixWith(['vw'], { 'a.x': 5 }), false);
  await expect.poll(() => contentsOf(kept)).toEqual(before);

  isFull = true;
  keeper.begin(prefixWith(['vw', 'bmw'], { 'a.x': 7 }), false);
  await expect.poll(() => refused).toBeGreaterThan(1);
  expect(await contentsOf(kept)).toEqual(before);
  isFull = false;

  await expect.poll(() => contentsOf(kept)).toEqual({ ids: ['bmw', 'vw'], origins: { 'a.x': 7 } });
  await keeper.stop();
});
