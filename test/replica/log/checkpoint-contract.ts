/** What every adapter of the kept prefix promises: replica/log/checkpoint.ts, and docs/internals/protocol.md, P33. */
import { describe, expect, it } from 'vitest';
import { encodeDocument } from '../../../replica/codec/document-codec.ts';
import { applyOperations, documentValue } from '../../../replica/crdt/document.ts';
import type { Checkpoint, CheckpointDocument } from '../../../replica/log/checkpoint.ts';
import { markAtStart } from '../../../replica/log/entry.ts';

export interface CheckpointUnderTest extends AsyncDisposable {
  readonly kept: Checkpoint;
  /** The same disk, as the next process finds it. */
  reopen(): Promise<CheckpointUnderTest>;
}

const headAt = (position: number) => ({ log: 'log', position, mark: markAtStart(`${position}`) });
const whole = (position: number) => ({
  head: headAt(position),
  closedLogs: [],
  skipped: [],
  keptFrom: 0,
});
const run = (last: number) => ({ last, bytes: Buffer.from(`the entries that end at ${last}`) });

function document(id: string, name: string): CheckpointDocument {
  const writer = { origin: 'a.x', number: 7, time: 1_000, log: 'log', position: 3, covers: () => true };
  const state = applyOperations(
    undefined,
    [{ kind: 'assign', path: ['name'], value: name, isDefault: false, floors: [] }],
    writer,
  );
  return { collection: 'cars', id, state: state && encodeDocument(state), removed: undefined };
}

const removed = (id: string): CheckpointDocument => ({
  collection: 'cars',
  id,
  state: undefined,
  removed: { collection: 'cars', id, position: 9, time: 2_000 },
});

async function contentsOf(kept: Checkpoint) {
  const state = await kept.load();
  if (!state) return undefined;
  const names = Array.from(state.records).flatMap(({ id, state: one }) => (one ? [[id, documentValue(one).name]] : []));
  return {
    position: state.head.position,
    closedLogs: state.closedLogs,
    skipped: state.skipped,
    origins: Object.fromEntries(state.origins),
    names: Object.fromEntries(names),
    removed: Array.from(state.removed, ({ id, position, time }) => [id, position, time]),
  };
}

export function describeCheckpoint(name: string, open: () => Promise<CheckpointUnderTest>): void {
  describe(`P33: ${name}`, () => {
    it('holds nothing at first', async () => {
      await using disk = await open();
      expect(await disk.kept.load()).toBeUndefined();
    });

    it('gives back what was kept, the newest of each, after a restart too', async () => {
      await using disk = await open();
      const { kept } = disk;
      const skipped = [{ origin: 'b.x', after: 2, upTo: 5 }];
      const closedLogs = [{ log: 'older', position: 4, marks: [{ position: 4, mark: markAtStart('4') }] }];
      await kept.keep({
        documents: [document('vw', 'first'), document('bmw', 'second')],
        origins: new Map([['a.x', 3]]),
        runs: [],
        whole: whole(5),
      });
      await kept.keep({
        documents: [document('vw', 'third'), removed('bmw')],
        origins: new Map([
          ['a.x', 4],
          ['b.x', 1],
        ]),
        runs: [],
        whole: { ...whole(9), closedLogs, skipped },
      });

      const expected = {
        position: 9,
        closedLogs,
        skipped,
        origins: { 'a.x': 4, 'b.x': 1 },
        names: { vw: 'third' },
        removed: [['bmw', 9, 2_000]],
      };
      expect(await contentsOf(kept)).toEqual(expected);
      await using again = await disk.reopen();
      expect(await contentsOf(again.kept)).toEqual(expected);
    });

    it('gives back the entries that were kept, rising, but those up to where none is kept any more', async () => {
      await using disk = await open();
      const { kept } = disk;
      const keep = (lasts: readonly number[], keptFrom?: number) =>
        kept.keep({
          documents: [],
          origins: new Map(),
          runs: lasts.map(run),
          whole: keptFrom === undefined ? undefined : { ...whole(300), keptFrom },
        });
      await keep([2]);
      await keep([9, 255], 0);
      await keep([256, 300], 2);

      await using again = await disk.reopen();
      const state = await again.kept.load();
      expect(state?.runs.map(({ last, bytes }) => [last, String(bytes)])).toEqual(
        [9, 255, 256, 300].map((last) => [last, String(run(last).bytes)]),
      );
      await again.kept.beginAnew();
      await again.kept.keep({ documents: [], origins: new Map(), runs: [], whole: whole(1) });
      expect((await again.kept.load())?.runs).toEqual([]);
    });

    it('holds nothing to load while only parts of the first whole are there', async () => {
      await using disk = await open();
      const { kept } = disk;
      await kept.beginAnew();
      await kept.keep({ documents: [document('vw', 'a part')], origins: new Map(), runs: [], whole: undefined });
      expect(await kept.load()).toBeUndefined();

      await kept.keep({
        documents: [document('bmw', 'the rest')],
        origins: new Map([['b.x', 2]]),
        runs: [],
        whole: whole(7),
      });

      expect(await contentsOf(kept)).toMatchObject({ position: 7, names: { vw: 'a part', bmw: 'the rest' } });
    });

    it('gives back what was kept until another prefix is whole beside it, after a restart too', async () => {
      await using first = await open();
      const change = (id: string, position?: number) => ({
        documents: [document(id, id)],
        origins: new Map([[`${id}.x`, 1]]),
        runs: [run(position ?? 0)],
        whole: position === undefined ? undefined : { ...whole(position), keptFrom: -1 },
      });
      const namesOf = async (kept: Checkpoint) => {
        const { runs = [] } = (await kept.load()) ?? {};
        const { names, origins, position } = (await contentsOf(kept)) ?? {};
        return [
          Object.keys(names ?? {}).sort(),
          Object.keys(origins ?? {}).sort(),
          runs.map(({ last }) => last),
          position,
        ];
      };
      await first.kept.keep(change('old', 1));

      await first.kept.beginAnew();
      expect(await namesOf(first.kept)).toEqual([['old'], ['old.x'], [1], 1]);
      await first.kept.keep(change('part'));
      expect(await namesOf(first.kept)).toEqual([['old'], ['old.x'], [1], 1]);

      // The part is nobody's any more.
      await using second = await first.reopen();
      expect(await namesOf(second.kept)).toEqual([['old'], ['old.x'], [1], 1]);
      await second.kept.keep(change('later', 2));
      expect(await namesOf(second.kept)).toEqual([['later', 'old'], ['later.x', 'old.x'], [1, 2], 2]);

      await second.kept.beginAnew();
      await second.kept.keep(change('another'));
      await second.kept.beginAnew();
      await second.kept.keep(change('next'));
      await second.kept.keep(change('rest', 7));
      const next = [['next', 'rest'], ['next.x', 'rest.x'], [0, 7], 7];
      expect(await namesOf(second.kept)).toEqual(next);
      await using third = await second.reopen();
      expect(await namesOf(third.kept)).toEqual(next);
      await third.kept.keep(change('more', 8));
      await using fourth = await third.reopen();
      expect((await namesOf(fourth.kept))[3]).toBe(8);
    });

    it('forgets that a document was removed once it is there again', async () => {
      await using disk = await open();
      const { kept } = disk;
      await kept.keep({ documents: [removed('vw')], origins: new Map([['a.x', 1]]), runs: [], whole: whole(1) });

      await kept.keep({
        documents: [document('vw', 'back')],
        origins: new Map([['a.x', 2]]),
        runs: [],
        whole: whole(2),
      });

      expect(await contentsOf(kept)).toMatchObject({ names: { vw: 'back' }, removed: [] });
    });
  });
}
