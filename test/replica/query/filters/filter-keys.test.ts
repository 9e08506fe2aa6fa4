import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldReader } from '../../../../replica/query/filters/fields.ts';
import type { Filter } from '../../../../replica/query/filters/filter.ts';
import { keysOfFilter } from '../../../../replica/query/filters/filter-keys.ts';
import {
  compareEnds,
  complementOf,
  holdsKey,
  identityOf,
  intersectionOf,
  type Key,
  type KeySet,
  keysCompared,
  keysStarting,
  onlyKey,
  soleKeyOf,
  unionOf,
} from '../../../../replica/query/filters/key-set.ts';
import { compareValues } from '../../../../replica/values/value.ts';
import { assertProperty } from '../properties.ts';
import { filters, holds, ids } from '../queries.ts';
import { documentFields, Store, things, values } from '../store.ts';

const keys: fc.Arbitrary<Key> = fc.option(values, { nil: undefined, freq: 8 });

const contains = (set: KeySet, key: Key): boolean => set.some((interval) => holdsKey(interval, key));

/** Units of UTF-16 by themselves, too: halves of code points come last. */
const texts = fc
  .array(fc.constantFrom(0x61, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff), { maxLength: 4 })
  .map((units) => String.fromCharCode(...units));

const sets: fc.Arbitrary<KeySet> = fc.letrec<{ set: KeySet }>((tie) => ({
  set: fc.oneof(
    { maxDepth: 3 },
    keys.map(onlyKey),
    fc.tuple(fc.constantFrom('gt', 'gte', 'lt', 'lte'), values).map(([kind, value]) => keysCompared(kind, value)),
    texts.map(keysStarting),
    fc.array(tie('set'), { maxLength: 3 }).map(unionOf),
    fc.tuple(tie('set'), tie('set')).map(([a, b]) => intersectionOf(a, b)),
    tie('set').map(complementOf),
  ),
})).set;

describe('sets of keys', () => {
  it('L17: unite, intersect and complement as what they hold does, and stay apart and in order', () => {
    assertProperty(
      fc.property(sets, sets, keys, (a, b, key) => {
        const [inA, inB] = [contains(a, key), contains(b, key)];
        expect(contains(unionOf([a, b]), key)).toBe(inA || inB);
        expect(contains(intersectionOf(a, b), key)).toBe(inA && inB);
        expect(contains(complementOf(a), key)).toBe(!inA);
        for (const set of [unionOf([a, b]), intersectionOf(a, b), complementOf(a)]) {
          set.forEach(({ from, to }, index) => {
            expect(compareEnds(from, to)).toBeLessThan(0);
            const next = set[index + 1];
            if (next !== undefined) expect(compareEnds(to, next.from)).toBeLessThan(0);
          });
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('L17: hold just the strings that begin so, by units, halves of code points too', () => {
    assertProperty(
      fc.property(texts, texts, (beginning, text) => {
        expect(contains(keysStarting(beginning), text)).toBe(text.startsWith(beginning));
        expect(contains(keysStarting(beginning), beginning + text)).toBe(true);
        expect(contains(keysStarting(beginning), null)).toBe(false);
        expect(contains(keysStarting(beginning), [text])).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });

  it('L17: know single keys, which a map tells apart where the order of values does', () => {
    assertProperty(
      fc.property(keys, keys, (a, b) => {
        const [sole] = onlyKey(a);
        expect(sole && soleKeyOf(sole)).toEqual({ key: a });
        const [first, second] = [identityOf(a), identityOf(b)];
        if (first === undefined || second === undefined) return;
        expect(new Set([first, second]).size).toBe(compareValues(a, b) === 0 ? 1 : 2);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('keysOfFilter', () => {
  const written = fc.tuple(documentFields, fc.constantFrom(...ids));

  it('L17: a cover loses no match, whichever pieces are gone by, and what is exact holds for nothing else', () => {
    assertProperty(
      fc.property(written, filters, fc.array(fc.integer({ min: 1, max: 5 })), ([fields, id], filter, costs) => {
        let asked = 0;
        const found = keysOfFilter(filter, () => costs[asked++] ?? Number.POSITIVE_INFINITY);
        const store = new Store();
        store.turn([{ kind: 'upsert', id, fields }]);
        for (const document of things(store)) {
          const isMatch = holds(filter, document);
          if (found.kind !== 'some') {
            expect(isMatch).toBe(found.kind === 'all');
            continue;
          }
          const { cover, exactly } = found;
          const held = ({ path, keys }: NonNullable<typeof exactly>) => contains(keys, fieldReader(path)(document));
          if (isMatch && cover !== undefined) expect(cover.pieces.some(held)).toBe(true);
          if (exactly !== undefined) expect(held(exactly)).toBe(isMatch);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  const at = (path: string, value: number): Filter => ({ kind: 'eq', path: [path], value });
  /** Sums of keys: single ones are dear or cheap by the name of their path. */
  const pathsOf = (filter: Filter, costs: Readonly<Record<string, number>>) => {
    const found = keysOfFilter(filter, ({ path: [name = ''] }) => costs[name] ?? Number.POSITIVE_INFINITY);
    return found.kind === 'some' ? found.cover?.pieces.map(({ path }) => path[0]) : found.kind;
  };

  it('L17: goes by the cheapest of what must all hold, and by all alternatives', () => {
    expect(pathsOf({ kind: 'and', filters: [at('a', 1), at('b', 1)] }, { a: 2, b: 1 })).toEqual(['b']);
    expect(pathsOf({ kind: 'or', filters: [at('a', 1), at('b', 1)] }, { a: 2, b: 1 })).toEqual(['a', 'b']);
    expect(pathsOf({ kind: 'or', filters: [at('a', 1), at('c', 1)] }, { a: 2, b: 1 })).toBeUndefined();
    const either: Filter = { kind: 'or', filters: [at('a', 1), at('b', 2)] };
    expect(pathsOf({ kind: 'and', filters: [either, at('c', 1)] }, { a: 1, b: 1, c: 3 })).toEqual(['a', 'b']);
    expect(pathsOf({ kind: 'and', filters: [either, at('c', 1)] }, { a: 1, b: 1, c: 1 })).toEqual(['c']);
    expect(pathsOf({ kind: 'contains', path: ['a'], value: 1 }, { a: 1 })).toBeUndefined();
  });

  it('L17: sees what can hold for everything, and what for nothing', () => {
    expect(pathsOf({ kind: 'and', filters: [] }, {})).toBe('all');
    expect(pathsOf({ kind: 'or', filters: [] }, {})).toBe('none');
    expect(pathsOf({ kind: 'not', filter: { kind: 'or', filters: [] } }, {})).toBe('all');
    expect(pathsOf({ kind: 'and', filters: [at('a', 1), at('a', 2)] }, { a: 1 })).toBe('none');
    expect(pathsOf({ kind: 'in', path: ['a'], values: [] }, { a: 1 })).toBe('none');
  });
});
