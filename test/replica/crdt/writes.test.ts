/** What users ask for, and what becomes of it: rule by rule of docs/internals/data-model.md, section "Writes". */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadUserInputError, IdImmutableError, TypeMismatchError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { applyOperations, documentValue } from '../../../replica/crdt/document.ts';
import { DocumentDraft } from '../../../replica/crdt/writes.ts';
import { type Json, jsonFromValue } from '../../../replica/values/json.ts';
import { equalValues, isValueObject, type Value, type ValueObject } from '../../../replica/values/value.ts';
import { values } from './arbitraries.ts';
import { nothing, Pen, type Sight } from './people.ts';

const car = nothing.by('Ann', 10, (pen) => {
  pen.upsert({ name: 'Beetle', wheels: 4, owner: { name: 'Ann' }, sold: null });
  pen.set('paint', { ral: 3020 }, 'REGISTER');
  pen.increment('km', 7);
});

/** Kinds and paths of the operations that a write becomes. */
const becomes = (sight: Sight, write: (pen: Pen) => void, isCounter = (_: readonly string[]) => false) => {
  const number = sight.deeds.length + 1;
  const writer = { origin: 'Zoe', number, time: 50, log: undefined, position: 0, covers: () => true };
  const draft = new DocumentDraft(sight.state, writer);
  write(new Pen(draft, isCounter));
  return draft.operations.map(({ kind, path }) => `${kind} ${path.join('.')}`);
};

const mismatchOf = (sight: Sight, write: (pen: Pen) => void): { path: string; message: string } => {
  try {
    becomes(sight, write);
  } catch (error) {
    if (error instanceof TypeMismatchError) return { path: error.path, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('a write below others', () => {
  it('M17: makes maps where nothing or null is shown', () => {
    expect(becomes(nothing, (pen) => pen.set('a.b.c', 1))).toEqual([
      'makeMap ',
      'makeMap a',
      'makeMap a.b',
      'assign a.b.c',
    ]);
    expect(becomes(car, (pen) => pen.set('sold.price', 1))).toEqual(['makeMap sold', 'assign sold.price']);
    expect(becomes(car, (pen) => pen.increment('owner.cars', 1))).toEqual(['increment owner.cars']);
  });

  it('M17: is refused below another register and below a counter, naming set', () => {
    expect(mismatchOf(car, (pen) => pen.set('name.short', 'B'))).toEqual({
      path: 'name',
      message: 'name: is a register and not a map: use set to replace it',
    });
    expect(mismatchOf(car, (pen) => pen.increment('km.today', 1)).message).toContain(
      'is a counter and not a map: use set',
    );
    expect(mismatchOf(car, (pen) => pen.replaceWithCounter('paint.ral')).path).toBe('paint');
  });
});

describe('set', () => {
  it('M18: of a register takes the place of whatever is there', () => {
    for (const path of ['name', 'owner', 'km', 'paint', 'new']) {
      expect(becomes(car, (pen) => pen.set(path, 'x'))).toEqual([`assign ${path}`]);
    }
    expect(becomes(car, (pen) => pen.set('owner', { name: 'Bob' }, 'REGISTER'))).toEqual(['assign owner']);
    expect(car.by('Bob', 1, (pen) => pen.set('km', 3)).json).toMatchObject({ km: 3 });
  });

  it('M18: of a map removes what is there, and writes each member', () => {
    expect(becomes(car, (pen) => pen.set('owner', { cars: { vw: 1 } }))).toEqual([
      'remove owner',
      'makeMap owner',
      'makeMap owner.cars',
      'assign owner.cars.vw',
    ]);
    expect(becomes(car, (pen) => pen.set('new', {}))).toEqual(['makeMap new']);
    expect(car.by('Bob', 1, (pen) => pen.set('owner', { age: 3 })).json).toMatchObject({ owner: { age: 3 } });
  });

  it('M18: makes a defined counter of a number where nothing is shown, unless it is to be a register', () => {
    expect(
      becomes(
        car,
        (pen) => pen.set('hits', 3),
        () => true,
      ),
    ).toEqual(['makeCounter hits']);
    expect(
      becomes(
        car,
        (pen) => pen.set('hits', 3, 'REGISTER'),
        () => true,
      ),
    ).toEqual(['assign hits']);
    expect(
      becomes(
        car,
        (pen) => pen.set('wheels', 3),
        () => true,
      ),
    ).toEqual(['assign wheels']);
  });

  it('M18: of a map takes an object only', () => {
    expect(() => becomes(car, (pen) => pen.set('owner', 5, 'MAP'))).toThrow(BadUserInputError);
  });
});

describe('upsert', () => {
  it('M19: merges objects into maps, and assigns all else whole', () => {
    expect(becomes(car, (pen) => pen.upsert({ owner: { age: 50 }, tags: [{ a: 1 }] }))).toEqual([
      'assign owner.age',
      'assign tags',
    ]);
    expect(becomes(car, (pen) => pen.upsert({ name: { short: 'B' } }))).toEqual(['makeMap name', 'assign name.short']);
    expect(becomes(car, (pen) => pen.upsert({}))).toEqual(['makeMap ']);
    expect(becomes(car, (pen) => pen.upsert({ owner: {} }))).toEqual(['makeMap owner']);
  });

  it('M19: inserts only where the document does not exist', () => {
    for (const strategy of ['INSERT_IF_ABSENT', 'INSERT_DEFAULT_IF_ABSENT'] as const) {
      expect(becomes(car, (pen) => pen.upsert({ name: 'other' }, strategy))).toEqual([]);
      expect(becomes(nothing, (pen) => pen.upsert({ name: 'other' }, strategy))).toEqual(['makeMap ', 'assign name']);
    }
  });

  it('M19: writes only what differs, where that is asked for', () => {
    const write = (json: Json) => becomes(car, (pen) => pen.upsert(json, 'UPDATE_DIFFERENT'));
    expect(write({ name: 'Beetle', wheels: 4, owner: { name: 'Ann' }, sold: null, paint: { ral: 3020 } })).toEqual([]);
    expect(write({ name: 'Käfer', owner: { name: 'Ann', age: 50 }, paint: { ral: 1 } })).toEqual([
      'assign name',
      'assign owner.age',
      'makeMap paint',
      'assign paint.ral',
    ]);
    expect(write({ owner: {} })).toEqual([]);
    expect(write({ wheels: '4' })).toEqual(['assign wheels']);
  });

  it('M19: of any document shows that document, however it is stored', () => {
    fc.assert(
      fc.property(values.filter(isValueObject), values.filter(isValueObject), (first, second) => {
        fc.pre(!('_id' in first) && !('_id' in second));
        const writer = { origin: 'Ann', number: 1, time: 1, log: undefined, position: 0, covers: () => true };
        const draft = new DocumentDraft(undefined, writer);
        draft.upsert(first, 'MERGE', () => false);
        draft.upsert(second, 'MERGE', () => false);
        const shown = draft.state && documentValue(draft.state);
        expect(equalValues(shown, merged(first, second))).toBe(true);
        const applied = applyOperations(undefined, draft.operations, writer);
        expect(equalValues(applied && documentValue(applied), shown)).toBe(true);
      }),
    );
  });

  it('M20: leaves a counter alone that has the same number, and refuses another', () => {
    expect(becomes(car, (pen) => pen.upsert({ km: 7 }))).toEqual([]);
    const { path, message } = mismatchOf(car, (pen) => pen.upsert({ km: 8 }));
    expect(path).toBe('km');
    expect(message).toContain('increment');
    expect(message).toContain('set');
    expect(becomes(car, (pen) => pen.upsert({ km: 'many' }))).toEqual(['assign km']);
  });

  it('M20: makes a counter of a number where one is defined and nothing is shown', () => {
    const isCounter = (path: readonly string[]) => path.join('.') === 'owner.cars';
    const write = (pen: Pen) => pen.upsert({ owner: { cars: 2, age: 2 } });
    expect(becomes(car, write, isCounter)).toEqual(['makeCounter owner.cars', 'assign owner.age']);
    const counted = car.by('Bob', 5, write, isCounter).by('Bob', 6, (pen) => pen.increment('owner.cars', 1));
    expect(counted.json).toMatchObject({ owner: { cars: 3 } });
  });
});

describe('fields', () => {
  it('M21: are removed where anything is, and nothing is written where nothing is', () => {
    expect(becomes(car, (pen) => pen.remove('owner.name'))).toEqual(['remove owner.name']);
    expect(becomes(car, (pen) => pen.remove('nobody.knows'))).toEqual([]);
    expect(mismatchOf(car, (pen) => pen.remove('paint.ral'))).toMatchObject({ path: 'paint' });
  });

  it('M21: become counters where a number or nothing is shown', () => {
    const made = car.by('Bob', 1, (pen) => pen.replaceWithCounter('wheels'));
    expect(made.by('Bob', 2, (pen) => pen.increment('wheels', 1)).json).toMatchObject({ wheels: 5 });
    expect(car.by('Bob', 1, (pen) => pen.replaceWithCounter('hits')).json).toMatchObject({ hits: 0 });
    expect(becomes(car, (pen) => pen.replaceWithCounter('km'))).toEqual([]);
    for (const path of ['name', 'owner', 'sold', 'paint']) {
      expect(mismatchOf(car, (pen) => pen.replaceWithCounter(path)).path).toBe(path);
    }
  });

  it('M21: that hide a counter become that counter again, with all that it counted', () => {
    const hidden = car.by('Bob', 1, (pen) => pen.set('km', 1000));
    expect(hidden.by('Bob', 2, (pen) => pen.replaceWithCounter('km')).json).toMatchObject({ km: 7 });
  });

  it('M21: become counters only with numbers that a counter holds exactly', () => {
    const large = car.by('Bob', 1, (pen) => pen.set('vin', { $int64: '9007199254740993' }));
    expect(mismatchOf(large, (pen) => pen.replaceWithCounter('vin')).path).toBe('vin');
    const even = car.by('Bob', 1, (pen) => pen.set('vin', { $int64: '9007199254740992' }));
    expect(even.by('Bob', 2, (pen) => pen.replaceWithCounter('vin')).json).toMatchObject({ vin: 2 ** 53 });
  });

  it('M21: are counted into where a counter or nothing is shown', () => {
    expect(car.by('Ann', 20, (pen) => pen.increment('km', -8)).json).toMatchObject({ km: -1 });
    expect(car.by('Bob', 20, (pen) => pen.increment('hits', 0.5)).json).toMatchObject({ hits: 0.5 });
    for (const path of ['name', 'wheels', 'owner', 'sold']) {
      expect(mismatchOf(car, (pen) => pen.increment(path, 1)).path).toBe(path);
    }
  });

  it('M21: are counted into in one cell, until that was reset', () => {
    const births = (sight: Sight) =>
      sight.deeds.flatMap(({ operations }) => operations.flatMap((op) => (op.kind === 'increment' ? op.birth : [])));
    const again = car.by('Ann', 20, (pen) => pen.increment('km', 1));
    expect(births(again)).toEqual([1, 1]);
    const reset = again.by('Ann', 30, (pen) => pen.remove('km')).by('Ann', 40, (pen) => pen.increment('km', 1));
    expect(births(reset)).toEqual([1, 1, 4]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('M21: are not counted into by %d', (by) => {
    expect(() => becomes(car, (pen) => pen.increment('km', by))).toThrow(BadUserInputError);
  });

  it('M21: are not counted beyond what is finite', () => {
    const much = car.by('Bob', 20, (pen) => pen.increment('km', Number.MAX_VALUE));
    expect(() => much.by('Bob', 30, (pen) => pen.increment('km', Number.MAX_VALUE))).toThrow(BadUserInputError);
  });

  it('M22: named _id are never written to', () => {
    expect(() => becomes(car, (pen) => pen.set('_id', 'x'))).toThrow(IdImmutableError);
    expect(() => becomes(car, (pen) => pen.remove('_id.x'))).toThrow(IdImmutableError);
    expect(() => becomes(car, (pen) => pen.upsert({ _id: 'x' }))).toThrow(IdImmutableError);
    expect(becomes(car, (pen) => pen.set('owner._id', 'x'))).toEqual(['assign owner._id']);
  });

  it('M22: lie no deeper than a document may', () => {
    const path = Array.from({ length: limits.documentDepth }, () => 'a').join('.');
    expect(becomes(nothing, (pen) => pen.set(path, 1))).toHaveLength(limits.documentDepth + 1);
    expect(() => becomes(nothing, (pen) => pen.set(path, []))).toThrow(BadUserInputError);
    expect(() =>
      becomes(nothing, (pen) => pen.draft.upsert(nested(limits.documentDepth + 1), 'MERGE', () => false)),
    ).toThrow(BadUserInputError);
    expect(
      becomes(nothing, (pen) => pen.draft.upsert(nested(limits.documentDepth), 'MERGE', () => false)),
    ).toHaveLength(limits.documentDepth);
  });
});

describe('a draft', () => {
  it('hands out states that its later writes do not change', () => {
    const writer = { origin: 'Ann', number: 1, time: 1, log: undefined, position: 0, covers: () => true };
    const draft = new DocumentDraft(undefined, writer);
    const pen = new Pen(draft, () => false);
    pen.upsert({ friends: { a: 1 } });
    const before = draft.state;
    pen.set('friends.b', 2);
    pen.remove('friends.a');
    expect(before && jsonFromValue(documentValue(before))).toEqual({ friends: { a: 1 } });
    expect(draft.state && jsonFromValue(documentValue(draft.state))).toEqual({ friends: { b: 2 } });
    pen.removeAll();
    expect(draft.state).toBeUndefined();
  });
});

/** Objects within each other, the innermost empty. */
function nested(levels: number): ValueObject {
  let object: ValueObject = Object.create(null);
  for (let level = 1; level < levels; level++) object = Object.assign(Object.create(null), { a: object });
  return object;
}

/** The second over the first, objects member by member. */
function merged(first: Value | undefined, second: Value): Value {
  if (!isValueObject(second)) return second;
  const object: Record<string, Value> = Object.create(null);
  if (isValueObject(first)) Object.assign(object, first);
  for (const [key, value] of Object.entries(second)) object[key] = merged(object[key], value);
  return object;
}
