import { expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { ancestryOf, closeLogs, isAncestor, LogHistory, mayBeOf } from '../../../replica/history/closed-logs.ts';
import { markAtStart } from '../../../replica/log/entry.ts';
import type { ClosedMark } from '../../../replica/log/snapshots.ts';

const mark = (log: string, position: number) => `${log}${position}`.padEnd(40, '0');
const marksOf = (log: string, last: number): ClosedMark[] =>
  Array.from({ length: last + 1 }, (_, position) => ({ position, mark: mark(log, position) }));
const head = (log: string, position: number) => ({ log, position, mark: mark(log, position) });

it('P43: a log grows from the logs of its line, and from none that was closed beside it', () => {
  const first = closeLogs([], head('k', 5), marksOf('k', 5), undefined);
  const beside = [{ log: 'j', position: 2, marks: [{ position: 2, mark: mark('j', 2) }] }];

  const second = closeLogs(first, head('l', 9), marksOf('l', 9), { log: 'm', closedLogs: [...beside, ...first] });

  expect(second.map(({ log, position }) => [log, position])).toEqual([
    ['k', 5],
    ['l', 9],
    ['j', 0],
    ['m', 0],
  ]);
  expect(second.filter(isAncestor).map(({ log }) => log)).toEqual(['k', 'l']);
  expect(ancestryOf('n', second)).toEqual(
    new Map([
      ['k', new Map()],
      ['l', new Map([['k', 5]])],
      [
        'n',
        new Map([
          ['k', 5],
          ['l', 9],
        ]),
      ],
    ]),
  );
});

it('P43: of logs closed beside the line the newest are kept, of the line all', () => {
  const ids = Array.from({ length: limits.closedLogsBeside + 5 }, (_, index) => `m${index}`);
  const line = ids.map((log) => ({ log: `line-${log}`, position: 1, marks: [{ position: 1, mark: mark(log, 1) }] }));
  const beside = ids.map((log) => ({ log, position: 0, marks: [] }));

  const closed = closeLogs([...line, ...beside], head('l', 9), marksOf('l', 9), { log: 'n', closedLogs: [] });

  expect(closed.filter(isAncestor).map(({ log }) => log)).toEqual([...line.map(({ log }) => log), 'l']);
  expect(closed.filter((one) => !isAncestor(one)).map(({ log }) => log)).toEqual([...ids.slice(6), 'n']);
});

it('P43: the log that is there may be an older state of the own one, which is closed once', () => {
  const closed = closeLogs([], head('l', 9), marksOf('l', 9), { log: 'l', closedLogs: [] });

  expect(closed.map(({ log, position }) => [log, position])).toEqual([['l', 9]]);
});

it('P43: marks are kept one by one at the end, and ever further apart before it', () => {
  const [closed] = closeLogs([], head('l', 100_000), marksOf('l', 100_000), undefined);
  const positions = closed?.marks.map(({ position }) => position) ?? [];

  expect(positions.slice(0, 3)).toEqual([100_000, 99_999, 99_998]);
  expect(positions.slice(256, 260)).toEqual([99_744, 99_488, 98_976, 97_952]);
  expect(positions.length).toBeLessThan(300);
  expect(positions.at(-1)).toBeLessThan(50_000);
});

it('P43: a history has the marks of its log, those kept of logs of its line, and where these begin', () => {
  const closed = closeLogs([], head('k', 5), marksOf('k', 5).slice(3), { log: 'm', closedLogs: [] });
  const history = new LogHistory('l', (position) => (position <= 3 ? mark('l', position) : undefined), closed);

  expect(history.head('l', 3)).toEqual(head('l', 3));
  expect([history.has('l', 2, mark('x', 2)), history.head('l', 4)]).toEqual([false, undefined]);
  expect([history.has('k', 5, mark('k', 5)), history.head('k', 6)]).toEqual([true, undefined]);
  expect(history.has('k', 0, markAtStart('k'))).toBe(true);
  expect([history.closedFrom('k', 1), history.closedFrom('k', 6)]).toEqual([head('k', 3), undefined]);
  expect(history.has('m', 0, markAtStart('m'))).toBe(false);
});

it('P50: a point of a closed log is of the history up to where that was closed, by its mark as far as marks are kept', () => {
  // An entry of three transactions ends at 900.
  const marks = marksOf('k', 1_000).filter(({ position }) => position !== 898 && position !== 899);
  const closed = closeLogs([], head('k', 1_000), marks, { log: 'm', closedLogs: [] });
  const isOf = (position: number, of = 'k', at = position) => mayBeOf(closed, 'k', position, mark(of, at).slice(0, 8));

  expect([isOf(1_000), isOf(950), isOf(899, 'k', 900), isOf(900)]).toEqual([true, true, true, true]);
  expect([isOf(1_000, 'x'), isOf(950, 'x'), isOf(899, 'x'), isOf(1_001)]).toEqual([false, false, false, false]);
  expect([isOf(500, 'x'), isOf(0)]).toEqual([true, true]);
  expect([mayBeOf(closed, 'm', 1, mark('m', 1)), mayBeOf(closed, 'n', 1, mark('n', 1))]).toEqual([false, false]);
});
