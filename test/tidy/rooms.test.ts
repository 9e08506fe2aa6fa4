import { expect, it } from 'vitest';
import { circlesIn, roomOf, rooms, whyNot } from './rooms.ts';

const room = (path: string) => {
  const found = roomOf(path);
  if (found === undefined) throw new Error(`no room holds ${path}`);
  return found;
};

it('finds the room whose path is the longest beginning', () => {
  expect(room('replica/replica.ts').path).toBe('replica/');
  expect(room('replica/query/live/live-query.ts').path).toBe('replica/query/live/');
  expect(roomOf('errors.ts')).toBeUndefined();
});

it('lets a room import from before it alone, and what is inside the replica from the replica alone', () => {
  expect(whyNot(room('replica/state/state.ts'), room('replica/crdt/map.ts'))).toBeUndefined();
  expect(whyNot(room('replica/crdt/map.ts'), room('replica/state/state.ts'))).toMatch(/stands after/);
  expect(whyNot(room('resolvers/writes.ts'), room('replica/state/state.ts'))).toMatch(/is only for replica\//);
  expect(whyNot(room('resolvers/writes.ts'), room('replica/replica.ts'))).toBeUndefined();
});

it('lists each room once', () => {
  expect(new Set(rooms.map(({ path }) => path)).size).toBe(rooms.length);
});

it('finds loops of imports, each once', () => {
  const imports = { a: ['b'], b: ['c', 'd'], c: ['a'], d: ['e', 'f'], e: ['d'], f: [], g: ['a'] };
  expect(circlesIn(new Map(Object.entries(imports)))).toEqual([
    ['d', 'e'],
    ['a', 'b', 'c'],
  ]);
});
