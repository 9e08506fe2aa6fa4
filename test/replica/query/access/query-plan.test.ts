import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../../limits.ts';
import type { DocumentReader } from '../../../../replica/query/access/document-reader.ts';
import { matching, sortedMatches } from '../../../../replica/query/access/query-plan.ts';
import type { Filter } from '../../../../replica/query/filters/filter.ts';
import type { OrderField } from '../../../../replica/query/filters/order.ts';
import { cursorOf, readPage } from '../../../../replica/query/pages/page.ts';
import type { Page } from '../../../../replica/query/pages/page-request.ts';
import type { StoredDocument } from '../../../../replica/query/stored-document.ts';
import type { Path } from '../../../../replica/values/keypath.ts';
import type { Value } from '../../../../replica/values/value.ts';
import { assertProperty } from '../properties.ts';
import { filters, freshly, ids, orders } from '../queries.ts';
import { documentFields, idsOf, Store, storeOf, things, values, type Write, withoutIndexes } from '../store.ts';

const indexed: readonly Path[] = [['a'], ['c', 'x'], ['counted']];

const writes: fc.Arbitrary<Write> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('upsert'), id: fc.constantFrom(...ids), fields: documentFields }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('count'),
      id: fc.constantFrom(...ids),
      by: fc.integer({ min: -2, max: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('remove', 'evict'), id: fc.constantFrom(...ids) }) },
);

/** Orders that an index may have, more often than not. */
const likelyOrders: fc.Arbitrary<readonly OrderField[]> = fc.oneof(
  orders,
  fc
    .tuple(fc.constantFrom(...indexed, ['_id']), fc.constantFrom('ASC', 'DESC'), fc.boolean())
    .map(([path, direction, isTied]): readonly OrderField[] => {
      const tie = { path: ['_id'], direction: 'ASC' } as const;
      return isTied ? [{ path, direction }, tie] : [{ path, direction }];
    }),
);

const spelt = ({ documents, hasNextPage, hasPreviousPage, totalCount }: Page) => ({
  ids: idsOf(documents),
  hasNextPage,
  hasPreviousPage,
  totalCount,
});

interface Cut {
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Places among all documents, in the order of the query. */
  readonly after: number | undefined;
  readonly before: number | undefined;
}

const option = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });

const cutsOf = (places: number): fc.Arbitrary<Cut> =>
  fc.record({
    first: option(fc.nat(8)),
    last: option(fc.nat(8)),
    after: option(fc.nat(places)),
    before: option(fc.nat(places)),
  });

/** Of all types, large enough that a cursor holds only their beginnings, which are alike. */
const largeValues: fc.Arbitrary<Value> = fc
  .tuple(fc.constantFrom('', 'a', '\uffee', '\u{1f600}', '\u{1f600}a'), fc.nat(2))
  .map(([end, levels]) => {
    const text = `${'x'.repeat(limits.cursorValueCharacters - 1)}${end}`;
    if (levels === 0) return text;
    return levels === 1 ? [text, end] : Object.assign(Object.create(null), { [end]: text });
  });

/**
 * What is found by an index is what is found by looking at all.
 * @param meanwhile to the documents of both cursors, once these are made
 */
function expectAsByLooking(
  store: Store,
  filter: Filter | undefined,
  order: readonly OrderField[],
  { first, last, ...places }: Cut,
  meanwhile: (id: string) => readonly Write[],
): void {
  const all = freshly(things(store), undefined, order);
  const ends = [places.after, places.before].map((at) => all[at ?? -1]);
  const [after, before] = ends.map((document) => document && cursorOf(document, order));
  store.turn(ends.flatMap((document) => (document === undefined ? [] : meanwhile(document.id))));

  const matches = freshly(things(store), filter, order);
  expect(idsOf(matching(store, 'things', filter)).sort()).toEqual(idsOf(matches).sort());
  expect(idsOf(sortedMatches(store, 'things', filter, order))).toEqual(idsOf(matches));
  const request = { collection: 'things', filter, order, first, last, after, before };
  const page = readPage(store, request);
  expect(spelt(page)).toEqual(spelt(readPage(withoutIndexes(store), request)));
  // What is beside the page is read in any order, and as often as anybody likes.
  expect([page.totalCount, page.hasPreviousPage, page.hasNextPage]).toEqual([
    matches.length,
    page.hasPreviousPage,
    page.hasNextPage,
  ]);
}

describe('answers by index', () => {
  it('L21: are those that are found by looking at all, for all types, filters, orders and pages', () => {
    assertProperty(
      fc.property(
        fc.array(fc.array(writes, { minLength: 1, maxLength: 8 }), { maxLength: 5 }),
        option(filters),
        likelyOrders,
        cutsOf(20),
        fc.boolean(),
        (history, filter, order, cut, isGone) => {
          const store = new Store(indexed);
          for (const turn of history) store.turn(turn);
          // A cursor stays good when its document goes.
          expectAsByLooking(store, filter, order, cut, (id) => (isGone ? [{ kind: 'remove', id }] : []));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('L21: are the same where a cursor holds the beginnings of large values only, also of such as are others by now', () => {
    const fields = fc.record({ a: fc.oneof(largeValues, values), c: fc.record({ x: fc.oneof(largeValues, values) }) });
    assertProperty(
      fc.property(
        fc.dictionary(fc.constantFrom(...ids), fields),
        option(filters),
        likelyOrders,
        cutsOf(ids.length),
        option(fields),
        (documents, filter, order, cut, changed) => {
          const store = storeOf(documents, indexed);
          expectAsByLooking(store, filter, order, cut, (id) =>
            changed === undefined ? [] : [{ kind: 'upsert', id, fields: changed }],
          );
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('L21: are the same of more documents than a node of an index has', () => {
    const most = 300;
    assertProperty(
      fc.property(
        // Few that differ, again and again: what fails is quickly made small.
        fc.array(documentFields, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 60, max: most }),
        fc.integer({ min: 2, max: most }),
        option(filters),
        likelyOrders,
        cutsOf(most),
        option(fc.integer({ min: 60, max: most })),
        fc.boolean(),
        (kinds, count, goneEach, filter, order, cut, many, isFromEnd) => {
          const store = new Store(indexed);
          const numbers = Array.from({ length: count }, (_, n) => n);
          store.turn(numbers.map((n) => ({ kind: 'upsert', id: `d${n}`, fields: kinds[n % kinds.length] ?? {} })));
          const gone = numbers.filter((n) => n % goneEach === 0);
          store.turn(gone.map((n) => ({ kind: 'remove', id: `d${n}` })));
          const counts = many === undefined ? {} : isFromEnd ? { first: undefined, last: many } : { first: many };
          expectAsByLooking(store, filter, order, { ...cut, ...counts }, () => []);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('L21: lead through all pages in both directions as one does', () => {
    assertProperty(
      fc.property(
        fc.array(writes, { minLength: 5, maxLength: 40 }),
        option(filters),
        likelyOrders,
        fc.integer({ min: 1, max: 4 }),
        (turn, filter, order, size) => {
          const store = new Store(indexed);
          store.turn(turn);
          const wanted = idsOf(freshly(things(store), filter, order));
          const cursorAt = (document: StoredDocument | undefined) => document && cursorOf(document, order);
          const request = { collection: 'things', filter, order };

          const forward: string[] = [];
          for (let after: string | undefined, more = true; more; ) {
            const page = readPage(store, { ...request, first: size, after });
            forward.push(...idsOf(page.documents));
            after = cursorAt(page.documents.at(-1));
            more = page.hasNextPage;
          }
          expect(forward).toEqual(wanted);

          const backward: string[] = [];
          for (let before: string | undefined, more = true; more; ) {
            const page = readPage(store, { ...request, last: size, before });
            backward.unshift(...idsOf(page.documents));
            before = cursorAt(page.documents[0]);
            more = page.hasPreviousPage;
          }
          expect(backward).toEqual(wanted);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('L21: find a cursor among those with one key by its id, whatever keys the others have', () => {
    // In the order of keys, d0 stands behind all that have none. Where places were looked for among all entries of the index,
    // a search in halves came upon it and went astray: a page began and ended elsewhere than that of a scan.
    const store = storeOf({ d0: { a: 'last' }, d3: {} }, indexed);
    const [first, second] = sortedMatches(store, 'things', undefined, []).map((document) => cursorOf(document, []));
    const filter: Filter = { kind: 'exists', path: ['a'], value: false };
    const request = { collection: 'things', filter, order: [] };
    const behindFirst = readPage(store, { ...request, first: 1, after: first });
    expect(spelt(behindFirst)).toEqual({ ids: ['d3'], hasNextPage: false, hasPreviousPage: false, totalCount: 1 });
    const beforeSecond = readPage(store, { ...request, before: second });
    expect(spelt(beforeSecond)).toEqual({ ids: [], hasNextPage: true, hasPreviousPage: false, totalCount: 1 });
  });
});

/** Counts which documents are read, and how often all of a collection are. */
function counting(store: Store): DocumentReader & { read: number; scans: number } {
  return {
    read: 0,
    scans: 0,
    get(collection, id) {
      this.read += 1;
      return store.get(collection, id);
    },
    all(collection) {
      this.scans += 1;
      return store.all(collection);
    },
    collections: () => store.collections(),
    count: (collection) => store.count(collection),
    index: (collection, path) => store.index(collection, path),
    noteQuery: (how) => store.noteQuery(how),
  };
}

describe('pages by index', () => {
  const fields = (n: number) => ({ a: n, b: n % 10, c: { x: n % 2 === 0 ? 'even' : 'odd' } });
  const store = storeOf(
    Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`d${String(n).padStart(4, '0')}`, fields(n)])),
    indexed,
  );
  const eq = (path: Path, value: number | string): Filter => ({ kind: 'eq', path, value });
  const byA = [{ path: ['a'], direction: 'DESC' }] as const;

  it('L22: cost as many documents as they have, wherever they are, with all that is beside them', () => {
    const requests: readonly [Filter | undefined, readonly OrderField[]][] = [
      [undefined, []],
      [undefined, byA],
      [eq(['c', 'x'], 'even'), []],
      [{ kind: 'gt', path: ['a'], value: 1_000 }, byA],
      [{ kind: 'startsWith', path: ['_id'], value: 'd' }, [{ path: ['_id'], direction: 'DESC' }]],
    ];
    for (const [filter, order] of requests) {
      const middle = sortedMatches(store, 'things', filter, order)[1_200];
      const reader = counting(store);
      const after = middle && cursorOf(middle, order);
      const page = readPage(reader, { collection: 'things', filter, order, first: 10, after });
      expect(page).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
      expect(page.totalCount).toBeGreaterThan(2_000);
      expect(page.documents).toHaveLength(10);
      expect(reader).toMatchObject({ scans: 0 });
      expect(reader.read).toBeLessThanOrEqual(12);
    }
  });

  it('L22: try only as many as lie before enough matches, and the rest where somebody asks', () => {
    const reader = counting(store);
    const filter = eq(['b'], 7);
    const page = readPage(reader, { collection: 'things', filter, order: byA, first: 10 });
    expect(page.documents).toHaveLength(10);
    expect(reader.read).toBeLessThan(120);
    expect(page).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(reader).toMatchObject({ scans: 0 });
    expect(page.totalCount).toBe(500);
    expect(reader).toMatchObject({ scans: 1 });
  });

  it('L22: read those with few keys, and put them in order, where that is less', () => {
    const reader = counting(store);
    const filter: Filter = { kind: 'in', path: ['a'], values: [3, 4_000, 2n ** 60n, '3'] };
    const page = readPage(reader, { collection: 'things', filter, order: [{ path: ['b'], direction: 'ASC' }] });
    expect(idsOf(page.documents)).toEqual(['d4000', 'd0003']);
    expect(reader).toMatchObject({ scans: 0, read: 2 });
  });

  it('L22: tell how they found what they have', () => {
    const before = { ...store.queries };
    readPage(store, { collection: 'things', filter: eq(['a'], 3), order: [], first: 1 });
    expect(store.queries).toEqual({ index: before.index + 1, scan: before.scan });
    readPage(store, {
      collection: 'things',
      filter: eq(['b'], 3),
      order: [{ path: ['b'], direction: 'ASC' }],
      first: 1,
    });
    expect(store.queries).toEqual({ index: before.index + 1, scan: before.scan + 1 });
  });
});
