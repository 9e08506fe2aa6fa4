import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Branch, CountedList, itemsBetween, type ListNode } from '../../../../replica/query/structures/counted-list.ts';
import { assertProperty } from '../properties.ts';

/** Depth of all leaves, widths and counts: what the head of the file says of every tree. */
function checked(node: ListNode<number, string>, isRoot = true): number {
  expect(node.width).toBeLessThanOrEqual(64);
  if (!isRoot) expect(node.width).toBeGreaterThan(0);
  if (!(node instanceof Branch)) {
    expect(node.keys?.length ?? node.items.length).toBe(node.items.length);
    return 0;
  }
  expect(node.count).toBe(node.children.reduce((sum, { count }) => sum + count, 0));
  const heights = new Set(node.children.map((child) => checked(child, false)));
  expect([...heights]).toEqual([node.height - 1]);
  return node.height;
}

const keyOf = (item: number): string => `k${item}`;

type Step =
  | { readonly kind: 'insert' | 'delete'; readonly place: number; readonly times: number }
  | { readonly kind: 'freeze' };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('insert'), place: fc.nat(), times: fc.nat(120) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete'), place: fc.nat(), times: fc.nat(120) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('freeze') }) },
  ),
  { maxLength: 40 },
);

describe('CountedList', () => {
  it('L16: is an array to whoever writes into it, and stays what it was to whoever froze it', () => {
    assertProperty(
      fc.property(fc.nat(400), fc.boolean(), steps, (size, keyed, history) => {
        const model = Array.from({ length: size }, (_, index) => index * 2);
        const list = new CountedList<number, string>(model, keyed ? model.map(keyOf) : undefined);
        const frozen: { readonly root: ListNode<number, string>; readonly items: number[] }[] = [];
        for (const step of history) {
          if (step.kind === 'freeze') {
            frozen.push({ root: list.freeze(), items: [...model] });
            continue;
          }
          for (let time = 0; time < step.times; time += 1) {
            const place = step.place % (model.length + (step.kind === 'insert' ? 1 : 0));
            if (step.kind === 'insert') {
              const item = ((step.place % 1_000) << 8) + time;
              model.splice(place, 0, item);
              list.insertAt(place, item, keyed ? keyOf(item) : undefined);
            } else if (model.length === 0) continue;
            else {
              model.splice(place, 1);
              list.deleteAt(place);
            }
          }
          expect(list.length).toBe(model.length);
        }
        frozen.push({ root: list.freeze(), items: model });
        for (const { root, items } of frozen) {
          checked(root);
          expect([...itemsBetween(root, 0, items.length)]).toEqual(items);
        }
        const middle = model.length >>> 1;
        expect([...list.between(middle, model.length)]).toEqual(model.slice(middle));
        expect([...list.between(model.length, middle)]).toEqual(model.slice(middle).reverse());
        expect([-1, 0, middle, model.length].map((place) => list.at(place))).toEqual([
          undefined,
          model[0],
          model[middle],
          undefined,
        ]);
        if (keyed && model[middle] !== undefined) expect(list.keyAt(middle)).toBe(keyOf(model[middle]));
      }),
      { numRuns: 200 },
    );
  });

  it('L16: finds where a test ceases to hold', () => {
    assertProperty(
      fc.property(fc.nat(6_000), fc.nat(6_100), (size, bound) => {
        const list = new CountedList(Array.from({ length: size }, (_, index) => index));
        expect(list.countWhile((item) => item < bound)).toBe(Math.min(size, bound));
      }),
      { numRuns: 200 },
    );
  });

  it('L16: keeps nodes filled, whatever the order in which things come', () => {
    const orders: Record<string, (list: CountedList<number>, n: number) => number> = {
      rising: (list) => list.length,
      falling: () => 0,
      fallingInTheMiddle: (list) => Math.min(64, list.length),
      scattered: (list, n) => (n * 7_919) % (list.length + 1),
    };
    for (const [name, placeOf] of Object.entries(orders)) {
      const list = new CountedList<number>([]);
      for (let n = 0; n < 20_000; n += 1) list.insertAt(placeOf(list, n), n);
      let leaves = 0;
      const visit = (node: ListNode<number, undefined>): void => {
        if (node instanceof Branch) node.children.forEach(visit);
        else leaves += 1;
      };
      visit(list.freeze());
      expect(20_000 / leaves, name).toBeGreaterThan(30);
    }
  });
});
