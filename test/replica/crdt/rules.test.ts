/** Rules of docs/internals/data-model.md where they meet each other: every order of arrival, every type beside every other, every end. */
import { describe, expect, it } from 'vitest';
import { TypeMismatchError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { decodeChunk, encodeChunk } from '../../../replica/codec/chunk-codec.ts';
import { decodeDocument, encodeDocument } from '../../../replica/codec/document-codec.ts';
import { countInto, ownCell } from '../../../replica/crdt/counter.ts';
import { conflictsOf, documentExists, documentValue, updatedAt, valueAt } from '../../../replica/crdt/document.ts';
import type { DocumentState } from '../../../replica/crdt/document-node.ts';
import { compareStamps, makeStamp } from '../../../replica/crdt/stamp.ts';
import { type Json, jsonFromValue } from '../../../replica/values/json.ts';
import { formatKeypath } from '../../../replica/values/keypath.ts';
import { there } from '../../servers/there.ts';
import { nothing, type Pen, type Sight } from './people.ts';

const car = nothing.by('Ann', 10, (pen) => pen.upsert({ name: 'Beetle', wheels: 4, owner: { name: 'Ann' } }));

/** All orders in which what saw nothing of each other may arrive. */
function orders(sights: readonly Sight[]): readonly Sight[] {
  if (sights.length === 0) return [nothing];
  return sights.flatMap((first) => orders(sights.filter((other) => other !== first)).map((rest) => first.and(rest)));
}

/** What stands at a path, and what beside it, as JSON. */
function variantsAt({ state }: Sight, path: string): readonly Json[] {
  const conflict = (state ? conflictsOf(state) : []).find((one) => formatKeypath(one.path) === path);
  const shown = state && valueAt(state, path.split('.'));
  if (!conflict) return shown === undefined ? [] : [jsonFromValue(shown)];
  return [conflict.shown, ...conflict.retained].map(({ value }) => jsonFromValue(value));
}

describe('default data', () => {
  const isCounter = () => true;
  /** The same field, as default data and as real data of each type. */
  const writes: Readonly<Record<string, (pen: Pen, isDefault: boolean) => void>> = {
    register: (pen, isDefault) => pen.upsert({ x: isDefault ? 'default' : 'real' }, strategyOf(isDefault)),
    map: (pen, isDefault) => pen.upsert({ x: { [isDefault ? 'd' : 'r']: true } }, strategyOf(isDefault)),
    counter: (pen, isDefault) => pen.upsert({ x: isDefault ? 1 : 2 }, strategyOf(isDefault)),
  };
  const strategyOf = (isDefault: boolean) => (isDefault ? 'INSERT_DEFAULT_IF_ABSENT' : 'MERGE');
  const shown: Readonly<Record<string, Json>> = { register: 'real', map: { r: true }, counter: 2 };
  const hidden: Readonly<Record<string, Json>> = { register: 'default', map: { d: true }, counter: 1 };
  const kinds = Object.keys(writes);
  const pairs = kinds.flatMap((real) => kinds.map((other) => [real, other] as const));

  it.each(pairs)(
    'M15: real data, a %s, is shown whenever it comes, and default data, a %s, never before it',
    (real, other) => {
      const written = nothing.by('Bob', 5, (pen) => there(writes[real], real)(pen, false), isCounter);
      const defaults = nothing.by('Zoe', 99, (pen) => there(writes[other], other)(pen, true), isCounter);
      const expected = real === 'map' && other === 'map' ? { r: true, d: true } : shown[real];
      for (const sight of orders([written, defaults])) {
        expect(sight.json).toEqual({ x: expected });
        expect(updatedAt(there(sight.state, 'document'))).toBe(5);
      }
      const after = defaults.by('Bob', 5, (pen) => pen.set('x', 'real'));
      expect(after.json).toEqual({ x: 'real' });
      expect(defaults.and(written).by('Cyd', 1, (pen) => pen.remove('x')).json).toEqual({});
    },
  );

  it.each(kinds)('M15: a %s alone is shown, and is again once the real data that was beside it is gone', (kind) => {
    const defaults = nothing.by('Zoe', 99, (pen) => writes[kind]?.(pen, true), isCounter);
    expect(defaults.json).toEqual({ x: hidden[kind] });
    const real = nothing.by('Bob', 5, (pen) => pen.upsert({ x: [true] }));
    const removed = real.by('Bob', 6, (pen) => pen.removeAll());
    for (const sight of orders([removed, defaults])) expect(sight.json).toEqual({ x: hidden[kind] });
  });

  it('M15: of two writers is told apart as other data is, by their names', () => {
    const [zoe, yan] = ['Zoe', 'Yan'].map((name) =>
      nothing.by(name, 99, (pen) => pen.upsert({ x: name }, 'INSERT_DEFAULT_IF_ABSENT')),
    );
    if (!zoe || !yan) throw new Error('there are two');
    for (const sight of orders([zoe, yan])) expect(variantsAt(sight, 'x')).toEqual(['Zoe', 'Yan']);
  });
});

describe('the latest', () => {
  it('M11: of a register is shown, however far apart times are', () => {
    const times = [5, 2 ** 31 + 4, 2 ** 31 * 3 + 1, 2 ** 52];
    const written = times.map((time) => car.by(`At${time}`, time, (pen) => pen.set('name', time)));
    for (const sight of orders(written)) expect(variantsAt(sight, 'name')).toEqual(times.toReversed());
  });

  it('M11: of one origin is the one of the greatest number', () => {
    const [first, second] = [1, 2].map((number) => makeStamp(undefined, 0, 'Ann', number, 5, false));
    if (!first || !second) throw new Error('there are two');
    expect([first, second].sort(compareStamps)).toEqual([second, first]);
  });

  it('M14: time is that of what is live: a counter that is hidden is not', () => {
    const counter = car.by('Bob', 20, (pen) => pen.replaceWithCounter('wheels'));
    expect(counter.state && updatedAt(counter.state)).toBe(20);
    const hidden = counter.by('Cyd', 5, (pen) => pen.set('wheels', 'many'));
    expect(hidden.state && updatedAt(hidden.state)).toBe(10);
  });
});

describe('conflicts', () => {
  const ann = car.by('Ann', 20, (pen) => pen.set('name', 'one'));
  const bob = car.by('Bob', 21, (pen) => pen.set('name', 'two'));
  const cyd = car.by('Cyd', 22, (pen) => pen.set('name', { three: true }));
  const dan = car.by('Dan', 23, (pen) => {
    pen.remove('name');
    pen.increment('name', 4);
  });

  it('M10: list the same, whatever order their sides came in', () => {
    for (const sight of orders([ann, bob, cyd, dan]))
      expect(variantsAt(sight, 'name')).toEqual([{ three: true }, 4, 'two', 'one']);
  });

  it('M10: settle side by side with a write that had seen one of them', () => {
    const seen = ann.and(bob).by('Eve', 1, (pen) => pen.set('name', 'five'));
    expect(variantsAt(seen, 'name')).toEqual(['five']);
    for (const sight of orders([seen, cyd])) expect(variantsAt(sight, 'name')).toEqual([{ three: true }, 'five']);
    const less = ann.by('Eve', 1, (pen) => pen.set('name', 'five'));
    for (const sight of orders([less, bob])) expect(variantsAt(sight, 'name')).toEqual(['two', 'five']);
  });

  it('M10: stay where what is shown is written below, or counted on', () => {
    const all = ann.and(bob, cyd, dan);
    const below = all.by('Eve', 1, (pen) => pen.set('name.four', true));
    expect(variantsAt(below, 'name')).toEqual([{ three: true, four: true }, 4, 'two', 'one']);
    const counted = ann.and(dan).by('Eve', 1, (pen) => pen.increment('name', 1));
    expect(variantsAt(counted, 'name')).toEqual([5, 'one']);
  });

  it('M10: settle for good: what was dropped does not come back with what is removed', () => {
    const settled = ann.and(bob, cyd, dan).by('Eve', 1, (pen) => pen.set('name', 'five'));
    expect(settled.by('Eve', 2, (pen) => pen.remove('name')).json).toEqual({ wheels: 4, owner: { name: 'Ann' } });
  });
});

describe('counters', () => {
  it('M6: a cell takes totals by maximum, in whatever order they come, and twice', () => {
    const zero = { up: 0, down: 0 };
    const once = countInto([], 'Ann', 1, zero, { up: 5, down: 2 });
    const cell = { origin: 'Ann', birth: 1, up: 5, down: 2, upFloor: 0, downFloor: 0 };
    expect(once).toEqual([cell]);
    expect(countInto(once, 'Ann', 1, zero, { up: 5, down: 2 })).toEqual([cell]);
    expect(countInto(once, 'Ann', 1, zero, { up: 3, down: 1 })).toEqual([cell]);
    expect(countInto(once, 'Ann', 1, zero, { up: 3, down: 4 })).toEqual([{ ...cell, down: 4 }]);
  });

  it('M6: a cell that came back is counted on in, and what was reset in it stays reset', () => {
    const counted = car.by('Ann', 20, (pen) => pen.increment('km', 5));
    const removed = counted.by('Bob', 30, (pen) => pen.remove('km'));
    const more = counted.by('Ann', 25, (pen) => pen.increment('km', 2));
    for (const sight of orders([removed, more])) {
      const again = sight
        .by('Ann', 40, (pen) => pen.increment('km', 1))
        .by('Ann', 41, (pen) => pen.increment('km', -4));
      expect(again.json).toMatchObject({ km: -1 });
    }
  });

  it('M6: counting on leaves the presence that was not seen: the counter stays where that is not hidden', () => {
    const counted = car.by('Ann', 20, (pen) => pen.increment('km', 5));
    const bob = counted.by('Bob', 30, (pen) => {
      pen.set('km', 9);
      pen.replaceWithCounter('km');
    });
    const hidden = counted.by('Ann', 25, (pen) => pen.increment('km', 1)).by('Cyd', 40, (pen) => pen.set('km', 'text'));
    for (const sight of orders([bob, hidden])) expect(variantsAt(sight, 'km')).toEqual([6, 'text']);
  });

  it('M5: two who make a counter of one number, and count, begin with it once', () => {
    const [bob, cyd] = ['Bob', 'Cyd'].map((name, index) =>
      car.by(name, 20 + index, (pen) => {
        pen.replaceWithCounter('wheels');
        pen.increment('wheels', 10 ** index);
      }),
    );
    if (!bob || !cyd) throw new Error('there are two');
    for (const sight of orders([bob, cyd])) {
      expect(sight.json).toMatchObject({ wheels: 15 });
      expect(conflictsOf(sight.state ?? car.state ?? fail())).toEqual([]);
    }
  });

  it('M21: a number made a counter, set, and made a counter again has all that it counted', () => {
    const counted = car.by('Bob', 20, (pen) => {
      pen.replaceWithCounter('wheels');
      pen.increment('wheels', 2);
    });
    const set = counted.by('Bob', 30, (pen) => pen.set('wheels', 100));
    const unseen = counted.by('Cyd', 25, (pen) => pen.increment('wheels', -5));
    expect(set.by('Bob', 40, (pen) => pen.replaceWithCounter('wheels')).json).toMatchObject({ wheels: 6 });
    const back = set.by('Bob', 40, (pen) => pen.replaceWithCounter('wheels'));
    for (const sight of orders([back, unseen])) expect(sight.json).toMatchObject({ wheels: 1 });
  });

  it('M8: a removal beside an increment leaves that increment, and not its base', () => {
    const counter = car.by('Bob', 20, (pen) => {
      pen.replaceWithCounter('wheels');
      pen.increment('wheels', 3);
    });
    const more = counter.by('Bob', 21, (pen) => pen.increment('wheels', -0.5));
    const removed = counter.by('Cyd', 30, (pen) => pen.remove('wheels'));
    for (const sight of orders([removed, more])) expect(sight.json).toMatchObject({ wheels: -0.5 });
    const gone = orders([removed, more]).map((sight) => sight.by('Dan', 40, (pen) => pen.remove('wheels')));
    for (const sight of gone) expect(sight.json).toEqual({ name: 'Beetle', owner: { name: 'Ann' } });
  });

  it('M8: a counter that was removed begins at nothing, for those too who count in a cell of old', () => {
    const counted = car.by('Bob', 20, (pen) => pen.increment('km', 7));
    const again = counted
      .by('Bob', 21, (pen) => pen.remove('km'))
      .by('Bob', 22, (pen) => pen.increment('km', 2))
      .by('Bob', 23, (pen) => pen.increment('km', 1));
    expect(again.json).toMatchObject({ km: 3 });
    expect(again.and(counted.by('Cyd', 20, (pen) => pen.increment('km', 10))).json).toMatchObject({ km: 13 });
  });

  it('M8: whole documents that are removed reset their counters, wherever these lie', () => {
    const counted = nothing.by('Ann', 1, (pen) => pen.increment('a.b.c', 5));
    const removed = counted.by('Bob', 2, (pen) => pen.removeAll());
    const more = counted.by('Ann', 3, (pen) => pen.increment('a.b.c', 1));
    for (const sight of orders([removed, more])) expect(sight.json).toEqual({ a: { b: { c: 1 } } });
  });

  it('M12: sums of fractions and of negative steps agree to the last bit in every order', () => {
    const steps = [0.1, -0.7, 1e16, 0.3];
    const writers = steps.map((by, index) => car.by(`P${index}`, 20 + index, (pen) => pen.increment('km', by)));
    const values = orders(writers).map(({ state }) => state && valueAt(state, ['km']));
    expect(values).toHaveLength(24);
    expect(new Set(values)).toEqual(new Set([0.1 - 0.7 + 1e16 + 0.3]));
  });

  it('M12, M21: cells of one origin are summed by their births as numbers, and the newest is counted into', () => {
    const birthsOf = [2, 10].map((birth) => ({ birth, by: birth === 2 ? 1e16 : 1 }));
    let cells = countInto([], 'Ann', 100, { up: 0, down: 0 }, { up: 0, down: 1e16 });
    for (const { birth, by } of birthsOf.toReversed())
      cells = countInto(cells, 'Ann', birth, { up: 0, down: 0 }, { up: by, down: 0 });
    expect(cells.map(({ birth }) => birth)).toEqual([2, 10, 100]);
    // M21. Counted into is the newest, should there ever be more than one.
    expect(ownCell(cells, 'Ann')?.birth).toBe(100);
  });

  it('M20: survive a document that was read, edited and written back', () => {
    const counted = car.by('Bob', 20, (pen) => pen.increment('km', 7));
    const edited = counted.by('Bob', 30, (pen) =>
      pen.upsert({ name: 'Käfer', wheels: 4, km: 7, owner: { name: 'Bob' } }),
    );
    const more = counted.by('Cyd', 25, (pen) => pen.increment('km', 1));
    for (const sight of orders([edited, more])) expect(sight.json).toMatchObject({ name: 'Käfer', km: 8 });
    expect(() => counted.by('Bob', 30, (pen) => pen.upsert({ km: 9 }))).toThrow(TypeMismatchError);
  });
});

describe('documents that were removed', () => {
  const removed = car.by('Bob', 20, (pen) => pen.removeAll());

  it.each(['MERGE', 'INSERT_IF_ABSENT', 'INSERT_DEFAULT_IF_ABSENT', 'UPDATE_DIFFERENT'] as const)(
    'M19: are made again by an upsert, %s, with nothing of what they were',
    (strategy) => {
      const again = removed.by('Cyd', 5, (pen) => pen.upsert({ name: 'Golf' }, strategy));
      expect(again.json).toEqual({ name: 'Golf' });
    },
  );

  it('M13: come back with what was written beside the removal, and only that', () => {
    const inserted = car.by('Cyd', 15, (pen) => pen.upsert({ name: 'Golf' }, 'INSERT_IF_ABSENT'));
    expect(removed.and(inserted).state).toBeUndefined();
    const different = car.by('Cyd', 15, (pen) => pen.upsert({ name: 'Golf', wheels: 4 }, 'UPDATE_DIFFERENT'));
    for (const sight of orders([removed, different])) expect(sight.json).toEqual({ name: 'Golf' });
    const upserted = car.by('Cyd', 15, (pen) => pen.upsert({ name: 'Golf', wheels: 4 }));
    for (const sight of orders([removed, upserted])) expect(sight.json).toEqual({ name: 'Golf', wheels: 4 });
  });

  it('M13: and removed by two stay removed', () => {
    const both = orders([removed, car.by('Cyd', 30, (pen) => pen.removeAll())]);
    for (const { state } of both) expect(state).toBeUndefined();
  });
});

describe('what is empty', () => {
  it('M13: an empty document exists, and is empty', () => {
    const empty = nothing.by('Ann', 1, (pen) => pen.upsert({}));
    expect(documentExists(empty.state)).toBe(true);
    expect(empty.json).toEqual({});
    expect(travelled(empty.state)).toEqual({});
    const emptied = car.by('Bob', 2, (pen) => {
      for (const key of ['name', 'wheels', 'owner']) pen.remove(key);
    });
    expect(emptied.json).toEqual({});
    expect(documentExists(emptied.state)).toBe(true);
  });

  it('M9: an empty map is shown, and one that was emptied stays a map', () => {
    const empty = nothing.by('Ann', 1, (pen) => pen.upsert({ x: {} }));
    expect(empty.json).toEqual({ x: {} });
    expect(travelled(empty.state)).toEqual({ x: {} });
    expect(car.by('Bob', 2, (pen) => pen.remove('owner.name')).json).toMatchObject({ owner: {} });
  });
});

describe('what documents hold', () => {
  const deep = (levels: number): Json => (levels === 0 ? 'here' : { a: deep(levels - 1) });

  it('M22: maps lie within each other as deep as a document may, and no deeper', () => {
    const deepest = nothing.by('Ann', 1, (pen) => pen.upsert({ a: deep(limits.documentDepth - 1) }));
    expect(travelled(deepest.state)).toEqual(deep(limits.documentDepth));
    const path = Array.from({ length: limits.documentDepth }, () => 'a').join('.');
    expect(deepest.by('Bob', 2, (pen) => pen.increment(`${path.slice(2)}.b`, 1)).state).toBeDefined();
    expect(() => deepest.by('Bob', 2, (pen) => pen.set(path, { a: 1 }))).toThrow(/levels/);
    expect(() => nothing.by('Ann', 1, (pen) => pen.upsert({ a: deep(limits.documentDepth) }))).toThrow(/levels/);
  });

  it.each<[string, Json]>([
    ['the least int64', { $int64: '-9223372036854775808' }],
    ['the greatest int64', { $int64: '9223372036854775807' }],
    ['the greatest uint64', { $uint64: '18446744073709551615' }],
    ['the first integers that a float lacks', [{ $int64: '9007199254740992' }, { $int64: '-9007199254740992' }]],
    ['the last integers that a float has', [9_007_199_254_740_991, -9_007_199_254_740_991]],
    ['the smallest and the largest float', [5e-324, -1.7976931348623157e308]],
    ['text of every length of UTF-8', 'a\u0000é€😀\ufeff'],
    ['an object stored whole, in an array', [{ b: { c: [{}] } }, [], null, false]],
    ['a large array', Array.from({ length: 100_000 }, (_, index) => index - 50_000)],
    ['a long text', 'x'.repeat(1_000_000)],
  ])('M18: %s is what it was after its way in bytes', (_, json) => {
    const written = nothing.by('Ann', 1, (pen) => pen.set('x', json, 'REGISTER'));
    expect(travelled(written.state)).toEqual({ x: json });
  });

  it('M18: -0 is -0 after its way in bytes', () => {
    const { state } = nothing.by('Ann', 1, (pen) => pen.draft.upsert({ x: -0 }, 'MERGE', () => false));
    const again = state && decodeDocument(encodeDocument(state));
    expect(again && valueAt(again, ['x'])).toBe(-0);
  });

  it.each(['a.b', 'a"b', '["a"]', '', '\\', ' ', 'constructor', 'toString', 'ключ', '😀', '1', '01'])(
    'M22: a key may be %j, beside others and below them',
    (key) => {
      const path = formatKeypath(['m', key, key]);
      const written = nothing.by('Ann', 1, (pen) => pen.set(path, 1)).by('Bob', 2, (pen) => pen.set('m.other', 2));
      expect(travelled(written.state)).toEqual({ m: { [key]: { [key]: 1 }, other: 2 } });
      expect(written.by('Bob', 3, (pen) => pen.remove(path)).json).toEqual({ m: { [key]: {}, other: 2 } });
    },
  );

  it('M22: a map keeps the order of its keys as they came, those too that look like numbers', () => {
    const { state } = nothing.by('Ann', 1, (pen) => {
      for (const key of ['b', '2', 'a', '1']) pen.set(`m["${key}"]`, 1);
    });
    const [record] = state ? decodeChunk(encodeChunk([{ collection: 'c', id: 'd', state }])) : [];
    expect([...(record?.state.root.map?.get('m')?.map?.keys() ?? [])]).toEqual(['b', '2', 'a', '1']);
  });
});

/** As another replica shows it that has it from a snapshot. */
function travelled(state: DocumentState | undefined): Json {
  const [record] = decodeChunk(encodeChunk([{ collection: 'c', id: 'd', state: state ?? fail() }]));
  return jsonFromValue(documentValue(record?.state ?? fail()));
}

function fail(): never {
  throw new Error('there is a document');
}
