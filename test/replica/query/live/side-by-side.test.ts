import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DocumentList } from '../../../../replica/query/live/document-list.ts';
import { openLiveQuery } from '../../../../replica/query/live/live-query.ts';
import { walkSideBySide } from '../../../../replica/query/live/side-by-side.ts';
import type { StoredDocument } from '../../../../replica/query/stored-document.ts';
import { Branch, type ListNode } from '../../../../replica/query/structures/counted-list.ts';
import { assertProperty } from '../properties.ts';
import { Store, storeOf, things, type Write } from '../store.ts';

type Node = ListNode<StoredDocument, undefined>;

function nodesOf(root: Node, found = new Set<Node>()): ReadonlySet<Node> {
  found.add(root);
  if (root instanceof Branch) for (const child of root.children) nodesOf(child, found);
  return found;
}

/** How often a walk met anything. */
function steps(before: DocumentList, after: DocumentList, touched: (id: string) => boolean): number {
  let count = 0;
  const step = () => {
    count += 1;
  };
  walkSideBySide(before, after, touched, { same: step, before: step, after: step });
  return count;
}

describe('results that follow on each other', () => {
  it('L15: share all but the ways to what was touched, however far it moved, and are compared without the rest', () => {
    const store = new Store();
    store.turn(Array.from({ length: 50_000 }, (_, n): Write => ({ kind: 'upsert', id: `d${n}`, fields: { a: n } })));
    for (const first of [undefined, 40_000]) {
      const order = [{ path: ['a'], direction: 'ASC' }] as const;
      const query = openLiveQuery({ collection: 'things', filter: undefined, order, first }, store);
      const before = query.result;
      const former = nodesOf(before.root);
      query.apply(store.turn([{ kind: 'set', id: 'd7', path: ['a'], value: 30_000.5 + (first ?? 0) / 1_000_000 }]));
      const after = query.result;
      expect([...nodesOf(after.root)].filter((node) => !former.has(node)).length).toBeLessThan(10);
      expect(steps(before, after, (id) => id === 'd7')).toBeLessThan(1_000);
      store.turn([{ kind: 'set', id: 'd7', path: ['a'], value: 7 }]);
    }
  });

  it('L15: are walked right to the end, also where they were not made of each other', () => {
    const all = things(storeOf(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`d${n}`, {}]))));
    const some = fc.uniqueArray(fc.nat(299), { maxLength: 200 }).map((picked) => picked.sort((a, b) => a - b));
    assertProperty(
      fc.property(some, some, (oldOnes, newOnes) => {
        const pick = (picked: readonly number[]) => picked.flatMap((index) => all[index] ?? []);
        const [before, after] = [pick(oldOnes), pick(newOnes)];
        const inBoth = new Set(before.filter((document) => after.includes(document)));
        const rebuilt: StoredDocument[] = [];
        const left: StoredDocument[] = [];
        const touched = (id: string) => ![...inBoth].some((document) => document.id === id);
        walkSideBySide(DocumentList.of(before), DocumentList.of(after), touched, {
          same(from, to, count) {
            expect(to).toBe(rebuilt.length);
            rebuilt.push(...before.slice(from, from + count));
          },
          before(index, document) {
            expect(before[index]).toBe(document);
            left.push(document);
          },
          after(index, document) {
            expect(index).toBe(rebuilt.length);
            rebuilt.push(document);
          },
        });
        expect(rebuilt).toEqual(after);
        expect(left).toEqual(before.filter((document) => !inBoth.has(document)));
      }),
      { numRuns: 200 },
    );
  });
});
