/** Readers who were away: since a position, and between two results. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Filter } from '../../../replica/query/filters/filter.ts';
import type { OrderField } from '../../../replica/query/filters/order.ts';
import { changeBetween } from '../../../replica/query/live/change-between.ts';
import type { DocumentList } from '../../../replica/query/live/document-list.ts';
import { openLiveQuery } from '../../../replica/query/live/live-query.ts';
import type { DocumentChange, ResultChange } from '../../../replica/query/live/result-change.ts';
import { LiveResult } from '../../simulation/live-result.ts';
import { assertProperty } from './properties.ts';
import { filters, ids, orders } from './queries.ts';
import { documentFields, idsOf, Store, type Write } from './store.ts';

const writes: fc.Arbitrary<Write> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('upsert'), id: fc.constantFrom(...ids), fields: documentFields }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('remove', 'evict', 'rewrite'), id: fc.constantFrom(...ids) }),
  },
);
const histories = fc.array(fc.array(writes, { minLength: 1, maxLength: 4 }), { maxLength: 12 });
const definitions = fc.record({
  collection: fc.constant('things'),
  filter: fc.option(filters, { nil: undefined }),
  order: orders,
  first: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
});

const byN: readonly OrderField[] = [{ path: ['n'], direction: 'ASC' }];

/** One change a document, from before the first to after the last, as recent history has it. */
function together(turns: readonly (readonly DocumentChange[])[]): readonly DocumentChange[] {
  const changes = new Map<string, DocumentChange>();
  for (const change of turns.flat()) {
    changes.set(change.id, {
      ...change,
      before: changes.has(change.id) ? changes.get(change.id)?.before : change.before,
    });
  }
  return [...changes.values()];
}

const isEmpty = ({ inserted, updated, removed, moved }: ResultChange) =>
  inserted.length + updated.length + removed.length + moved.length === 0;

const size = (change: ResultChange | undefined) =>
  change === undefined
    ? 0
    : change.inserted.length + change.updated.length + change.removed.length + change.moved.length;

describe('a reader who comes back', () => {
  it('L36: is told what leads from its result to now, from whatever position', () => {
    assertProperty(
      fc.property(definitions, histories, (definition, history) => {
        const store = new Store();
        const query = openLiveQuery(definition, store);
        const results: DocumentList[] = [query.result];
        const turns = history.map((turn) => {
          const changes = store.turn(turn);
          query.apply(changes);
          results.push(query.result);
          return changes;
        });
        for (const [position, documents] of results.entries()) {
          const change = query.since(together(turns.slice(position)));
          const reader = new LiveResult(definition);
          reader.documents = [...documents];
          expect(reader.take(change) ?? reader.compare(store)).toBeUndefined();
          expect(change.after).toBe(query.result);
          // No more than what is told to who kept the result itself.
          expect(size(change)).toBe(size(changeBetween(documents, query.result, () => 'LEFT_RESULT')));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('L36: is told an empty event where nothing changed in its result', () => {
    const store = new Store();
    store.turn([{ kind: 'upsert', id: 'd0', fields: { a: 1 } }]);
    const filter: Filter = { kind: 'eq', path: ['a'], value: 1 };
    const query = openLiveQuery({ collection: 'things', filter, order: [], first: undefined }, store);
    const changes = store.turn([{ kind: 'upsert', id: 'd1', fields: { a: 2 } }]);
    query.apply(changes);
    const change = query.since(changes);
    expect(isEmpty(change)).toBe(true);
    expect(idsOf(change.after)).toEqual(['d0']);
  });
});

describe('changeBetween', () => {
  it('L3: is one change from any result to any later one', () => {
    assertProperty(
      fc.property(definitions, histories, (definition, history) => {
        const store = new Store();
        const query = openLiveQuery(definition, store);
        const results: DocumentList[] = [query.result];
        for (const turn of history) {
          query.apply(store.turn(turn));
          results.push(query.result);
        }
        for (const documents of results) {
          const reader = new LiveResult(definition);
          reader.documents = [...documents];
          const change = changeBetween(documents, query.result, () => 'LEFT_RESULT');
          expect(change && reader.take(change)).toBeUndefined();
          expect(reader.compare(store)).toBeUndefined();
          expect(change === undefined || !isEmpty(change)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('L3, L36: also where results are lists of many nodes', () => {
    const turn = fc.array(fc.tuple(fc.nat({ max: 399 }), fc.nat({ max: 9 })), { minLength: 1, maxLength: 20 });
    assertProperty(
      fc.property(fc.array(turn, { maxLength: 6 }), fc.boolean(), (turns, isCut) => {
        const store = new Store();
        store.turn(Array.from({ length: 400 }, (_, n) => ({ kind: 'upsert', id: `d${n}`, fields: { n: n % 10 } })));
        const filter: Filter = { kind: 'lt', path: ['n'], value: 8 };
        const definition = { collection: 'things', filter, order: byN, first: isCut ? 100 : undefined };
        const query = openLiveQuery(definition, store);
        const results: DocumentList[] = [query.result];
        const changed = turns.map((writes) => {
          const made = store.turn(
            writes.map(([id, n]) =>
              n === 9 ? { kind: 'remove', id: `d${id}` } : { kind: 'upsert', id: `d${id}`, fields: { n } },
            ),
          );
          query.apply(made);
          results.push(query.result);
          return made;
        });
        for (const [position, documents] of results.entries()) {
          for (const change of [
            changeBetween(documents, query.result, () => 'LEFT_RESULT'),
            query.since(together(changed.slice(position))),
          ]) {
            const reader = new LiveResult(definition);
            reader.documents = [...documents];
            expect((change && reader.take(change)) ?? reader.compare(store)).toBeUndefined();
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('L3: is as small as the change of one turn is', () => {
    assertProperty(
      fc.property(definitions, histories, (definition, history) => {
        const store = new Store();
        const query = openLiveQuery(definition, store);
        for (const turn of history) {
          const change = query.apply(store.turn(turn));
          if (change) expect(size(changeBetween(change.before, change.after, () => 'REMOVED'))).toBe(size(change));
        }
      }),
      { numRuns: 300 },
    );
  });
});
