import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Link, type LinkEvent, type LinkKind, linkKinds, linkTable } from '../../../replica/sync/link.ts';

/** What each event changes; in every other state it changes nothing. */
const changes: Readonly<Record<LinkEvent['kind'], Partial<Record<LinkKind, LinkKind>>>> = {
  startWaits: {},
  opened: { starting: 'attached' },
  openedAlone: { starting: 'cutOff' },
  connectionLost: { attached: 'cutOff', trying: 'cutOff' },
  appendFailed: { attached: 'cutOff', trying: 'cutOff' },
  logRead: { cutOff: 'trying' },
  appendTaken: { trying: 'attached' },
  retriedByWrite: { cutOff: 'attached', trying: 'attached' },
  entryUndecodable: { attached: 'blocked', cutOff: 'blocked', trying: 'blocked' },
  entryDecoded: { blocked: 'cutOff' },
  logReplaced: { attached: 'rejoining', cutOff: 'rejoining', trying: 'rejoining', blocked: 'rejoining' },
  rejoined: { blocked: 'cutOff', rejoining: 'cutOff', stopped: 'cutOff' },
  noWayFound: { rejoining: 'stopped' },
  closed: Object.fromEntries(linkKinds.map((kind) => [kind, 'closed'])),
};

const events: readonly LinkEvent[] = [
  { kind: 'startWaits', problem: 'it waits' },
  { kind: 'opened' },
  { kind: 'openedAlone' },
  { kind: 'connectionLost' },
  { kind: 'appendFailed' },
  { kind: 'logRead' },
  { kind: 'appendTaken' },
  { kind: 'retriedByWrite' },
  { kind: 'entryUndecodable', problem: 'it does not decode' },
  { kind: 'entryDecoded' },
  { kind: 'logReplaced', problem: 'it went back' },
  { kind: 'rejoined' },
  { kind: 'noWayFound', problem: 'there is no way' },
  { kind: 'closed' },
];

/** The shortest way to each state. */
const ways: Readonly<Record<LinkKind, readonly LinkEvent['kind'][]>> = {
  starting: [],
  attached: ['opened'],
  cutOff: ['openedAlone'],
  trying: ['openedAlone', 'logRead'],
  blocked: ['opened', 'entryUndecodable'],
  rejoining: ['opened', 'logReplaced'],
  stopped: ['opened', 'logReplaced', 'noWayFound'],
  closed: ['closed'],
};

function linkIn(kind: LinkKind) {
  const watched: string[] = [];
  let statusChanges = 0;
  const link = new Link({
    now: () => {
      statusChanges += 1;
    },
  });
  for (const name of ways[kind]) for (const event of events) if (event.kind === name) link.dispatch(event);
  expect(link.kind).toBe(kind);
  link.watch({ linkChanged: (before, after) => watched.push(`${before} ${after}`) });
  statusChanges = 0;
  return { link, watched, statusChanges: () => statusChanges };
}

const cells = linkKinds.flatMap((kind) => events.map((event) => ({ kind, event, name: event.kind })));

describe('the link to the site', () => {
  it.each(cells)('in $kind, on $name, goes where the table says, and tells so once', ({ kind, event }) => {
    const { link, watched, statusChanges } = linkIn(kind);
    const expected = changes[event.kind][kind] ?? kind;
    link.dispatch(event);
    expect(link.kind).toBe(expected);
    expect(watched).toEqual(expected === kind ? [] : [`${kind} ${expected}`]);
    if (expected !== kind) expect(statusChanges()).toBe(1);
  });

  it.each(linkKinds)('in %s, says what it may do', (kind) => {
    const { link } = linkIn(kind);
    expect(link.mayAppend).toBe(['attached', 'trying'].includes(kind));
    expect(link.isFollowed).toBe(['attached', 'trying', 'cutOff', 'blocked'].includes(kind));
    expect(link.isInLog).toBe(!['rejoining', 'stopped'].includes(kind));
    expect(link.isClosed).toBe(kind === 'closed');
    expect(link.problem !== undefined).toBe(['starting', 'blocked', 'rejoining', 'stopped'].includes(kind));
  });

  it.each([
    ['startWaits', 'starting'],
    ['entryUndecodable', 'blocked'],
    ['logReplaced', 'rejoining'],
    ['noWayFound', 'stopped'],
  ] as const)('takes its problem from %s alone while it is %s, and tells a change of it', (name, kind) => {
    const { link, watched, statusChanges } = linkIn(kind);
    for (const event of events) {
      if (!('problem' in event) || changes[event.kind][kind] !== undefined) continue;
      const before = link.problem;
      const isTold = link.dispatch({ ...event, problem: `${event.problem}, again` });
      expect(isTold).toBe(event.kind === name);
      expect(link.problem).toBe(event.kind === name ? `${event.problem}, again` : before);
    }
    expect(watched).toEqual([]);
    expect(statusChanges()).toBe(1);
  });

  it('is attached only by what was opened, or by an append that was taken', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events)), (happened) => {
        const link = new Link({ now: () => {} });
        for (const event of happened) {
          const before = link.kind;
          link.dispatch(event);
          if (link.kind === 'attached' && before !== 'attached')
            expect(['opened', 'appendTaken', 'retriedByWrite']).toContain(event.kind);
          if (before === 'closed') expect(link.kind).toBe('closed');
        }
      }),
    );
  });

  it('has a row for each event, and a cell for each state', () => {
    expect(Object.keys(linkTable).sort()).toEqual(events.map(({ kind }) => kind).sort());
    for (const row of Object.values(linkTable)) expect(row).toHaveLength(linkKinds.length);
  });
});
