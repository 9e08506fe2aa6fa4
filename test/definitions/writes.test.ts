import { describe, expect, it } from 'vitest';
import { checkDefinitions } from '../../definitions/check.ts';
import {
  attachment,
  boolean,
  collection,
  counter,
  float,
  int,
  json,
  list,
  map,
  mapOf,
  string,
} from '../../definitions/language.ts';
import { BadUserInputError } from '../../errors.ts';
import { objectFromJson, valueFromJson } from '../../replica/values/json.ts';
import { parseKeypath } from '../../replica/values/keypath.ts';

const definitions = checkDefinitions({
  people: collection('Person', {
    name: string(),
    age: int(),
    height: float(),
    isOnline: boolean(),
    visits: counter(),
    photo: attachment(),
    tags: list(string()),
    grid: list(list(int())),
    address: map({ city: string(), clicks: counter() }),
    names: mapOf(string()),
    friends: mapOf(json()),
    anything: json(),
  }),
});

/** The argument that an error names, and what it says; undefined where there is none. */
function refusal(check: () => void): { argument: string; message: string } | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof BadUserInputError) return { argument: error.argument, message: error.message };
    throw error;
  }
}

const upserting = (document: unknown, name = 'people') =>
  refusal(() => definitions.checkDocument(name, objectFromJson(document, 'document'), 'document'));

describe('documents held against their definition', () => {
  it.each([
    { name: 'Ann', age: -5, height: 1.7, isOnline: true, visits: 5, photo: { $attachment: 'x' } },
    { tags: ['a', 'b'], grid: [[1], []], address: { city: 'Bern', street: 5 }, names: { 'x.y': 'z' } },
    { friends: { a: { b: [1, null] } }, anything: [1, { a: null }] },
    { name: null, age: null, visits: null, tags: null, address: null, names: { a: null }, photo: null },
    { address: { city: null }, unknown: { a: 1 }, _other: 5 },
    {},
  ])('let through what fits and what is not defined: %j', (document) => {
    expect(upserting(document)).toBeUndefined();
  });

  it('let everything through where nothing is defined', () => {
    expect(upserting({ name: 5 }, 'cars')).toBeUndefined();
  });

  it.each([
    [{ name: 5 }, 'document.name', 'a string'],
    [{ age: 'x' }, 'document.age', 'an integer of 32 bits'],
    [{ age: 1.5 }, 'document.age', 'not 1.5'],
    [{ age: 2147483648 }, 'document.age', 'not 2147483648'],
    [{ height: '1' }, 'document.height', 'a number'],
    [{ height: { $int64: '9007199254740993' } }, 'document.height', 'not 9007199254740993'],
    [{ isOnline: 1 }, 'document.isOnline', 'true or false'],
    [{ visits: 'x' }, 'document.visits', 'a counter'],
    [{ photo: 'x' }, 'document.photo', '$attachment'],
    [{ tags: 'x' }, 'document.tags', 'a list'],
    [{ tags: ['x', 5] }, 'document.tags.1', 'a string'],
    [{ tags: ['x', null] }, 'document.tags.1', 'not contain null'],
    [{ grid: [[1], ['x']] }, 'document.grid.1.0', 'an integer'],
    [{ address: 'x' }, 'document.address', 'an object'],
    [{ address: ['x'] }, 'document.address', 'an object'],
    [{ address: { city: 5 } }, 'document.address.city', 'a string'],
    [{ names: { a: 'x', 'b.c': 5 } }, 'document.names["b.c"]', 'a string'],
    [{ friends: 5 }, 'document.friends', 'an object'],
  ])('name the member that does not fit: %j', (document, argument, said) => {
    const refused = upserting(document);
    expect(refused?.argument).toBe(argument);
    expect(refused?.message).toContain(said);
  });
});

const setting = (path: string, value: unknown, as?: 'REGISTER' | 'MAP') =>
  refusal(() => {
    const operation = {
      kind: 'set',
      path: parseKeypath(path, 'path'),
      value: valueFromJson(value, 'value'),
      as,
    } as const;
    definitions.checkUpdate('people', operation, 'operations.0.set');
  });

describe('updates held against their definition', () => {
  it.each([
    ['name', 'Ann'],
    ['name', null],
    ['address.city', 'Bern'],
    ['address.street', 5],
    ['address', { city: 'Bern', clicks: 5 }],
    ['names.a', 'x'],
    ['friends.a.b', [5]],
    ['anything.a.b', 5],
    ['unknown.a', 5],
    ['visits', 5],
  ])('let %s be set to %j', (path, value) => {
    expect(setting(path, value)).toBeUndefined();
  });

  it.each([
    ['name', 5, 'operations.0.set.value'],
    ['address.city', 5, 'operations.0.set.value'],
    ['address', { city: 5 }, 'operations.0.set.value.city'],
    ['names.a', 5, 'operations.0.set.value'],
    ['name.first', 'x', 'operations.0.set.path'],
    ['tags.a', 'x', 'operations.0.set.path'],
    ['visits.a', 5, 'operations.0.set.path'],
    ['visits', 'x', 'operations.0.set.value'],
  ])('refuse %s set to %j', (path, value, argument) => {
    expect(setting(path, value)?.argument).toBe(argument);
  });

  it('refuse a register where a counter is defined', () => {
    expect(setting('visits', 5, 'REGISTER')?.argument).toBe('operations.0.set.as');
    expect(setting('address', { city: 'x' }, 'REGISTER')?.argument).toBe('operations.0.set.as');
    expect(setting('names', { a: 'x' }, 'REGISTER')).toBeUndefined();
    expect(setting('address', { city: 'x' }, 'MAP')).toBeUndefined();
  });

  const counting = (kind: 'increment' | 'replaceWithCounter', path: string) =>
    refusal(() => {
      const at = parseKeypath(path, 'path');
      const operation = kind === 'increment' ? { kind, path: at, by: 1 } : { kind, path: at };
      definitions.checkUpdate('people', operation, `operations.0.${kind}`);
    });

  it.each(['increment', 'replaceWithCounter'] as const)('let %s only what may be a counter', (kind) => {
    for (const path of ['visits', 'address.clicks', 'unknown', 'anything', 'anything.a', 'friends.a.b']) {
      expect(counting(kind, path), path).toBeUndefined();
    }
    for (const path of ['age', 'address', 'address.city', 'name.length', 'tags', 'names.a']) {
      expect(counting(kind, path)?.argument, path).toBe(`operations.0.${kind}.path`);
    }
  });

  it('let anything be removed', () => {
    const operation = { kind: 'remove', path: ['visits'] } as const;
    expect(refusal(() => definitions.checkUpdate('people', operation, 'operations.0.remove'))).toBeUndefined();
  });
});
