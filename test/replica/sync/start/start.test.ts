import { describe, expect, it } from 'vitest';
import { MalformedBytesError } from '../../../../errors.ts';
import { SeenHistories } from '../../../../replica/history/contexts.ts';
import { markAtStart } from '../../../../replica/log/entry.ts';
import { readableFormats } from '../../../../replica/log/formats.ts';
import type { CleanMark } from '../../../../replica/log/journal.ts';
import { Prefix } from '../../../../replica/state/prefix.ts';
import { chooseOrigin, openPrefix, type StartOptions, unsentOf } from '../../../../replica/sync/start/start.ts';
import { quiet } from '../../replicas.ts';
import { Inside, logId, TestJournal, TestSite, write } from '../inside.ts';

const me = 'a.aaaaaaaa';

class CleanJournal extends TestJournal {
  mark: CleanMark | undefined;
  override async takeCleanMark() {
    const { mark } = this;
    this.mark = undefined;
    return mark;
  }
}

function starting({ peersKnow = false } = {}) {
  const site = new TestSite();
  const said: string[] = [];
  const peers = { anyKnowsLog: peersKnow };
  const closes = new AbortController();
  const journal = new CleanJournal();
  const options: StartOptions = {
    ...{ name: 'a', log: site.log, snapshots: site.snapshots, journal, checkpoint: undefined, keeper: undefined },
    ...{ siteMilliseconds: 5_000, timers: site.timers, logger: quiet, heartbeatMilliseconds: 1_000 },
    ...{
      retryMilliseconds: [100, 400],
      newLogKeepMilliseconds: 0,
      reads: readableFormats,
      peers,
      signal: closes.signal,
    },
    random: (bytes) => Buffer.alloc(bytes, 7),
    host: {
      waitsFor: (problem) => said.push(problem),
      missing: (generation) => said.push(`missing ${generation}`),
    },
  };
  return { site, said, peers, closes, journal, options };
}

const gone = (site: TestSite) =>
  site.redis.setBack({ ...site.redis.contents, head: undefined, stream: [], origins: new Map() });

/** Lets a timer come, so often. @returns after how many something was so */
async function passed(site: TestSite, isSo: () => boolean, milliseconds = 1_000): Promise<number> {
  let count = 0;
  await expect
    .poll(() => {
      if (!isSo() && site.timers.pending > 0) {
        site.timers.advance(milliseconds);
        count += 1;
      }
      return isSo();
    })
    .toBe(true);
  return count;
}

describe('the prefix to start with', () => {
  it('is the log’s, up to its end', async () => {
    const { site, options } = starting();
    site.append(write('b.bbbbbbbb', 1), write('b.bbbbbbbb', 2));
    const { prefix, isReached, missing } = await openPrefix(options, []);
    expect([prefix.head, isReached, missing]).toEqual([site.head, true, undefined]);
  });

  it.each([
    ['three heartbeats, where its journal holds nothing', 0, 3],
    ['ten heartbeats, where its journal knows of one', 1, 10],
  ])('is of a log that it makes after %s', async (_, journaled, heartbeats) => {
    const { site, said, options } = starting();
    gone(site);
    const opened = openPrefix(
      options,
      Array.from({ length: journaled }, () => write(me, 1)),
    );
    expect(await passed(site, () => site.redis.head() !== undefined)).toBe(heartbeats);
    expect((await opened).prefix.head).toEqual({
      log: '07'.repeat(16),
      position: 0,
      mark: markAtStart('07'.repeat(16)),
    });
    expect(said).toContain('Redis holds no log yet: waiting whether a replica knows one');
  });

  it('is of no log that it makes, while a replica is heard that knows one', async () => {
    const { site, said, peers, options } = starting({ peersKnow: true });
    gone(site);
    const opened = openPrefix(options, []);
    for (let beat = 0; beat < 20; beat += 1) {
      await expect.poll(() => site.timers.pending).toBe(1);
      site.timers.advance(1_000);
    }
    expect(site.redis.head()).toBeUndefined();
    expect(said.at(-1)).toMatch(/a running replica knows one/);
    peers.anyKnowsLog = false;
    await passed(site, () => site.redis.head() !== undefined);
    expect((await opened).isReached).toBe(true);
  });

  it('waits for a site that cannot be reached, twice as long after each try, and says so', async () => {
    const { site, said, options } = starting();
    site.conditions = 'refused';
    const opened = openPrefix(options, []);
    for (const milliseconds of [100, 200, 400, 400]) {
      await expect.poll(() => site.timers.pending).toBe(1);
      site.timers.advance(milliseconds - 1);
      expect(site.timers.pending).toBe(1);
      site.timers.advance(1);
      expect(site.timers.pending).toBe(0);
    }
    expect(said[0]).toBe('waiting for Redis: refused');
    site.conditions = 'good';
    await passed(site, () => site.timers.pending === 0, 400);
    expect((await opened).prefix.head).toEqual(site.head);
  });

  it('is not waited for any more once the replica is closed', async () => {
    const { site, closes, options } = starting();
    site.conditions = 'refused';
    const opened = openPrefix(options, []);
    await expect.poll(() => site.timers.pending).toBe(1);
    closes.abort();
    site.timers.advance(100);
    await expect(opened).rejects.toThrow();
    expect(site.timers.pending).toBe(0);
  });
});

describe('what the journal held', () => {
  const prefixOf = (origins: Readonly<Record<string, number>>, skipped: Prefix['skipped'] = []) =>
    new Prefix(
      { log: logId, position: 0, mark: markAtStart(logId) },
      [],
      [],
      new Map(Object.entries(origins)),
      skipped,
    );

  it('is unsent as far as the log lacks it; what came back leaves the journal', async () => {
    const journal = new TestJournal();
    journal.held = [write(me, 1), write(me, 2), write(me, 3), write('b.bbbbbbbb', 1)];
    const unsent = await unsentOf(journal, prefixOf({ [me]: 2 }), new SeenHistories());
    expect(unsent.map(({ origin, number }) => `${origin} ${number}`)).toEqual([`${me} 3`, 'b.bbbbbbbb 1']);
    expect(journal.held.map(({ number }) => number)).toEqual([3, 1]);
  });

  it('P41: is set aside where the log went on without it', async () => {
    const journal = new TestJournal();
    journal.held = [write(me, 1), write(me, 2), write(me, 3)];
    const skipped = [{ origin: me, after: 1, upTo: 2 }];
    const unsent = await unsentOf(journal, prefixOf({ [me]: 2 }, skipped), new SeenHistories());
    expect(unsent.map(({ number }) => number)).toEqual([3]);
    expect(journal.aside.map(({ number }) => number)).toEqual([2]);
    expect(journal.held.map(({ number }) => number)).toEqual([3]);
  });

  it('is refused where its bytes are of another transaction', async () => {
    const journal = new TestJournal();
    journal.held = [{ ...write(me, 1), bytes: write(me, 2).bytes }];
    await expect(unsentOf(journal, prefixOf({}), new SeenHistories())).rejects.toThrow(MalformedBytesError);
  });
});

describe('the origin of a process', () => {
  const secret = '07'.repeat(16);
  const closedCleanly = async () => {
    const started = starting();
    const inside = new Inside(started.site, { origin: me }).open();
    await inside.push(write(me, 1));
    await new Inside(started.site, { origin: 'z.aaaaaaaa' }).open().push(write('z.aaaaaaaa', 1));
    started.journal.mark = { origin: me, number: 1, secret: 'secret' };
    return started;
  };

  it('P51: is that of the one before, where that closed cleanly and the log agrees', async () => {
    const { site, options } = await closedCleanly();
    expect(await chooseOrigin(options, 'a.freshone', true)).toEqual({ origin: me, secret });
    // The secret was swapped: nobody else goes on with it.
    expect(site.redis.claim({ origin: me, number: 1, secret: 'secret', nextSecret: 'other' })).toBe(false);
    expect(site.redis.claim({ origin: me, number: 1, secret, nextSecret: 'other' })).toBe(true);
  });

  it.each<[string, (mark: CleanMark) => CleanMark | undefined]>([
    ['there is no clean mark', () => undefined],
    ['the log has another number', (mark) => ({ ...mark, number: 2 })],
    ['the log has another secret', (mark) => ({ ...mark, secret: 'guessed' })],
    ['the replica has another name now', (mark) => ({ ...mark, origin: 'z.aaaaaaaa' })],
  ])('P51: is a fresh one where %s', async (_, change) => {
    const { journal, options } = await closedCleanly();
    if (journal.mark === undefined) throw new Error('it closed cleanly');
    journal.mark = change(journal.mark);
    expect(await chooseOrigin(options, 'a.freshone', true)).toEqual({ origin: 'a.freshone', secret });
    expect(journal.mark).toBeUndefined();
  });

  it('P51: is a fresh one where the site does not answer; the clean mark stays', async () => {
    const { journal, options } = await closedCleanly();
    expect(await chooseOrigin(options, 'a.freshone', false)).toEqual({ origin: 'a.freshone', secret });
    expect(journal.mark).toBeDefined();
  });
});
