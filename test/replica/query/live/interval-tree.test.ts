import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareEnds,
  complementOf,
  holdsKey,
  type Interval,
  type Key,
  keysCompared,
  onlyKey,
  unionOf,
} from '../../../../replica/query/filters/key-set.ts';
import { IntervalTree } from '../../../../replica/query/live/interval-tree.ts';
import { assertProperty } from '../properties.ts';
import { values } from '../store.ts';

const intervals: fc.Arbitrary<Interval> = fc
  .oneof(
    fc.tuple(fc.constantFrom('gt', 'gte', 'lt', 'lte'), values).map(([kind, value]) => keysCompared(kind, value)),
    fc.tuple(values, values).map(([a, b]) => complementOf(unionOf([onlyKey(a), onlyKey(b)]))),
    values.map(onlyKey),
  )
  .filter((set) => set.length > 0)
  .chain((set) => fc.constantFrom(...set));

function found(tree: IntervalTree<number>, key: Key): number[] {
  const members: number[] = [];
  tree.visit(key, (some) => {
    members.push(...some);
    return undefined;
  });
  return members.sort((a, b) => a - b);
}

describe('IntervalTree', () => {
  it('L18: finds those whose interval holds a key, whatever came and went', () => {
    const steps = fc.array(fc.record({ interval: intervals, member: fc.nat(3), comes: fc.boolean() }), {
      maxLength: 60,
    });
    assertProperty(
      fc.property(steps, fc.array(values, { maxLength: 8 }), (history, keys) => {
        const tree = new IntervalTree<number>();
        const held: { readonly interval: Interval; readonly member: number }[] = [];
        for (const { interval, member, comes } of history) {
          const at = held.findIndex((other) => other.member === member && isSame(other.interval, interval));
          if (comes) {
            tree.add(interval, member);
            if (at < 0) held.push({ interval, member });
          } else {
            tree.delete(interval, member);
            if (at >= 0) held.splice(at, 1);
          }
          expect(tree.isEmpty).toBe(held.length === 0);
        }
        for (const key of [undefined, ...keys]) {
          const wanted = held.filter(({ interval }) => holdsKey(interval, key)).map(({ member }) => member);
          expect(found(tree, key)).toEqual(wanted.sort((a, b) => a - b));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('L18: stops where it is told enough', () => {
    const tree = new IntervalTree<number>();
    for (let n = 0; n < 100; n += 1) for (const each of keysCompared('gt', n)) tree.add(each, n);
    let sets = 0;
    tree.visit(1_000, () => {
      sets += 1;
      return sets === 3 ? 'enough' : undefined;
    });
    expect(sets).toBe(3);
  });
});

const isSame = (a: Interval, b: Interval): boolean =>
  compareEnds(a.from, b.from) === 0 && compareEnds(a.to, b.to) === 0;
