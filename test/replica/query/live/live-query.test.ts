import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderField } from '../../../../replica/query/filters/order.ts';
import { type LiveQuery, openLiveQuery } from '../../../../replica/query/live/live-query.ts';
import type { LiveQueryDefinition, ResultChange } from '../../../../replica/query/live/result-change.ts';
import type { StoredDocument } from '../../../../replica/query/stored-document.ts';
import { asClient, expectLeast, expectSame } from '../clients.ts';
import { assertProperty } from '../properties.ts';
import { filters, freshly, ids, orders } from '../queries.ts';
import { documentFields, idsOf, paths, Store, storeOf, things, values, type Write } from '../store.ts';

const byA: readonly OrderField[] = [{ path: ['a'], direction: 'ASC' }];

const open = (store: Store, definition: Partial<LiveQueryDefinition> = {}): LiveQuery =>
  openLiveQuery({ collection: 'things', filter: undefined, order: byA, first: undefined, ...definition }, store);

/** A change with documents by id, short enough to read. */
function spelt(change: ResultChange | undefined) {
  if (change === undefined) return undefined;
  const at = ({ index, document }: ResultChange['inserted'][number]) => [index, document.id];
  return {
    inserted: change.inserted.map(at),
    updated: change.updated.map(at),
    removed: change.removed.map(({ index, id, reason }) => [index, id, reason]),
    moved: change.moved.map(({ id, from, to }) => [id, from, to]),
  };
}

const nothing = { inserted: [], updated: [], removed: [], moved: [] };

const writes: fc.Arbitrary<Write> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('upsert'), id: fc.constantFrom(...ids), fields: documentFields }),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({ kind: fc.constant('set'), id: fc.constantFrom(...ids), path: paths, value: values })
      .map((write): Write => {
        const { id, path, value } = write;
        const [key = '', inner] = path;
        return inner === undefined ? write : { kind: 'upsert', id, fields: { [key]: { [inner]: value } } };
      }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('count'),
      id: fc.constantFrom(...ids),
      by: fc.integer({ min: -2, max: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('unset'),
      id: fc.constantFrom(...ids),
      path: fc.constantFrom(['a'], ['b'], ['c'], ['counted']),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('remove', 'evict', 'rewrite'), id: fc.constantFrom(...ids) }),
  },
);

const histories = fc.record({
  documents: fc.dictionary(fc.constantFrom(...ids), documentFields),
  filter: fc.option(filters, { nil: undefined }),
  order: orders,
  first: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
  turns: fc.array(fc.array(writes, { minLength: 1, maxLength: 6 }), { maxLength: 8 }),
});

describe('LiveQuery', () => {
  it('L1, L2, L4: equals a fresh query after every turn, and its changes lead there by the least', () => {
    assertProperty(
      fc.property(histories, ({ documents, filter, order, first, turns }) => {
        const store = storeOf(documents);
        const query = open(store, { filter, order, first });
        let client: readonly StoredDocument[] = [...query.result];
        expectSame(client, freshly(things(store), filter, order).slice(0, first));
        for (const turn of turns) {
          const before = client;
          const held = query.result;
          const copy = [...held];
          const change = query.apply(store.turn(turn));
          const wanted = freshly(things(store), filter, order).slice(0, first);
          expectSame([...query.result], wanted);
          expect([...held]).toEqual(copy);
          if (change === undefined) {
            expectSame(before, wanted);
            continue;
          }
          expect(change.after).toBe(query.result);
          expect(change.before).toBe(held);
          client = asClient(before, change);
          expectSame(client, wanted);
          expectLeast(change, before, wanted);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('L5: says why each document left: removed, evicted here, or still there', () => {
    assertProperty(
      fc.property(histories, ({ documents, filter, order, first, turns }) => {
        const store = storeOf(documents);
        const query = open(store, { filter, order, first });
        for (const turn of turns) {
          const changes = store.turn(turn);
          for (const { id, reason } of query.apply(changes)?.removed ?? []) {
            const evicted = changes.find((change) => change.id === id)?.evicted;
            const gone = evicted ? 'EVICTED' : 'REMOVED';
            expect(reason).toBe(store.get('things', id) === undefined ? gone : 'LEFT_RESULT');
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  const five = () => storeOf({ a: { a: 1 }, b: { a: 2 }, c: { a: 3 }, d: { a: 4 }, e: { a: 5 } });

  it('L1: when a document leaves a full result, the next one comes in with the same event', () => {
    const store = five();
    const query = open(store, { first: 3 });
    expect(spelt(query.apply(store.turn([{ kind: 'remove', id: 'a' }])))).toEqual({
      ...nothing,
      removed: [[0, 'a', 'REMOVED']],
      inserted: [[2, 'd']],
    });
    expect(spelt(query.apply(store.turn([{ kind: 'upsert', id: 'new', fields: { a: 0 } }])))).toEqual({
      ...nothing,
      removed: [[2, 'd', 'LEFT_RESULT']],
      inserted: [[0, 'new']],
    });
    expect(idsOf(query.result)).toEqual(['new', 'b', 'c']);
  });

  it('L2: tells nothing of what happens past first, in other collections, or shows the same', () => {
    const store = five();
    const query = open(store, { first: 3, filter: { kind: 'exists', path: ['a'], value: true } });
    expect(
      query.apply(
        store.turn([
          { kind: 'remove', id: 'e' },
          { kind: 'set', id: 'd', path: ['b'], value: 1 },
        ]),
      ),
    ).toBeUndefined();
    expect(query.apply(store.turn([{ kind: 'remove', id: 'a' }], 'others'))).toBeUndefined();
    expect(query.apply(store.turn([{ kind: 'rewrite', id: 'a' }]))).toBeUndefined();
    expect(query.apply(store.turn([{ kind: 'upsert', id: 'no', fields: { b: 1 } }]))).toBeUndefined();
    expect(idsOf(query.result)).toEqual(['a', 'b', 'c']);
  });

  it('L2: takes several changes of one document in one turn as one', () => {
    const store = five();
    const query = open(store);
    const changes = [
      ...store.turn([{ kind: 'set', id: 'c', path: ['a'], value: 0 }]),
      ...store.turn([{ kind: 'evict', id: 'b' }]),
      ...store.turn([{ kind: 'set', id: 'c', path: ['a'], value: 9 }]),
      ...store.turn([{ kind: 'upsert', id: 'b', fields: { a: 2 } }]),
    ];
    expect(spelt(query.apply(changes))).toEqual({
      ...nothing,
      updated: [
        [1, 'b'],
        [4, 'c'],
      ],
      moved: [['c', 2, 4]],
    });
  });

  it('L4: moves what was written, where one of two neighbours must move', () => {
    const store = five();
    const query = open(store);
    for (const [id, value, from, to] of [
      ['a', 2.5, 0, 1],
      ['e', 3.5, 4, 3],
    ] as const) {
      expect(spelt(query.apply(store.turn([{ kind: 'set', id, path: ['a'], value }])))).toEqual({
        ...nothing,
        updated: [[to, id]],
        moved: [[id, from, to]],
      });
    }
  });

  it('L4: moves only what must move, and lists it as updated too where it changed', () => {
    const store = five();
    const query = open(store);
    expect(spelt(query.apply(store.turn([{ kind: 'set', id: 'a', path: ['a'], value: 9 }])))).toEqual({
      ...nothing,
      updated: [[4, 'a']],
      moved: [['a', 0, 4]],
    });
    expect(spelt(query.apply(store.turn([{ kind: 'set', id: 'a', path: ['a'], value: 10 }])))).toEqual({
      ...nothing,
      updated: [[4, 'a']],
    });
  });

  it('L5: an evicted document leaves, and comes back when it is written to again', () => {
    const store = five();
    const query = open(store);
    expect(spelt(query.apply(store.turn([{ kind: 'evict', id: 'b' }])))?.removed).toEqual([[1, 'b', 'EVICTED']]);
    expect(spelt(query.apply(store.turn([{ kind: 'upsert', id: 'b', fields: { c: 1 } }])))?.inserted).toEqual([
      [1, 'b'],
    ]);
  });

  it('L2: stays quick where one turn touches 10,000 documents of 100,000', () => {
    const store = new Store();
    const all = Array.from({ length: 100_000 }, (_, n): Write => ({ kind: 'upsert', id: `d${n}`, fields: { a: n } }));
    store.turn(all);
    const queries = [open(store), open(store, { first: 50_000 })];
    const tenth = all.filter((_, n) => n % 10 === 0);
    const shuffled = tenth.map(({ id }, n): Write => ({ kind: 'set', id, path: ['a'], value: (n * 7_919) % 100_003 }));
    const turn = [
      ...shuffled,
      ...tenth.map(({ id }): Write => ({ kind: 'upsert', id: `new ${id}`, fields: { a: 1 } })),
    ];
    const changes = store.turn(turn);
    const begin = process.cpuUsage();
    for (const query of queries) expect(query.apply(changes)?.updated.length).toBeGreaterThan(1_000);
    const { user, system } = process.cpuUsage(begin);
    // Quadratic work would take minutes.
    expect((user + system) / 1_000).toBeLessThan(5_000);
    const wanted = idsOf(freshly(things(store), undefined, byA));
    expect(queries.map(({ result }) => idsOf(result))).toEqual([wanted, wanted.slice(0, 50_000)]);
  });
});
