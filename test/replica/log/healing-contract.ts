/** What every adapter promises who heals: the last methods of replica/log/snapshots.ts, and docs/internals/protocol.md, P46 and P47. */
import { describe, expect, it } from 'vitest';
import type { Head } from '../../../replica/crdt/version.ts';
import { makeEntry, markAtStart } from '../../../replica/log/entry.ts';
import type { LogEntry } from '../../../replica/log/log.ts';
import type { LogBeginning } from '../../../replica/log/snapshots.ts';
import type { SnapshotsUnderTest } from './snapshots-contract.ts';
import { batch, shared, transactions } from './transactions.ts';

const long = 60_000;
/** Long enough for some round trips on a machine that has much else to do. */
const short = 250;
const generation = { name: 'a'.repeat(32), chunks: 1 };
const start: Head = { log: 'next', position: 0, mark: markAtStart('next') };

/** Positions 1 to 3 of a log that is going to begin: two entries. */
function nextEntries(): readonly [LogEntry, LogEntry] {
  const [one, two, three] = transactions('b.x', 1, 3);
  if (!one || !two || !three) throw new Error('three transactions');
  const first = makeEntry('next', 0, start.mark, shared, [one, two]);
  return [first, makeEntry('next', first.last, first.mark, shared, [three])];
}

const headOf = ({ log, last, mark }: LogEntry): Head => ({ log, position: last, mark });

const beginningAt = (head: Head, over: Head | undefined): LogBeginning => ({
  manifest: {
    generation: { ...generation, begin: start, bytes: 9, origins: new Map([['a.x', 7]]) },
    before: undefined,
    closedLogs: [{ log: 'log', position: 5, marks: [{ position: 5, mark: markAtStart('five') }] }],
  },
  head,
  origins: new Map([
    ['a.x', 7],
    ['b.x', head.position],
  ]),
  over,
});

/** A log with one transaction in it, a generation of it, and the lease to heal taken under `token`. */
async function siteToHeal({ log, snapshots }: SnapshotsUnderTest, token: string) {
  const begin = await log.create('log');
  const [entry] = await log.append(batch(...transactions('a.x', 1, 1)), begin, 'secret', () => []);
  if (!entry) throw new Error('nothing was appended');
  const head = headOf(entry);
  await snapshots.takeLease('snapshot', 'writer', long);
  await snapshots.list({ name: 'b'.repeat(32), chunks: 1 }, 'writer');
  const written = { name: 'b'.repeat(32), chunks: 1, begin: head, bytes: 1, origins: new Map([['a.x', 1]]) };
  await snapshots.name({ generation: written, before: undefined, closedLogs: [] }, head, 'writer');
  await snapshots.takeLease('heal', token, long);
  return head;
}

/** @param open an adapter on a new, empty site */
export function describeHealing(name: string, open: () => Promise<SnapshotsUnderTest>): void {
  describe(name, () => {
    it('P47: closes a log and begins another, in one step', async () => {
      await using site = await open();
      const { log, snapshots, another } = site;
      const head = await siteToHeal(site, 'token');
      const [first, last] = nextEntries();
      await snapshots.prepareLog([first, last], long);
      const beginning = beginningAt(headOf(last), head);

      expect(await snapshots.beginLog(beginning, 'token')).toBe(true);

      expect(await log.head()).toEqual(headOf(last));
      expect(await another.manifest()).toEqual(beginning.manifest);
      expect(await log.read('next', 0, 10)).toEqual([first, last]);
      expect(await log.origins()).toEqual(beginning.origins);
      const [appended] = await log.append(batch(...transactions('b.x', 2, 5)), headOf(last), 'secret', () => []);
      expect([appended?.first, appended?.last]).toEqual([4, 5]);
    });

    it('P47: begins a log where there is none, and one without entries', async () => {
      await using site = await open();
      const { log, snapshots } = site;
      await snapshots.takeLease('heal', 'token', long);

      expect(await snapshots.beginLog(beginningAt(start, undefined), 'token')).toBe(true);

      expect(await log.head()).toEqual(start);
      expect(await log.read('next', 0, 10)).toEqual([]);
      expect((await log.create('other')).log).toBe('next');
    });

    it.each<[string, (head: Head) => Head | undefined]>([
      ['goes on', ({ log, mark }) => ({ log, position: 0, mark })],
      ['has another mark', ({ log, position }) => ({ log, position, mark: markAtStart('another') })],
      ['is another', ({ position, mark }) => ({ log: 'other', position, mark })],
      ['is there', () => undefined],
    ])('P47: does nothing where the log that is there %s', async (_, over) => {
      await using site = await open();
      const { log, snapshots } = site;
      const head = await siteToHeal(site, 'token');
      const [first, last] = nextEntries();
      const manifest = await snapshots.manifest();
      await snapshots.prepareLog([first, last], long);

      expect(await snapshots.beginLog(beginningAt(headOf(last), over(head)), 'token')).toBe(false);

      expect(await log.head()).toEqual(head);
      expect(await snapshots.manifest()).toEqual(manifest);
      expect(await log.read('log', 0, 10)).toHaveLength(1);
    });

    it('P47: does nothing where there is no log, and one is to be closed', async () => {
      await using site = await open();
      await site.snapshots.takeLease('heal', 'token', long);

      expect(await site.snapshots.beginLog(beginningAt(start, { ...start, log: 'log' }), 'token')).toBe(false);
      expect(await site.log.head()).toBeUndefined();
    });

    it('P47: does nothing for who has no lease, or had it', async () => {
      await using site = await open();
      const { log, snapshots } = site;
      const head = await siteToHeal(site, 'token');

      expect(await snapshots.beginLog(beginningAt(start, head), 'other')).toBe(false);
      await snapshots.releaseLease('heal', 'token');
      expect(await snapshots.beginLog(beginningAt(start, head), 'token')).toBe(false);
      await snapshots.takeLease('heal', 'token', short);
      await site.pass(2 * short);
      expect(await snapshots.beginLog(beginningAt(start, head), 'token')).toBe(false);
      expect(await log.head()).toEqual(head);
    });

    it('P46: does nothing where what was prepared is not there, or is gone', async () => {
      await using site = await open();
      const { snapshots } = site;
      const head = await siteToHeal(site, 'token');
      const [first, last] = nextEntries();
      const beginning = beginningAt(headOf(last), head);

      expect(await snapshots.beginLog(beginning, 'token')).toBe(false);
      await snapshots.prepareLog([first], short);
      expect(await snapshots.beginLog(beginning, 'token')).toBe(false);
      await snapshots.prepareLog([last], short);
      await site.pass(2 * short);
      expect(await snapshots.beginLog(beginning, 'token')).toBe(false);
      expect(await site.log.head()).toEqual(head);
    });

    it('P46: prepares an entry again in its place, and more after it', async () => {
      await using site = await open();
      const { log, snapshots } = site;
      const head = await siteToHeal(site, 'token');
      const [first, last] = nextEntries();
      await snapshots.prepareLog([first], long);
      await snapshots.prepareLog([first, last], long);

      expect(await snapshots.beginLog(beginningAt(headOf(last), head), 'token')).toBe(true);

      expect(await log.read('next', 0, 10)).toEqual([first, last]);
    });

    it('P47: keeps no secret, so that no origin is claimed that was noted before', async () => {
      await using site = await open();
      const { log, snapshots } = site;
      const head = await siteToHeal(site, 'token');
      await snapshots.beginLog(beginningAt(start, head), 'token');

      const claim = { origin: 'a.x', number: 7, nextSecret: 'next' };
      expect(await log.claimOrigin({ ...claim, secret: 'secret' })).toBe(false);
      expect(await log.claimOrigin({ ...claim, secret: '' })).toBe(false);
    });
  });
}
