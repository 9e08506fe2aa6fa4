import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyOperations } from '../../../replica/crdt/document.ts';
import type { DocumentState } from '../../../replica/crdt/document-node.ts';
import { RecentHistory } from '../../../replica/state/recent-history.ts';
import { writtenDocument } from '../../resolvers/written-document.ts';

const roomy = { records: 1_000, bytes: 1_000_000, collections: 1_000 };
const stateOf = (n: number): DocumentState => writtenDocument('cars', 'a', { n }).state;

/** A history of touches, and all states that there ever were, to compare with. */
function historyOf(touches: readonly (readonly [collection: string, id: string])[], limits = roomy, begun = 0) {
  const history = new RecentHistory(begun, limits);
  const states = new Map<string, DocumentState | undefined>();
  const snapshots = [new Map(states)];
  touches.forEach(([collection, id], index) => {
    const key = `${collection} ${id}`;
    const after = index % 5 === 4 ? undefined : stateOf(index);
    history.record(begun + index + 1, collection, id, states.get(key), after);
    states.set(key, after);
    snapshots.push(new Map(states));
  });
  return { history, snapshots };
}

const touches = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y', 'z')), { maxLength: 60 });

describe('RecentHistory', () => {
  it('L36: has what was touched since any position, as it was there', () => {
    fc.assert(
      fc.property(touches, fc.integer({ min: 1, max: 80 }), (all, records) => {
        const { history, snapshots } = historyOf(all, { ...roomy, records });
        for (const [position, then] of snapshots.entries()) {
          for (const collection of ['a', 'b', 'c']) {
            const touched = all.slice(position).filter(([name]) => name === collection);
            const formers = history.since(collection, position);
            if (formers === undefined) {
              expect(all.length - position).toBeGreaterThan(records);
              expect(touched.length).toBeGreaterThan(0);
              continue;
            }
            expect([...formers.keys()].sort()).toEqual([...new Set(touched.map(([, id]) => id))].sort());
            for (const [id, state] of formers) expect(state).toBe(then.get(`${collection} ${id}`));
          }
        }
      }),
    );
  });

  it('L38: tells of a collection that was not touched however much was written elsewhere', () => {
    const { history } = historyOf(
      Array.from({ length: 100 }, (_, index) => (index === 0 ? ['quiet', 'x'] : ['busy', `${index}`])),
      { ...roomy, records: 10 },
    );
    expect(history.since('busy', 50)).toBeUndefined();
    expect(history.since('quiet', 1)?.size).toBe(0);
    expect(history.since('never', 0)?.size).toBe(0);
    expect(history.since('quiet', 0)).toBeUndefined();
  });

  it('L38: knows nothing of what was before it began', () => {
    const { history } = historyOf([['a', 'x']], roomy, 100);
    expect(history.since('a', 99)).toBeUndefined();
    expect(history.since('b', 99)).toBeUndefined();
    expect(history.since('b', 100)?.size).toBe(0);
    expect(history.since('a', 100)?.size).toBe(1);
    history.restart(500);
    expect(history.since('a', 499)).toBeUndefined();
    expect(history.since('a', 500)?.size).toBe(0);
    expect(history.size).toEqual({ records: 0, bytes: 0 });
  });

  it('L39: holds no more records and bytes than its limits', () => {
    const many = Array.from({ length: 500 }, (_, index) => ['a', `${index % 7}`] as const);
    expect(historyOf(many, { ...roomy, records: 20 }).history.size.records).toBe(20);
    const { records, bytes } = historyOf(many, { ...roomy, bytes: 5_000 }).history.size;
    expect(bytes).toBeLessThanOrEqual(5_000);
    expect(records).toBeGreaterThan(10);
  });

  it('L39: counts what it keeps in memory, and not what the document still has', () => {
    const large = writtenDocument('a', 'x', { text: 'long'.repeat(10_000), n: 0 }).state;
    const writer = { origin: 'a.a', number: 2, time: 2, log: 'log', position: 2, covers: () => true };
    const after = applyOperations(
      large,
      [{ kind: 'assign', path: ['n'], value: 1, isDefault: false, floors: [] }],
      writer,
    );
    const history = new RecentHistory(0, roomy);
    history.record(1, 'a', 'x', large, after);
    expect(history.size.bytes).toBeLessThan(1_000);
    history.record(2, 'a', 'x', after, undefined);
    expect(history.size.bytes).toBeGreaterThan(40_000);
  });

  it('L39: begins anew where more collections are made up than it remembers', () => {
    const { history } = historyOf(
      Array.from({ length: 11 }, (_, index) => [`made up ${index}`, 'x']),
      { ...roomy, collections: 10 },
    );
    expect(history.since('made up 0', 5)).toBeUndefined();
    expect(history.since('made up 10', 10)?.size).toBe(1);
  });
});
