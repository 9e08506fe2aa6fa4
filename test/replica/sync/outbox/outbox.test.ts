import { describe, expect, it } from 'vitest';
import { limits } from '../../../../limits.ts';
import { there } from '../../../servers/there.ts';
import { batchFormatIn } from '../../former-version.ts';
import { Inside, TestJournal, TestSite, write } from '../inside.ts';

const me = 'a.aaaaaaaa';
const other = 'b.bbbbbbbb';

const open = (journal?: TestJournal) => {
  const site = new TestSite();
  return { site, inside: new Inside(site, { journal }).open() };
};

/** Of a replica that is cut off, and its site refuses all. */
async function cutOff(journal?: TestJournal) {
  const opened = open(journal);
  opened.site.conditions = 'refused';
  opened.inside.link.dispatch({ kind: 'connectionLost' });
  await opened.inside.outbox.idle();
  return opened;
}

describe('an outbox that is attached', () => {
  it('answers a write once it came back in the log, and shows it then', async () => {
    const { site, inside } = open();
    const answered = inside.push(write(me, 1));
    expect([inside.n(), inside.staged(), site.contents]).toEqual([undefined, 1, []]);
    expect(await answered).toBe('shown');
    expect([inside.n(), site.contents, inside.unsent.isEmpty]).toEqual([1, [`${me} 1`], true]);
  });

  it('sends what was made in one turn in one append, and what gathers meanwhile in the next', async () => {
    const { site, inside } = open();
    const first = [inside.push(write(me, 1)), inside.push(write(me, 2))];
    await Promise.resolve();
    const second = inside.push(write(me, 3));
    expect(await Promise.all([...first, second])).toEqual(['shown', 'shown', 'shown']);
    expect([inside.outbox.appends, site.contents]).toEqual([2, [1, 2, 3].map((number) => `${me} ${number}`)]);
    expect(inside.errors).toEqual([]);
  });

  it('reads what comes before its own entry, when its answer leaves a gap', async () => {
    const { site, inside } = open();
    site.append(write(other, 1, { id: 'bmw' }));
    expect(await inside.push(write(me, 1))).toBe('shown');
    expect([inside.n('bmw'), inside.n()]).toEqual([1, 1]);
    expect(inside.statuses).not.toContain('cutOff');
  });

  it('P41: tries again what the log did not take, as it saw what is missing there, until that is in', async () => {
    const { site, inside } = open(new TestJournal());
    const answered = inside.push(write(me, 1, { seen: { [other]: 1 } }));
    await inside.outbox.idle();
    expect([inside.link.kind, site.contents]).toEqual(['cutOff', []]);
    // Cut off, it went to the journal, and was answered.
    expect(await answered).toBe('shown');
    site.append(write(other, 1, { id: 'bmw' }));
    site.timers.advance(100);
    await expect.poll(() => inside.link.kind).toBe('attached');
    expect(site.contents).toEqual([`${other} 1`, `${me} 1`]);
  });

  it('P41: goes on without what a transaction saw once it waited for too long', async () => {
    const { site, inside } = open(new TestJournal());
    const answered = inside.push(write(me, 1, { seen: { [other]: 1 } }));
    await answered;
    for (let passed = 0; passed < 5_000; passed += 400) {
      site.timers.advance(400);
      await expect.poll(() => inside.link.kind).toBe('cutOff');
      await inside.outbox.idle();
    }
    site.timers.advance(400);
    await expect.poll(() => site.contents).toEqual([`${me} 1`]);
    await expect.poll(() => inside.link.kind).toBe('attached');
  });

  it('is cut off by an append that is refused, and sends the same again once the log takes it', async () => {
    const { site, inside } = open(new TestJournal());
    site.conditions = 'refused';
    expect(await inside.push(write(me, 1))).toBe('shown');
    expect([inside.link.kind, inside.unsent.journaledCount, inside.outbox.problem]).toEqual(['cutOff', 1, 'refused']);
    site.conditions = 'good';
    site.timers.advance(100);
    await expect.poll(() => inside.link.kind).toBe('attached');
    expect([site.contents, inside.unsent.isEmpty, inside.outbox.problem]).toEqual([[`${me} 1`], true, undefined]);
  });

  it('P82: sends a write again at once, where the site is written in another format by now', async () => {
    const site = new TestSite();
    const inside = new Inside(site, { reads: [1, 2] }).open();
    site.redis.format = 2;
    expect(await inside.push(write(me, 1))).toBe('shown');
    expect([inside.statuses, inside.n(), batchFormatIn(there(site.published[0], 'entry'))]).toEqual([
      ['attached'],
      1,
      3,
    ]);
  });

  it('P84: sends no write in a format that its version does not read', async () => {
    const site = new TestSite();
    const inside = new Inside(site, { journal: new TestJournal() }).open();
    site.redis.format = 2;
    expect(await inside.push(write(me, 1))).toBe('shown');
    expect([site.contents, inside.unsent.journaledCount]).toEqual([[], 1]);
    site.timers.advance(100);
    await expect.poll(() => inside.link.kind).toBe('blocked');
    expect(inside.found).toEqual([expect.stringMatching(/the site is of format 2/)]);
  });

  it('does not know the outcome of a write whose answer was lost, where there is no journal', async () => {
    const { site, inside } = open();
    site.conditions = 'lost';
    expect(await inside.push(write(me, 1))).toBe('OUTCOME_UNKNOWN');
    expect([inside.unsent.refusedCount, site.contents]).toEqual([0, [`${me} 1`]]);
    site.conditions = 'good';
    site.timers.advance(100);
    await expect.poll(() => inside.n()).toBe(1);
    expect(inside.unsent.isEmpty).toBe(true);
  });

  it('does not append twice what was taken while its answer was lost', async () => {
    const { site, inside } = open(new TestJournal());
    site.conditions = 'lost';
    expect(await inside.push(write(me, 1))).toBe('shown');
    site.conditions = 'good';
    site.timers.advance(100);
    await expect.poll(() => inside.link.kind).toBe('attached');
    expect([site.contents, inside.n(), inside.unsent.isEmpty]).toEqual([[`${me} 1`], 1, true]);
  });
});

describe('an outbox that is cut off', () => {
  it('journals a write, shows it and answers it, after the checkpoint has what it saw', async () => {
    const journal = new TestJournal();
    const { inside } = await cutOff(journal);
    expect(await inside.push(write(me, 1))).toBe('shown');
    expect([inside.n(), inside.flushes, journal.held.map(({ number }) => number)]).toEqual([1, 1, [1]]);
  });

  it('refuses a write where there is no journal, and takes it back', async () => {
    const { inside } = await cutOff();
    expect(() => inside.outbox.checkOpen()).toThrow(/cannot be reached|refused/);
    expect(await inside.push(write(me, 1))).toBe('STORE_UNAVAILABLE');
    expect([inside.staged(), inside.unsent.isEmpty, inside.unsent.refusedCount]).toEqual([undefined, true, 1]);
  });

  it('refuses a write that the journal does not take, and says why', async () => {
    const journal = new TestJournal();
    const { inside } = await cutOff(journal);
    journal.isFull = true;
    expect(await inside.push(write(me, 1))).toBe('STORE_UNAVAILABLE');
    expect(inside.outbox.problem).toMatch(/journal in DATA_DIR takes no more: no space left/);
    journal.isFull = false;
    expect(await inside.push(write(me, 2, { numberBefore: 0 }))).toBe('shown');
    expect(inside.outbox.lastNumber).toBe(2);
  });

  it('P10: tries an append only once the log can be read again', async () => {
    const { site, inside } = await cutOff(new TestJournal());
    site.conditions = 'unreadable';
    await inside.push(write(me, 1));
    for (const milliseconds of [100, 200, 400]) {
      site.timers.advance(milliseconds);
      await expect.poll(() => site.timers.pending).toBe(1);
      expect([inside.outbox.appends, site.contents]).toEqual([0, []]);
    }
    site.conditions = 'good';
    site.timers.advance(400);
    await expect.poll(() => inside.link.kind).toBe('attached');
    expect([inside.outbox.appends, site.contents]).toEqual([1, [`${me} 1`]]);
  });

  it('waits twice as long after each try, up to a limit, and begins anew once it was attached', async () => {
    const { site, inside } = await cutOff(new TestJournal());
    const triedAfter = async (milliseconds: number) => {
      expect(site.timers.pending).toBe(1);
      site.timers.advance(milliseconds - 1);
      expect(site.timers.pending).toBe(1);
      site.timers.advance(1);
      expect(site.timers.pending).toBe(0);
      await expect.poll(() => site.timers.pending).toBe(1);
    };
    for (const milliseconds of [100, 200, 400, 400]) await triedAfter(milliseconds);
    site.conditions = 'good';
    inside.outbox.reconnect();
    await expect.poll(() => inside.link.kind).toBe('attached');
    expect(site.timers.pending).toBe(0);
    await inside.push(write(me, 1));
    site.conditions = 'refused';
    inside.link.dispatch({ kind: 'connectionLost' });
    await triedAfter(100);
  });

  it('stays attached on a reconnect that it did not need', () => {
    const { inside } = open();
    inside.outbox.reconnect();
    expect([inside.link.kind, inside.site.timers.pending]).toEqual(['attached', 0]);
  });
});

describe('an outbox of an embedded log', () => {
  it('refuses what the disk does not take, says why until it takes a write again, and tries with each', async () => {
    const { site, inside } = open();
    Object.assign(site.log, { storage: 'EMBEDDED' });
    site.conditions = 'refused';
    expect(await inside.push(write(me, 1))).toBe('STORE_UNAVAILABLE');
    await inside.outbox.idle();
    expect([inside.link.kind, inside.outbox.problem, inside.staged()]).toEqual(['attached', 'refused', undefined]);
    site.conditions = 'good';
    expect(await inside.push(write(me, 2, { numberBefore: 0 }))).toBe('shown');
    expect([inside.outbox.problem, inside.n()]).toEqual([undefined, 2]);
  });
});

describe('an outbox that closes', () => {
  it('answers what it can, then takes nothing', async () => {
    const { inside } = open();
    const answered = inside.push(write(me, 1));
    await inside.outbox.close();
    expect(await answered).toBe('shown');
    expect(() => inside.outbox.checkOpen()).toThrow(/stopping/);
    expect(inside.link.kind).toBe('closed');
  });

  it('leaves no timer, whatever its link was', async () => {
    const { site, inside } = await cutOff(new TestJournal());
    await inside.outbox.close();
    expect(site.timers.pending).toBe(0);
  });
});

describe('what is settled', () => {
  it('is what staging saw, once it is durable', async () => {
    const { inside } = open();
    expect(await inside.outbox.settled()).toBeUndefined();
    const answered = inside.push(write(me, 1));
    expect(await inside.outbox.settled()).toBe(inside.state.token);
    expect(await answered).toBe('shown');
  });

  it('goes in appends of no more than their limit', async () => {
    const { site, inside } = open();
    const large = 'x'.repeat(Math.ceil(limits.appendBytes / 3));
    const answers = [1, 2, 3, 4].map((number) => inside.push({ ...write(me, number), bytes: Buffer.from(large) }));
    expect(await Promise.all(answers)).toEqual(answers.map(() => 'shown'));
    expect([inside.outbox.appends, site.contents.length]).toEqual([2, 4]);
  });
});
