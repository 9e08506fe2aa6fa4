/** What stands after concurrent writes, rule by rule of docs/internals/data-model.md. `and` brings together what saw nothing of each other. */
import { describe, expect, it } from 'vitest';
import type { Floor, WireOperation } from '../../../replica/crdt/delta.ts';
import {
  applyOperations,
  conflictsOf,
  documentExists,
  documentValue,
  type FieldVariant,
  showsSame,
  updatedAt,
  valueAt,
} from '../../../replica/crdt/document.ts';
import { shownType } from '../../../replica/crdt/node.ts';
import type { Dot, Writer } from '../../../replica/crdt/version.ts';
import { type Json, jsonFromValue } from '../../../replica/values/json.ts';
import { nothing, type Pen, type Sight } from './people.ts';

const car = nothing.by('Ann', 10, (pen) => pen.upsert({ name: 'Beetle', wheels: 4, owner: { name: 'Ann' } }));

/** Each as type, value as JSON, writer; what is shown comes first. */
const conflicts = ({ state }: Sight): Json =>
  (state ? conflictsOf(state) : []).map(({ path, shown, retained }) => ({
    path: path.join('.'),
    shown: variant(shown),
    retained: retained.map(variant),
  }));

const variant = ({ type, value, origin }: FieldVariant): Json => [type, JSON.stringify(jsonFromValue(value)), origin];

describe('entries', () => {
  it('M2: live until a write that had seen them', () => {
    const seen = car.by('Bob', 5, (pen) => pen.set('name', 'Käfer'));
    expect(seen.json).toMatchObject({ name: 'Käfer' }); // an earlier clock, a later write
    const unseen = nothing.by('Bob', 5, (pen) => pen.upsert({ name: 'Käfer' }));
    expect(car.and(unseen).json).toMatchObject({ name: 'Beetle' });
    expect(conflicts(car.and(unseen))).toEqual([
      { path: 'name', shown: ['REGISTER', '"Beetle"', 'Ann'], retained: [['REGISTER', '"Käfer"', 'Bob']] },
    ]);
  });

  it('M16: leave nothing behind once they are removed', () => {
    expect(car.by('Bob', 20, (pen) => pen.removeAll()).state).toBeUndefined();
    const counted = car.by('Bob', 20, (pen) => pen.increment('km', 7)).by('Ann', 30, (pen) => pen.remove('km'));
    expect([...(counted.state?.root.map?.children.keys() ?? [])]).toEqual(['name', 'wheels', 'owner']);
    const gone = car.by('Bob', 20, (pen) => pen.remove('owner'));
    expect(gone.and(car.by('Cyd', 20, (pen) => pen.remove('owner'))).json).toEqual({ name: 'Beetle', wheels: 4 });
  });

  it('M16: leave nothing behind where two remove what is not there any more', () => {
    const bob = car.by('Bob', 20, (pen) => pen.remove('name'));
    const both = bob.and(car.by('Cyd', 20, (pen) => pen.remove('name')));
    expect([...(both.state?.root.map?.children.keys() ?? [])]).toEqual(['wheels', 'owner']);
  });
});

describe('wire operations', () => {
  it('M3: assigning replaces all that was seen at and below, and keeps what was not', () => {
    const bob = car.by('Bob', 20, (pen) => pen.set('owner', 'Bob'));
    expect(bob.json).toMatchObject({ owner: 'Bob' });
    const cyd = car.by('Cyd', 15, (pen) => pen.set('owner.since', 1999));
    expect(bob.and(cyd).json).toMatchObject({ owner: { since: 1999 } });
    expect(conflicts(bob.and(cyd))).toMatchObject([{ path: 'owner', retained: [['REGISTER', '"Bob"', 'Bob']] }]);
  });

  it('M3: assigning over a counter hides it, and what it counted comes back with it', () => {
    const counted = car.by('Ann', 20, (pen) => pen.increment('km', 5));
    const hidden = counted.by('Bob', 30, (pen) => pen.set('km', 'many'));
    expect(hidden.json).toMatchObject({ km: 'many' });
    expect(conflicts(hidden)).toEqual([]);
    const cyd = counted.by('Cyd', 25, (pen) => pen.increment('km', 2));
    expect(hidden.and(cyd).json).toMatchObject({ km: 7 });
  });

  it('M4: a map takes the place of a register that was seen, and shares its place with other maps', () => {
    const bob = nothing.by('Bob', 10, (pen) => pen.upsert({ owner: { name: 'Bob' } }));
    expect(car.and(bob).json).toMatchObject({ owner: { name: 'Bob' } });
    const map = car.by('Bob', 20, (pen) => pen.upsert({ name: { short: 'B' } }));
    expect(map.json).toMatchObject({ name: { short: 'B' } });
    expect(conflicts(map)).toEqual([]);
  });

  it('M5: a counter made of a number begins with it, once, however many make it', () => {
    const bob = car.by('Bob', 20, (pen) => pen.replaceWithCounter('wheels'));
    const cyd = car.by('Cyd', 30, (pen) => {
      pen.replaceWithCounter('wheels');
      pen.increment('wheels', 1);
    });
    expect(bob.and(cyd).json).toMatchObject({ wheels: 5 });
  });

  it('M6: increments of different people add up, and those of one do too', () => {
    const ann = car.by('Ann', 20, (pen) => pen.increment('km', 5)).by('Ann', 21, (pen) => pen.increment('km', -2));
    const bob = car.by('Bob', 20, (pen) => pen.increment('km', 10));
    expect(ann.and(bob).json).toMatchObject({ km: 13 });
    expect(bob.and(ann).json).toMatchObject({ km: 13 });
  });

  it('M6: an increment that a removal had not seen brings back itself alone', () => {
    const counted = car.by('Ann', 20, (pen) => pen.increment('km', 5));
    const ann = counted.by('Ann', 30, (pen) => pen.increment('km', 2));
    const removed = counted.by('Bob', 40, (pen) => pen.remove('km'));
    expect(removed.and(ann).json).toMatchObject({ km: 2 });
    expect(ann.and(removed).json).toMatchObject({ km: 2 });
  });

  it('M7: removing takes what was seen, bases and counts too', () => {
    const counter = car.by('Ann', 20, (pen) => {
      pen.replaceWithCounter('wheels');
      pen.increment('wheels', 3);
    });
    const bob = counter.by('Bob', 30, (pen) => pen.remove('wheels'));
    expect(bob.by('Bob', 40, (pen) => pen.increment('wheels', 1)).json).toMatchObject({ wheels: 1 });
    const cyd = counter.by('Cyd', 25, (pen) => pen.set('owner.name', 'Cyd'));
    expect(counter.by('Bob', 30, (pen) => pen.removeAll()).and(cyd).json).toEqual({ owner: { name: 'Cyd' } });
  });

  it('M8: resets of what different people saw take the highest of both', () => {
    const one = car.by('Ann', 20, (pen) => pen.increment('km', 1));
    const two = one.by('Ann', 21, (pen) => pen.increment('km', 10));
    const three = two.by('Ann', 22, (pen) => pen.increment('km', 100));
    const bob = one.by('Bob', 30, (pen) => pen.remove('km'));
    const cyd = two.by('Cyd', 30, (pen) => pen.remove('km'));
    expect(three.and(bob, cyd).json).toMatchObject({ km: 100 });
    expect(three.and(cyd, bob).json).toMatchObject({ km: 100 });
  });

  it('M8: a floor resets no more than was counted, and nothing where nothing was', () => {
    const floor: Floor = { path: ['km'], origin: 'Ann', birth: 1, up: 9, down: 0 };
    const writer: Writer = { origin: 'Bob', number: 1, time: 5, log: 'log', position: 2, covers: () => false };
    const counted = nothing.by('Ann', 1, (pen) => pen.increment('km', 5)).state;
    const remove: WireOperation = { kind: 'remove', path: ['km'], floors: [floor] };
    const reset = applyOperations(counted, [remove], writer);
    expect(reset && documentValue(reset)).toEqual({ km: 0 });
    expect(applyOperations(undefined, [remove], writer)).toBeUndefined();
  });
});

describe('what is shown', () => {
  const map = car.by('Map', 11, (pen) => pen.set('x', { a: 1 }));
  const counter = car.by('Counter', 12, (pen) => pen.increment('x', 3));
  const register = car.by('Register', 13, (pen) => pen.set('x', 'text'));

  it('M9: is the map, else the counter, else the register, whatever their times', () => {
    expect(register.and(counter, map).json).toMatchObject({ x: { a: 1 } });
    expect(register.and(counter).json).toMatchObject({ x: 3 });
    const { state } = map.and(register, counter);
    const x = state?.root.map?.get('x');
    expect(x && [shownType(x), shownType(x.map?.get('a') ?? x)]).toEqual(['MAP', 'REGISTER']);
  });

  it('M10: is listed with all that is kept beside it', () => {
    expect(conflicts(map.and(register, counter))).toEqual([
      {
        path: 'x',
        shown: ['MAP', '{"a":1}', 'Map'],
        retained: [
          ['COUNTER', '3', 'Counter'],
          ['REGISTER', '"text"', 'Register'],
        ],
      },
    ]);
  });

  it('M10: stands alone after a set, a removal or a change of type that saw the others', () => {
    const all = map.and(register, counter);
    expect(conflicts(all.by('Ann', 1, (pen) => pen.set('x', 5)))).toEqual([]);
    expect(conflicts(all.by('Ann', 1, (pen) => pen.remove('x')))).toEqual([]);
    expect(conflicts(all.by('Ann', 1, (pen) => pen.upsert({ x: { b: 2 } })))).toHaveLength(1);
    expect(conflicts(all.by('Ann', 1, (pen) => pen.set('x', { b: 2 })))).toEqual([]);
  });

  it('M10: is in no conflict with equal values', () => {
    const ann = car.by('Ann', 20, (pen) => pen.set('wheels', 3));
    const bob = car.by('Bob', 21, (pen) => pen.set('wheels', 3));
    const cyd = car.by('Cyd', 22, (pen) => pen.set('wheels', 6));
    expect(conflicts(ann.and(bob))).toEqual([]);
    expect(conflicts(ann.and(bob, cyd))).toEqual([
      { path: 'wheels', shown: ['REGISTER', '6', 'Cyd'], retained: [['REGISTER', '3', 'Bob']] },
    ]);
  });

  it('M11: of a register is the latest sibling, by time, then origin, then number', () => {
    const at = (name: string, time: number, wheels: number) => car.by(name, time, (pen) => pen.set('wheels', wheels));
    expect(at('Bob', 20, 3).and(at('Cyd', 19, 6)).json).toMatchObject({ wheels: 3 });
    expect(at('Bob', 20, 3).and(at('Cyd', 20, 6)).json).toMatchObject({ wheels: 6 });
  });

  it('M11: of a register survives a removal that saw only the sibling before', () => {
    const bob = car.by('Bob', 20, (pen) => pen.set('wheels', 3));
    const cyd = car.by('Cyd', 19, (pen) => pen.set('wheels', 6));
    const dan = bob.by('Dan', 30, (pen) => pen.remove('wheels'));
    expect(bob.and(cyd, dan).json).toMatchObject({ wheels: 6 });
    expect(bob.and(dan, cyd).json).toMatchObject({ wheels: 6 });
  });

  it('M12: of a counter is the latest base and all counts, summed in one order', () => {
    const amounts = [0.1, 0.2, 0.3];
    const people = amounts.map((by, index) => car.by(`P${index}`, 20, (pen) => pen.increment('km', by)));
    const [first, second, third] = people;
    if (!first || !second || !third) throw new Error('three people count');
    expect(first.and(second, third).json).toMatchObject({ km: 0.1 + 0.2 + 0.3 });
    expect(third.and(second, first).json).toMatchObject({ km: 0.1 + 0.2 + 0.3 });
    expect(0.3 + 0.2 + 0.1).not.toBe(0.1 + 0.2 + 0.3);
  });

  it('M12: of a counter stays finite', () => {
    const ann = car.by('Ann', 20, (pen) => pen.increment('km', Number.MAX_VALUE));
    const bob = car.by('Bob', 20, (pen) => pen.increment('km', Number.MAX_VALUE));
    expect(ann.and(bob).json).toMatchObject({ km: Number.MAX_VALUE });
  });

  it('M13: is a document while its root or anything below it is live', () => {
    const removed = car.by('Bob', 20, (pen) => pen.removeAll());
    expect(documentExists(removed.state)).toBe(false);
    const updated = car.by('Cyd', 15, (pen) => pen.set('owner.name', 'Cyd'));
    expect(removed.and(updated).json).toEqual({ owner: { name: 'Cyd' } });
    const touched = car.by('Cyd', 15, (pen) => pen.upsert({}));
    expect(removed.and(touched).json).toEqual({});
  });

  it('M13: is no document where only a hidden count is left', () => {
    const counted = nothing.by('Ann', 1, (pen) => pen.increment('km', 5)).state;
    const writer: Writer = { origin: 'Bob', number: 1, time: 5, log: 'log', position: 2, covers: () => true };
    const state = applyOperations(counted, [{ kind: 'remove', path: [], floors: [] }], writer);
    expect(state).toBeDefined();
    expect(documentExists(state)).toBe(false);
    expect(showsSame(state, undefined)).toBe(true);
    const written = applyOperations(
      state,
      [{ kind: 'assign', path: ['a'], value: 1, floors: [], isDefault: false }],
      writer,
    );
    expect(documentExists(written)).toBe(true);
    expect(documentExists(applyOperations(written, [{ kind: 'remove', path: ['a'], floors: [] }], writer))).toBe(false);
  });

  it('M14: has the time of its newest live entry, which a removal does not raise', () => {
    const { state } = car.by('Bob', 20, (pen) => pen.set('wheels', 3)).by('Bob', 30, (pen) => pen.remove('owner'));
    expect(state && updatedAt(state)).toBe(20);
    const less = car.by('Bob', 20, (pen) => pen.set('wheels', 3)).by('Bob', 30, (pen) => pen.remove('wheels')).state;
    expect(less && updatedAt(less)).toBe(10);
  });
});

describe('default data', () => {
  const defaults = nothing.by('Zoe', 99, (pen) =>
    pen.upsert({ name: 'unnamed', wheels: 0 }, 'INSERT_DEFAULT_IF_ABSENT'),
  );

  it('M15: is as of the beginning of time', () => {
    expect(defaults.json).toEqual({ name: 'unnamed', wheels: 0 });
    expect(defaults.state && updatedAt(defaults.state)).toBe(0);
  });

  it('M15: gives way to every real write, seen or unseen', () => {
    const expected = { name: 'Beetle', wheels: 4, owner: { name: 'Ann' } };
    expect(defaults.and(car).json).toEqual(expected);
    expect(car.and(defaults).json).toEqual(expected);
  });

  it('M15: gives way to parts of any other type, that come before it otherwise', () => {
    const map = nothing.by('Zoe', 99, (pen) => pen.upsert({ name: { first: '?' } }, 'INSERT_DEFAULT_IF_ABSENT'));
    expect(map.json).toEqual({ name: { first: '?' } });
    expect(map.and(car).json).toMatchObject({ name: 'Beetle' });
    const counter = nothing.by(
      'Zoe',
      99,
      (pen) => pen.upsert({ wheels: 1 }, 'INSERT_DEFAULT_IF_ABSENT'),
      () => true,
    );
    expect(counter.and(car).json).toMatchObject({ wheels: 4 });
    const real = map.by('Bob', 3, (pen) => pen.set('name.first', 'B'));
    expect(real.and(car).json).toMatchObject({ name: { first: 'B' } });
  });

  it('M15: is real as soon as anything below it is', () => {
    const zoe = nothing.by('Zoe', 99, (pen) => {
      pen.upsert({ name: { first: { short: '?' } } }, 'INSERT_DEFAULT_IF_ABSENT');
      pen.set('name.first.long', 'Zoe');
    });
    expect(zoe.and(car).json).toMatchObject({ name: { first: { short: '?', long: 'Zoe' } } });
    const less = zoe.by('Zoe', 100, (pen) => pen.remove('name.first.long'));
    expect(less.and(car).json).toMatchObject({ name: 'Beetle' });
  });

  it('M15: brings a removed document back when it comes after the removal or beside it', () => {
    const removed = car.by('Bob', 50, (pen) => pen.removeAll());
    expect(removed.and(defaults).json).toEqual({ name: 'unnamed', wheels: 0 });
    expect(defaults.by('Bob', 50, (pen) => pen.removeAll()).state).toBeUndefined();
  });
});

describe('states', () => {
  it('are values: what was read stays as it was', () => {
    const { state } = car;
    const before = state && documentValue(state);
    car.by('Bob', 20, (pen) => {
      pen.set('owner.name', 'Bob');
      pen.remove('wheels');
      pen.increment('owner.km', 3);
    });
    expect(state && documentValue(state)).toEqual(before);
  });

  it.each<[string, (pen: Pen) => void]>([
    ['nothing', (pen) => pen.upsert({})],
    ['a field', (pen) => pen.set('wheels', 3)],
    ['a field below', (pen) => pen.set('owner.name', 'Bob')],
    ['a field below another', (pen) => [pen.set('wheels', 3), pen.set('owner.name', 'Bob')]],
    ['a removal', (pen) => pen.remove('wheels')],
    ['a removal of what was just written', (pen) => [pen.set('seats', 3), pen.remove('seats')]],
    ['a counter', (pen) => pen.increment('km', 3)],
    ['a counter that stays where a field went', (pen) => [pen.increment('km', 3), pen.remove('wheels')]],
    ['all of it anew', (pen) => [pen.set('seats', 3), pen.removeAll(), pen.upsert({ wheels: 3 })]],
    ['default data', (pen) => [pen.removeAll(), pen.upsert({ wheels: 3 }, 'INSERT_DEFAULT_IF_ABSENT')]],
  ])('say who touched them last, by %s', (_, write) => {
    const { state } = car.by('Bob', 20, (pen) => void write(pen)).by('Ann', 30, (pen) => void write(pen));
    expect(state?.lastWriter).toEqual({ origin: 'Ann', number: 2 });
  });

  it('are read by keypath, through objects stored whole', () => {
    const { state } = car.by('Bob', 20, (pen) => pen.set('paint', { code: { ral: 3020 } }, 'REGISTER'));
    if (!state) throw new Error('there is a car');
    expect(valueAt(state, ['owner', 'name'])).toBe('Ann');
    expect(valueAt(state, ['paint', 'code', 'ral'])).toBe(3020);
    expect(valueAt(state, ['paint', 'code', 'toString'])).toBeUndefined();
    expect(valueAt(state, ['name', 'length'])).toBeUndefined();
    expect(valueAt(state, ['paint', 'colour'])).toBeUndefined();
  });

  it('show the same wherever in a log they stand', () => {
    const operations: readonly WireOperation[] = [
      { kind: 'makeMap', path: [], isDefault: false },
      { kind: 'assign', path: ['a'], value: 1, floors: [], isDefault: false },
    ];
    const writer = { origin: 'Ann', number: 1, time: 5, covers: (_: Dot) => false };
    const pending = applyOperations(undefined, operations, { ...writer, log: undefined, position: 0 });
    const applied = applyOperations(undefined, operations, { ...writer, log: 'log', position: 7 });
    const later = applyOperations(undefined, operations, { ...writer, time: 6, log: 'log', position: 7 });
    expect(showsSame(pending, applied)).toBe(true);
    expect(showsSame(pending, later)).toBe(false);
    expect(showsSame(pending, undefined)).toBe(false);
  });
});

it('a transaction that writes many keys of one map does not copy the map for each', () => {
  const began = performance.now();
  const { state } = nothing.by('Ann', 1, (pen) => {
    for (let index = 0; index < 30_000; index++) pen.set(`friends.f${index}`, index);
  });
  expect(state && valueAt(state, ['friends', 'f29999'])).toBe(29_999);
  // Copying would put 450 million keys into maps: half a minute, where this is a fraction of a second.
  expect(performance.now() - began).toBeLessThan(10_000);
});
