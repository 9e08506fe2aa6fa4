import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../../limits.ts';
import { compileFilter, type Filter } from '../../../../replica/query/filters/filter.ts';
import { QueryIndex } from '../../../../replica/query/live/query-index.ts';
import type { DocumentChange } from '../../../../replica/query/live/result-change.ts';
import { assertProperty } from '../properties.ts';
import { filters, ids } from '../queries.ts';
import { documentFields, Store, type Write } from '../store.ts';

const withId = (id: string): Filter => ({ kind: 'eq', path: ['_id'], value: id });

const upserts: fc.Arbitrary<Write> = fc.record({
  kind: fc.constant('upsert'),
  id: fc.constantFrom(...ids),
  fields: documentFields,
});

describe('QueryIndex', () => {
  it('L12: shows watchers of single documents nothing of other documents', () => {
    const store = new Store();
    const index = new QueryIndex<string>();
    for (let n = 0; n < 10_000; n += 1) index.add(`of d${n}`, 'things', withId(`d${n}`));
    index.add('of two', 'things', { kind: 'in', path: ['_id'], values: ['d1', 'd2'] });
    const changes = store.turn(['d1', 'd2', 'none'].map((id) => ({ kind: 'upsert', id, fields: {} })));
    const concerned = Array.from(index.concerned(changes), ([query, shown]) => [query, shown.map(({ id }) => id)]);
    expect(concerned.sort()).toEqual([
      ['of d1', ['d1']],
      ['of d2', ['d2']],
      ['of two', ['d1', 'd2']],
    ]);
  });

  it('L12: shows queries only their collection, and nothing once they are deleted', () => {
    const store = new Store();
    const index = new QueryIndex<string>();
    const queries: [string, string, Filter | undefined][] = [
      ['things', 'things', undefined],
      ['thing', 'things', withId('a')],
      ['others', 'others', undefined],
    ];
    for (const query of queries) index.add(...query);
    const changes = [
      ...store.turn([{ kind: 'upsert', id: 'a', fields: {} }]),
      ...store.turn([{ kind: 'upsert', id: 'b', fields: {} }]),
      ...store.turn([{ kind: 'upsert', id: 'a', fields: {} }], 'others'),
    ];
    const concerned = Array.from(index.concerned(changes), ([query, shown]) => [
      query,
      shown.map(({ collection, id }) => `${collection} ${id}`),
    ]);
    expect(concerned.sort()).toEqual([
      ['others', ['others a']],
      ['thing', ['things a']],
      ['things', ['things a', 'things b']],
    ]);
    for (const [query, collection] of queries) index.delete(query, collection);
    expect(index.concerned(changes).size).toBe(0);
  });

  it('L12: shows every change to all whose filters held for what was or hold for what is, until they are deleted', () => {
    const asked = fc.array(fc.record({ filter: filters, isDeleted: fc.boolean() }), { maxLength: 12 });
    assertProperty(
      fc.property(asked, fc.array(upserts, { maxLength: 6 }), upserts, (queries, earlier, write) => {
        const store = new Store();
        store.turn(earlier);
        const index = new QueryIndex<Filter>();
        for (const { filter } of queries) index.add(filter, 'things', filter);
        for (const { filter, isDeleted } of queries) if (isDeleted) index.delete(filter, 'things');
        const changes = store.turn([write, { kind: 'remove', id: 'd0' }]);
        const concerned = index.concerned(changes);
        for (const { filter, isDeleted } of queries) {
          const isMatch = compileFilter(filter);
          const holdsFor = ({ before, after }: DocumentChange) =>
            [before, after].some((document) => document !== undefined && isMatch(document));
          const shown = concerned.get(filter) ?? [];
          expect(shown).toEqual(changes.filter((change) => shown.includes(change)));
          if (isDeleted) expect(shown).toEqual([]);
          else expect(shown).toEqual(expect.arrayContaining(changes.filter(holdsFor)));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('L12: shows one that asks for more keys than are kept every change', () => {
    const index = new QueryIndex<string>();
    const values = Array.from({ length: limits.liveQueryKeys + 1 }, (_, n) => n);
    index.add('many', 'things', { kind: 'in', path: ['a'], values: values.slice(1) });
    index.add('more', 'things', { kind: 'in', path: ['a'], values });
    const changes = new Store().turn([{ kind: 'upsert', id: 'd', fields: { a: -1 } }]);
    expect([...index.concerned(changes).keys()]).toEqual(['more']);
  });

  it('L12: shows a change to none of 10,000 different filters but those that it concerns', () => {
    const store = new Store();
    const kinds: Readonly<Record<string, (n: number) => Filter>> = {
      equal: (n) => ({ kind: 'eq', path: ['a'], value: n }),
      among: (n) => ({ kind: 'in', path: ['a'], values: [n, n + 0.5, `${n}`] }),
      between: (n) => ({
        kind: 'and',
        filters: [
          { kind: 'gte', path: ['a'], value: n },
          { kind: 'lt', path: ['a'], value: n + 1 },
        ],
      }),
      beginning: (n) => ({ kind: 'startsWith', path: ['b'], value: `${n};` }),
      nested: (n) => ({
        kind: 'and',
        filters: [
          { kind: 'contains', path: ['b'], value: ';' },
          { kind: 'or', filters: [withId(`d${n}`), { kind: 'eq', path: ['a'], value: n }] },
        ],
      }),
      // All ask for the same status: the other conjunct tells them apart.
      crowded: (n) => ({
        kind: 'and',
        filters: [
          { kind: 'eq', path: ['c'], value: 'open' },
          { kind: 'eq', path: ['a'], value: n },
        ],
      }),
    };
    for (const [name, filterOf] of Object.entries(kinds)) {
      const index = new QueryIndex<number>();
      for (let n = 0; n < 10_000; n += 1) index.add(n, 'things', filterOf(n));
      const write = (a: number): Write => ({ kind: 'upsert', id: 'd7777', fields: { a, b: `${a};`, c: 'open' } });
      const concerned = (changes: readonly DocumentChange[]) => [...index.concerned(changes).keys()];
      const most = name === 'crowded' ? 80 : 2;
      const came = concerned(store.turn([write(4_000)]));
      expect(came, name).toContain(4_000);
      expect(came.length, name).toBeLessThanOrEqual(most);
      // Found by what it was, and by what it is.
      const moved = concerned(store.turn([write(5_000)]));
      expect(moved, name).toEqual(expect.arrayContaining([4_000, 5_000]));
      expect(moved.length, name).toBeLessThanOrEqual(most + 1);
      const gone = concerned(store.turn([{ kind: 'remove', id: 'd7777' }]));
      expect(gone, name).toContain(5_000);
      expect(gone.length, name).toBeLessThanOrEqual(most);
    }
  });
});
