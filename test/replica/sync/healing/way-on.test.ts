import { describe, expect, it } from 'vitest';
import { markAtStart } from '../../../../replica/log/entry.ts';
import type { ClosedLog, Manifest } from '../../../../replica/log/snapshots.ts';
import { type Candidate, isFurthest } from '../../../../replica/sync/candidate.ts';
import { beginningsOf, type Found, isWithin, type Stand, wayOn } from '../../../../replica/sync/healing/way-on.ts';

const head = (log: string, position = 5) => ({ log, position, mark: markAtStart(`${log} ${position}`) });
const origins = (numbers: Readonly<Record<string, number>>) => new Map(Object.entries(numbers));
const ofLine = (log: string): ClosedLog => ({ log, position: 3, marks: [{ position: 3, mark: markAtStart(log) }] });
const beside = (log: string): ClosedLog => ({ log, position: 0, marks: [] });

const stand = (closedLogs: readonly ClosedLog[] = []): Stand => ({
  head: head('own'),
  origins: origins({ 'a.x': 4, 'b.x': 1 }),
  closedLogs,
});

function found(log: string, begunWith: Readonly<Record<string, number>>, closedLogs: readonly ClosedLog[] = []): Found {
  const generation = { name: 'a'.repeat(32), begin: head(log, 0), chunks: 1, bytes: 1, origins: origins(begunWith) };
  const manifest: Manifest = { generation, before: undefined, closedLogs };
  const shared = isWithin(generation.origins, stand().origins)
    ? { head: generation.begin, origins: generation.origins }
    : undefined;
  return { head: head(log), manifest, shared };
}

const begun = (log: string): Found => ({
  head: head(log),
  manifest: undefined,
  shared: { head: head(log, 0), origins: new Map() },
});

describe('P44: where the log does not go on where a replica stands', () => {
  it.each<[string, 'load' | 'heal' | 'stop', Stand, Found | undefined]>([
    ['there is none', 'heal', stand(), undefined],
    ['it is a new one without a snapshot', 'heal', stand(), begun('new')],
    ['it is an older state of its own', 'heal', stand(), found('own', { 'a.x': 4 })],
    ['it is an older state of its own, and a snapshot has what it lacks', 'load', stand(), found('own', { 'a.x': 5 })],
    ['it names its own as closed', 'load', stand(), found('new', { 'a.x': 1 }, [ofLine('own')])],
    ['it names its own as closed beside it', 'load', stand(), found('new', { 'c.x': 1 }, [beside('own')])],
    [
      'its own grew from it, and a snapshot has what it lacks',
      'load',
      stand([ofLine('old')]),
      found('old', { 'c.x': 1 }),
    ],
    ['both grew from one', 'load', stand([ofLine('old')]), found('other', { 'c.x': 1 }, [ofLine('old')])],
    [
      'both grew from one, and it has all of the other',
      'heal',
      stand([ofLine('old')]),
      found('other', {}, [ofLine('old')]),
    ],
    ['it is of another site', 'stop', stand(), found('other', { 'c.x': 1 })],
    [
      'it is of another site, and its own was empty',
      'load',
      { ...stand(), origins: new Map() },
      found('other', { 'c.x': 1 }),
    ],
    ['both closed one beside them', 'stop', stand([beside('old')]), found('other', { 'c.x': 1 }, [beside('old')])],
  ])('and %s: %s', (_, way, own, there) => {
    expect(wayOn(own, there)).toBe(way);
  });
});

it('P44: what is stored of a log begins at one of its snapshots, or where it began empty', () => {
  const { manifest } = found('own', { 'a.x': 2 });
  const before = { ...manifest?.generation, begin: head('own', 3), origins: origins({ 'a.x': 1 }) };
  const positions = (log: string, named: Partial<Manifest> | undefined) =>
    beginningsOf(head(log), manifest && { ...manifest, ...named }).map(({ head: { position }, origins: { size } }) => [
      position,
      size,
    ]);

  expect(beginningsOf(head('own'), undefined)).toEqual([
    { head: { log: 'own', position: 0, mark: markAtStart('own') }, origins: new Map() },
  ]);
  expect(positions('own', {})).toEqual([
    [0, 0],
    [0, 1],
  ]);
  expect(manifest && beginningsOf(head('own-grown'), manifest)).toEqual([]);
  expect(positions('own', { before: manifest && { ...manifest.generation, ...before } })).toEqual([
    [0, 0],
    [3, 1],
    [0, 1],
  ]);
});

describe('P45: of those who may heal', () => {
  const candidate = (origin: string, keptFrom: number, position: number, closedLogs = 0): Candidate => ({
    origin,
    keptFrom,
    position,
    closedLogs,
  });
  const inOrder = [
    candidate('b.x', 9, 9),
    candidate('b.x', 0, 9, 1),
    candidate('a.x', 2, 3, 1),
    candidate('a.x', 2, 4, 1),
    candidate('b.x', 2, 4, 1),
  ];

  it('one is furthest: by closed logs, then what it does not keep, then position, then origin', () => {
    expect(
      inOrder.map((_, index) => isFurthest(inOrder[index] ?? candidate('', 0, 0), inOrder.slice(0, index))),
    ).toEqual(inOrder.map(() => true));
    expect(inOrder.map((one) => isFurthest(one, inOrder))).toEqual([false, false, false, false, true]);
    expect(isFurthest(candidate('a.x', 0, 1), [])).toBe(true);
  });
});
