import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Context, Head } from '../../../replica/crdt/version.ts';
import { SeenHistories } from '../../../replica/history/contexts.ts';
import { markAtStart, markOf } from '../../../replica/log/entry.ts';
import type { KnownEntry } from '../../../replica/log/journal.ts';

/** Who wrote at positions 1, 2, 3, …: an entry each. */
type Writers = readonly ('a' | 'b' | 'c')[];

function entriesOf(log: string, writers: Writers): readonly KnownEntry[] {
  const numbers = new Map<string, number>();
  let before = markAtStart(log);
  return writers.map((origin, index) => {
    const number = (numbers.get(origin) ?? 0) + 1;
    numbers.set(origin, number);
    const mark = markOf(before, origin, number, number);
    const entry = { first: index + 1, last: index + 1, before, mark, origin, firstNumber: number, lastNumber: number };
    before = mark;
    return entry;
  });
}

const originsAfter = (entries: readonly KnownEntry[]) =>
  new Map(entries.map(({ origin, lastNumber }) => [origin, lastNumber] as const));

const contextAt = (position: number): Context => ({ log: 'log', position, numberBefore: 0, others: new Map() });
const madeAt = (position: number) => ({ origin: 'own', context: contextAt(position) });

const headAt = (entries: readonly KnownEntry[], position: number): Head => ({
  log: 'log',
  position,
  mark: entries[position - 1]?.mark ?? markAtStart('log'),
});

const writers = (maximum: number) => fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: maximum });

it('P42: a context that is cut says what it said, in a history that parts from its own', () => {
  const cases = fc.record({
    common: writers(12),
    own: writers(12),
    other: writers(12),
    /** What is known of the own history begins there. */
    base: fc.nat(24),
    /** Positions at which the other history's mark is known. */
    marked: fc.array(fc.nat(24), { maxLength: 6 }),
    contexts: fc.array(fc.nat(24), { minLength: 1, maxLength: 8 }),
  });
  fc.assert(
    fc.property(cases, ({ common, own, other, base, marked, contexts }) => {
      const seen = entriesOf('log', [...common, ...own]);
      const there = entriesOf('log', [...common, ...other]);
      const begin = Math.min(base, seen.length);
      const histories = new SeenHistories();
      histories.addBase(headAt(seen, begin).mark, originsAfter(seen.slice(0, begin)));
      histories.addEntries(seen.slice(begin));
      const cut = histories.cutterFor({
        has: (_, position, mark) =>
          marked.includes(position) && headAt(there, position).mark === mark && position <= there.length,
      });

      for (const position of contexts.filter((at) => at >= begin && at <= seen.length)) {
        const context = cut(madeAt(position), headAt(seen, position));
        const covers = (entry: KnownEntry) =>
          entry.last <= context.position || entry.lastNumber <= (context.others.get(entry.origin) ?? 0);
        // By name alone: the same number of an origin is the same transaction, wherever it stands.
        const saw = originsAfter(seen.slice(0, position));
        const hasSeen = ({ origin, lastNumber }: KnownEntry) => lastNumber <= (saw.get(origin) ?? 0);

        expect([context.numberBefore, context.others.has('own')]).toEqual([0, false]);
        expect(there.filter(covers)).toEqual(there.filter(hasSeen));
        expect([...seen, ...there].every((entry) => covers(entry) || !hasSeen(entry))).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});

it('P42: a context at the beginning of a log that grew from another names what that log began with', () => {
  const histories = new SeenHistories();
  histories.addBase(markAtStart('log'), new Map([['a', 7]]));
  const cutFor = (isShared: boolean) => histories.cutterFor({ has: () => isShared });

  expect(cutFor(false)(madeAt(0), headAt([], 0))).toEqual({ ...contextAt(0), others: new Map([['a', 7]]) });
  expect(cutFor(true)(madeAt(0), headAt([], 0))).toEqual(contextAt(0));
});

it('P42: a context of a log that the other history knows nothing of names all that it saw', () => {
  const seen = entriesOf('log', ['a', 'b', 'a', 'c']);
  const histories = new SeenHistories();
  histories.addBase(headAt(seen, 2).mark, originsAfter(seen.slice(0, 2)));
  histories.addEntries(seen.slice(2));

  const context = histories.cutterFor({ has: () => false })(madeAt(3), headAt(seen, 3));

  expect(context).toEqual({
    log: 'log',
    position: 0,
    numberBefore: 0,
    others: new Map([
      ['a', 2],
      ['b', 1],
    ]),
  });
});

it('P42: a context that stands in the other history stays as it is', () => {
  const seen = entriesOf('log', ['a', 'b']);
  const made = madeAt(2);

  expect(new SeenHistories().cutterFor({ has: () => true })(made, headAt(seen, 2))).toBe(made.context);
});

it('P42: a context whose own mark is not known any more is cut by the next one that is', () => {
  const seen = entriesOf('log', ['a', 'b', 'a', 'c']);
  const histories = new SeenHistories();
  histories.addBase(headAt(seen, 3).mark, originsAfter(seen.slice(0, 3)));
  const shared = histories.cutterFor({ has: (_, position) => position === 3 });
  const parted = histories.cutterFor({ has: () => false });

  // At position 2, of which only what comes after it is known.
  expect(shared(madeAt(2), headAt(seen, 3))).toEqual(contextAt(2));
  const named = new Map([
    ['a', 2],
    ['b', 1],
  ]);
  expect(parted(madeAt(2), headAt(seen, 3))).toEqual({ ...contextAt(0), others: named });
});
