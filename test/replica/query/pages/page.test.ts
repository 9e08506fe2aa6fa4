import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../../../errors.ts';
import { limits } from '../../../../limits.ts';
import type { OrderField } from '../../../../replica/query/filters/order.ts';
import { cursorOf, readPage } from '../../../../replica/query/pages/page.ts';
import type { PageRequest } from '../../../../replica/query/pages/page-request.ts';
import { assertProperty } from '../properties.ts';
import { filters, freshly, ids, orders } from '../queries.ts';
import { documentFields, idsOf, type Store, storeOf, things } from '../store.ts';

const byA: readonly OrderField[] = [{ path: ['a'], direction: 'ASC' }];

const page = (store: Store, request: Partial<PageRequest> = {}) =>
  readPage(store, { collection: 'things', filter: undefined, order: [], ...request });

function cursorAt(store: Store, id: string, order: readonly OrderField[] = []): string {
  const document = store.get('things', id);
  if (document === undefined) throw new Error(`no document ${id}`);
  return cursorOf(document, order);
}

const letters = () => storeOf({ a: { a: 5 }, b: { a: 4 }, c: { a: 3 }, d: { a: 2 }, e: { a: 1 } });

/** The argument that an error names. */
function blamed(read: () => unknown): string | undefined {
  try {
    read();
  } catch (error) {
    if (error instanceof BadUserInputError) return error.argument;
    throw error;
  }
  return undefined;
}

/** Relay's algorithm, word by word, over a sorted list in which the cursors' documents stand. */
function relay(sorted: readonly string[], { first, last, after, before }: Record<string, number | undefined>) {
  const start = after === undefined ? 0 : after + 1;
  const end = Math.max(start, before === undefined ? sorted.length : before);
  const edges = sorted.slice(start, end);
  let nodes = edges;
  if (first !== undefined) nodes = nodes.slice(0, first);
  if (last !== undefined) nodes = nodes.slice(Math.max(0, nodes.length - last));
  return {
    nodes,
    hasPreviousPage: last === undefined ? start > 0 : edges.length > last,
    hasNextPage: first === undefined ? end < sorted.length : edges.length > first,
  };
}

describe('readPage', () => {
  it('L9: goes forward and backward through all that match', () => {
    const store = letters();
    const first = page(store, { order: byA, first: 2 });
    expect(idsOf(first.documents)).toEqual(['e', 'd']);
    expect(first).toMatchObject({ hasNextPage: true, hasPreviousPage: false, totalCount: 5 });
    const next = page(store, { order: byA, first: 2, after: cursorAt(store, 'd', byA) });
    expect(idsOf(next.documents)).toEqual(['c', 'b']);
    expect(next).toMatchObject({ hasNextPage: true, hasPreviousPage: true, totalCount: 5 });
    const back = page(store, { order: byA, last: 2, before: cursorAt(store, 'b', byA) });
    expect(idsOf(back.documents)).toEqual(['d', 'c']);
    expect(back).toMatchObject({ hasNextPage: true, hasPreviousPage: true, totalCount: 5 });
  });

  it('L9: takes the last of the first where both are given', () => {
    const both = page(letters(), { first: 4, last: 2 });
    expect(idsOf(both.documents)).toEqual(['c', 'd']);
    expect(both).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  });

  it('L9: gives nothing for 0, and says what there is beside it', () => {
    const filter = { kind: 'gt', path: ['a'], value: 2 } as const;
    expect(page(letters(), { filter, first: 0 })).toMatchObject({
      documents: [],
      hasNextPage: true,
      hasPreviousPage: false,
      totalCount: 3,
    });
    expect(page(letters(), { filter, last: 0 })).toMatchObject({ documents: [], hasPreviousPage: true });
  });

  it('L9: refuses numbers below 0, naming the argument', () => {
    expect(blamed(() => page(letters(), { first: -1 }))).toBe('first');
    expect(blamed(() => page(letters(), { last: -1 }))).toBe('last');
  });

  it('L9: is the page that Relay asks for, for every filter, order and cut', () => {
    const count = fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined });
    const place = fc.option(fc.nat(20), { nil: undefined });
    assertProperty(
      fc.property(
        fc.dictionary(fc.constantFrom(...ids), documentFields),
        fc.option(filters, { nil: undefined }),
        orders,
        fc.record({ first: count, last: count, after: place, before: place }),
        (documents, filter, order, cut) => {
          const store = storeOf(documents);
          const sorted = freshly(things(store), filter, order);
          const [after, before] = [cut.after, cut.before].map((at) =>
            sorted[at ?? -1] === undefined ? undefined : at,
          );
          const cursor = (at: number | undefined) => {
            const document = sorted[at ?? -1];
            return document && cursorOf(document, order);
          };
          const { first, last } = cut;
          const request = { filter, order, first, last, after: cursor(after), before: cursor(before) };
          const { documents: nodes, order: _, ...rest } = page(store, request);
          const expected = relay(idsOf(sorted), { first, last, after, before });
          expect({ nodes: idsOf(nodes), ...rest }).toEqual({ ...expected, totalCount: sorted.length });
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('L9: selects few of many as sorting all of them would', () => {
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`d${n}`, { a: (n * 7_919) % 3_001 }]));
    const store = storeOf(many);
    const sorted = idsOf(freshly(things(store), undefined, byA));
    expect(idsOf(page(store, { order: byA, first: 7 }).documents)).toEqual(sorted.slice(0, 7));
    expect(idsOf(page(store, { order: byA, last: 7 }).documents)).toEqual(sorted.slice(-7));
    expect(idsOf(page(store, { order: byA, first: 2_000 }).documents)).toEqual(sorted.slice(0, 2_000));
  });
});

describe('cursors', () => {
  it('L10: stay good when documents come and go', () => {
    const store = letters();
    const after = cursorAt(store, 'c', byA);
    store.turn([
      { kind: 'remove', id: 'c' },
      { kind: 'upsert', id: 'new', fields: { a: 3.5 } },
      { kind: 'upsert', id: 'a', fields: { a: 0 } },
    ]);
    expect(idsOf(page(store, { order: byA, after }).documents)).toEqual(['new', 'b']);
    expect(idsOf(page(store, { order: byA, before: after }).documents)).toEqual(['a', 'e', 'd']);
  });

  it('L10: name their place however their document changes, for values of every type', () => {
    assertProperty(
      fc.property(
        fc.dictionary(fc.constantFrom(...ids), documentFields, { minKeys: 1 }),
        orders,
        fc.nat(),
        (documents, order, pick) => {
          const store = storeOf(documents);
          const sorted = freshly(things(store), undefined, order);
          const at = pick % sorted.length;
          const document = sorted[at];
          if (document === undefined) return;
          const cursor = cursorOf(document, order);
          store.turn([{ kind: 'remove', id: document.id }]);
          expect(idsOf(page(store, { order, after: cursor }).documents)).toEqual(idsOf(sorted.slice(at + 1)));
          expect(idsOf(page(store, { order, before: cursor }).documents)).toEqual(idsOf(sorted.slice(0, at)));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('L10: of another order, or no cursors at all, are refused by name', () => {
    const store = letters();
    const other = cursorAt(store, 'c');
    const text = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url');
    const [mark] = JSON.parse(Buffer.from(cursorAt(store, 'c', byA), 'base64url').toString());
    const garbage = ['', '!', 'abc', text(null), text([mark, 'c']), text([mark, 'c', []]), text([mark, 'c', [7]])];
    garbage.push(
      text([mark, 'c', [[]]]),
      text([mark, 'c', [[{ $int64: 'x' }]]]),
      text([mark, 'c', [['a', 'odd', 'x']]]),
    );
    garbage.push(text([mark, 'c', [[null, 'string', 'x']]]), 'a'.repeat(limits.cursorCharacters + 1));
    for (const cursor of [other, ...garbage]) {
      expect(blamed(() => page(store, { order: byA, after: cursor }))).toBe('after');
      expect(blamed(() => page(store, { order: byA, before: cursor }))).toBe('before');
    }
    const descending = [{ path: ['a'], direction: 'DESC' }] as const;
    expect(blamed(() => page(store, { order: descending, after: cursorAt(store, 'c', byA) }))).toBe('after');
  });

  const long = (end: string) => `${'\u{1f600}x'.repeat(100_000)}${end}`;

  it('L11: are small, however large the values, and exact while the document has that value', () => {
    const large = {
      a: { a: long('1') },
      b: { a: long('2') },
      c: { a: [long('1')] },
      d: { a: [long('2')] },
      e: { a: { x: long('1') } },
      f: { a: { x: long('2') } },
    };
    const store = storeOf(large);
    const sorted = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const [at, id] of sorted.entries()) {
      const cursor = cursorAt(store, id, byA);
      expect(cursor.length).toBeLessThan(2_000);
      store.turn([{ kind: 'set', id, path: ['other'], value: 1 }]);
      expect(idsOf(page(store, { order: byA, after: cursor }).documents)).toEqual(sorted.slice(at + 1));
      expect(idsOf(page(store, { order: byA, before: cursor }).documents)).toEqual(sorted.slice(0, at));
    }
  });

  it('L11: fit into what is taken back, at their largest', () => {
    const fields = Array.from({ length: limits.orderFields }, (_, n) => `field${n}`);
    const value = Array.from({ length: limits.cursorValueCharacters }, () => '\u0001').join('');
    const store = storeOf({
      ['\u0001'.repeat(limits.idBytes)]: Object.fromEntries(fields.map((field) => [field, value])),
    });
    const order = fields.map((field) => ({ path: [field], direction: 'ASC' }) as const);
    const [document] = things(store);
    const after = document && cursorOf(document, order);
    expect(after?.length).toBeGreaterThan(10_000);
    expect(page(store, { order, after }).documents).toEqual([]);
  });

  it('L11: once that value is gone, may repeat what begins alike, and skip nothing', () => {
    const store = storeOf({
      a: { a: 'a' },
      b: { a: long('1') },
      c: { a: long('2') },
      d: { a: long('3') },
      e: { a: 'z' },
    });
    // z sorts before the code points above U+FFFF.
    expect(idsOf(page(store, { order: byA }).documents)).toEqual(['a', 'e', 'b', 'c', 'd']);
    const cursor = cursorAt(store, 'c', byA);
    store.turn([{ kind: 'remove', id: 'c' }]);
    expect(idsOf(page(store, { order: byA, after: cursor }).documents)).toEqual(['b', 'd']);
    expect(idsOf(page(store, { order: byA, before: cursor }).documents)).toEqual(['a', 'e', 'b', 'd']);
  });

  it('L11: of a value that has changed since are not taken for the new one, even where that begins alike', () => {
    const store = storeOf({ a: { a: long('1') }, b: { a: long('2') }, c: { a: long('3') }, d: { a: [long('1')] } });
    const cursor = cursorAt(store, 'b', byA);
    store.turn([{ kind: 'set', id: 'b', path: ['a'], value: long('9') }]);
    expect(idsOf(page(store, { order: byA, after: cursor }).documents)).toEqual(['a', 'c', 'b', 'd']);
  });

  it('L11: tell apart what differs within the beginning that they hold, also by half of a code point', () => {
    const most = 'x'.repeat(limits.cursorValueCharacters - 1);
    const rest = 'y'.repeat(10);
    const store = storeOf({
      a: { a: `${most}\uffee${rest}` },
      b: { a: `${most}\u{1f600}${rest}` },
      c: { a: `${most}\u{2f800}${rest}` },
    });
    const cursor = cursorAt(store, 'b', byA);
    store.turn([{ kind: 'remove', id: 'b' }]);
    expect(idsOf(page(store, { order: byA, after: cursor }).documents)).toEqual(['c']);
    expect(idsOf(page(store, { order: byA, before: cursor }).documents)).toEqual(['a']);
  });
});
