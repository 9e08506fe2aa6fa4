import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Filter } from '../../../../replica/query/filters/filter.ts';
import { LiveQueries, type LiveReader } from '../../../../replica/query/live/live-queries.ts';
import { openLiveQuery } from '../../../../replica/query/live/live-query.ts';
import type { LiveQueryDefinition, ResultChange } from '../../../../replica/query/live/result-change.ts';
import { AttachmentToken, type Value } from '../../../../replica/values/value.ts';
import { assertProperty } from '../properties.ts';
import { filters, ids } from '../queries.ts';
import { documentFields, idsOf, Store, storeOf } from '../store.ts';

const define = (definition: Partial<LiveQueryDefinition> = {}): LiveQueryDefinition => ({
  collection: 'things',
  filter: undefined,
  order: [],
  first: undefined,
  ...definition,
});

const withId = (id: string): Filter => ({ kind: 'eq', path: ['_id'], value: id });

const ignore = () => {};

describe('LiveQueries', () => {
  it('L12: readers of equal definitions share one result', () => {
    const live = new LiveQueries(storeOf({ a: { a: 1 } }));
    const words = (): LiveQueryDefinition =>
      define({
        filter: { kind: 'and', filters: [withId('a'), { kind: 'in', path: ['a'], values: [1, 2n ** 60n] }] },
        order: [{ path: ['a'], direction: 'DESC' }],
        first: 3,
      });
    const one = live.open(words(), ignore);
    const other = live.open(words(), ignore);
    expect(live.size).toEqual({ queries: 1, readers: 2 });
    expect(one.result).toBe(other.result);
    one.close();
    one.close();
    expect(live.size).toEqual({ queries: 1, readers: 1 });
    other.close();
    expect(live.size).toEqual({ queries: 0, readers: 0 });
  });

  it('L12: readers of different definitions do not', () => {
    const live = new LiveQueries(new Store());
    const values: Value[] = [1, '1', null, true, [1], 2n ** 60n, String(2n ** 60n), new AttachmentToken('1')];
    const different = [
      define(),
      define({ collection: 'others' }),
      define({ first: 1 }),
      define({ order: [{ path: ['a'], direction: 'ASC' }] }),
      define({ order: [{ path: ['a'], direction: 'DESC' }] }),
      define({ order: [{ path: ['a', 'b'], direction: 'ASC' }] }),
      define({ order: [{ path: ['a.b'], direction: 'ASC' }] }),
      ...values.map((value) => define({ filter: { kind: 'eq', path: ['a'], value } })),
      define({ filter: { kind: 'ne', path: ['a'], value: 1 } }),
      define({ filter: { kind: 'in', path: ['a'], values: [1] } }),
      define({ filter: { kind: 'not', filter: withId('a') } }),
      define({ filter: { kind: 'and', filters: [withId('a')] } }),
      define({ filter: { kind: 'or', filters: [withId('a')] } }),
    ];
    for (const definition of different) live.open(definition, ignore);
    expect(live.size.queries).toBe(different.length);
  });

  it('L12: tells each reader every change in the turn of apply, after all results are at the new version', () => {
    const store = storeOf({ a: { a: 1 }, b: { a: 2 } });
    const live = new LiveQueries(store);
    const told: string[][] = [];
    const all = live.open(define(), () => told.push(['all', ...idsOf(one.result)]));
    const one = live.open(define({ filter: withId('a') }), () => told.push(['one', ...idsOf(all.result)]));
    live.apply(store.turn([{ kind: 'remove', id: 'a' }]));
    expect(told.sort()).toEqual([['all'], ['one', 'b']]);
    live.apply(store.turn([{ kind: 'remove', id: 'a' }], 'others'));
    expect(told).toHaveLength(2);
  });

  it('L12: tells a reader nothing any more once it is closed, also by another while they are told', () => {
    const store = storeOf({ a: { a: 1 } });
    const live = new LiveQueries(store);
    const told: string[] = [];
    const readers = new Map<string, LiveReader>();
    const open = (name: string, closes: readonly string[]) =>
      readers.set(
        name,
        live.open(define(), () => {
          told.push(name);
          for (const other of closes) readers.get(other)?.close();
        }),
      );
    open('first', ['first', 'third']);
    open('second', []);
    open('third', []);
    live.apply(store.turn([{ kind: 'set', id: 'a', path: ['a'], value: 2 }]));
    expect(told).toEqual(['first', 'second']);
    expect(live.size).toEqual({ queries: 1, readers: 1 });
    live.apply(store.turn([{ kind: 'set', id: 'a', path: ['a'], value: 3 }]));
    expect(told).toEqual(['first', 'second', 'second']);
  });

  it('L12: tells a reader that opens while others are told nothing of what its result shows already', () => {
    const store = storeOf({ a: { a: 1 } });
    const live = new LiveQueries(store);
    const late: ResultChange[] = [];
    const results: string[][] = [];
    live.open(define(), () => {
      for (const definition of [define(), define({ first: 5 })]) {
        results.push(idsOf(live.open(definition, (change) => late.push(change)).result));
      }
    });
    live.apply(store.turn([{ kind: 'upsert', id: 'b', fields: {} }]));
    expect(results).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(late).toEqual([]);
  });

  it('L12: loses no change, whatever the filters say of ids', () => {
    const upserts = fc.record({
      kind: fc.constant('upsert'),
      id: fc.constantFrom(...ids),
      fields: documentFields,
    });
    const turns = fc.array(fc.array(upserts, { minLength: 1, maxLength: 4 }), { maxLength: 6 });
    assertProperty(
      fc.property(fc.array(filters, { minLength: 1, maxLength: 4 }), turns, (asked, history) => {
        const store = new Store();
        const live = new LiveQueries(store);
        const readers = asked.map((filter) => live.open(define({ filter }), ignore));
        for (const turn of history) {
          live.apply(store.turn(turn));
          for (const [index, filter] of asked.entries()) {
            const fresh = openLiveQuery(define({ filter }), store).result;
            expect(idsOf(readers[index]?.result ?? [])).toEqual(idsOf(fresh));
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
