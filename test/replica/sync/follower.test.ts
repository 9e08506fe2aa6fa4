import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import type { Head } from '../../../replica/crdt/version.ts';
import { makeEntry } from '../../../replica/log/entry.ts';
import type { LogEntry } from '../../../replica/log/log.ts';
import { Inside, logId, TestSite, write } from './inside.ts';

const other = 'b.bbbbbbbb';

/** Of a replica that has nothing yet of a log with so many entries, of one transaction each. */
function behind(count: number) {
  const site = new TestSite();
  const inside = new Inside(site).open();
  for (let number = 1; number <= count; number += 1) site.append(write(other, number));
  const entry = (position: number): LogEntry => {
    const found = site.published[position - 1];
    if (found === undefined) throw new Error(`nothing was published at ${position}`);
    return found;
  };
  return { site, inside, entry };
}

describe('a follower that is offered entries', () => {
  it('applies what follows on its head, in that turn', () => {
    const { inside, entry } = behind(2);
    inside.follower.offer(entry(1));
    expect([inside.n(), inside.state.head.position]).toEqual([1, 1]);
    inside.follower.offer(entry(2));
    expect([inside.n(), inside.state.head]).toEqual([2, inside.site.head]);
  });

  it('keeps what comes early, reads what is missing, and counts the gap once', async () => {
    const { inside, entry } = behind(3);
    inside.follower.offer(entry(3));
    expect([inside.n(), inside.follower.early, inside.follower.gapsRepaired]).toEqual([undefined, 1, 1]);
    inside.follower.offer(entry(2));
    expect([inside.follower.early, inside.follower.gapsRepaired]).toEqual([2, 1]);
    inside.follower.offer(entry(1));
    expect([inside.n(), inside.follower.early]).toEqual([3, 0]);
    await inside.follower.catchUp();
    expect(inside.applier.applied).toBe(3);
  });

  it('keeps no more early entries than its limit', () => {
    const { inside, entry } = behind(2);
    const late = { ...entry(2) };
    for (let at = 0; at <= limits.waitingEntries; at += 1)
      inside.follower.offer({ ...late, first: late.first + at, last: late.last + at });
    expect(inside.follower.early).toBe(limits.waitingEntries);
  });

  it('passes over what it has', async () => {
    const { site, inside, entry } = behind(2);
    await inside.follower.catchUp();
    site.conditions = 'refused';
    inside.follower.offer(entry(1));
    inside.follower.offer(entry(2));
    expect([inside.applier.applied, inside.found]).toEqual([2, []]);
  });

  it.each([
    ['of another log', (entry: LogEntry) => ({ ...entry, log: 'f'.repeat(32) })],
    ['on another mark', (entry: LogEntry) => ({ ...entry, before: 'f'.repeat(40) })],
    ['with another mark where it stands', (entry: LogEntry) => ({ ...entry, first: 1, last: 1, mark: 'f'.repeat(40) })],
  ])('applies nothing that is %s, and asks the log', async (_, changed) => {
    const { site, inside, entry } = behind(1);
    inside.follower.offer(entry(1));
    site.append(write(other, 2));
    inside.follower.offer(changed(entry(2)));
    expect(inside.n()).toBe(1);
    await expect.poll(() => inside.n()).toBe(2);
    expect([inside.found, inside.applier.applied]).toEqual([[], 2]);
  });

  it('early on another mark is dropped, once what comes before it is here', () => {
    const { site, inside, entry } = behind(2);
    site.conditions = 'refused';
    inside.follower.offer({ ...entry(2), before: 'f'.repeat(40) });
    inside.follower.offer(entry(1));
    expect([inside.n(), inside.found, inside.follower.early]).toEqual([1, [], 0]);
  });

  it.each(['rejoining', 'stopped', 'closed'] as const)('applies nothing while its link is %s', async (kind) => {
    const { inside, entry } = behind(1);
    inside.link.dispatch({ kind: 'logReplaced', problem: 'it went back' });
    if (kind === 'stopped') inside.link.dispatch({ kind: 'noWayFound', problem: 'there is none' });
    if (kind === 'closed') inside.link.dispatch({ kind: 'closed' });
    inside.follower.offer(entry(1));
    expect([inside.n(), inside.follower.early]).toEqual([undefined, 0]);
    await expect(inside.follower.catchUp()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  });

  it('has applied a prefix of the log at any time, whatever is lost, repeated and reordered', async () => {
    const count = 12;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: count }), { maxLength: 40 }), async (positions) => {
        const { site, inside, entry } = behind(count);
        // What is missing cannot be read: gossip alone has to do.
        site.conditions = 'refused';
        for (const position of positions) {
          inside.follower.offer(entry(position));
          const { head } = inside.state;
          if (head.position > 0) expect(head.mark).toBe(entry(head.position).mark);
          expect(inside.n()).toBe(head.position === 0 ? undefined : head.position);
          expect(inside.applier.applied).toBe(head.position);
        }
        const prefix = Array.from({ length: count }, (_, index) => index + 1).findIndex(
          (at) => !positions.includes(at),
        );
        expect(inside.state.head.position).toBe(prefix === -1 ? count : prefix);
        site.conditions = 'good';
        await inside.follower.catchUp().catch(() => inside.follower.catchUp());
        expect([inside.state.head, inside.applier.applied]).toEqual([site.head, count]);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a follower that reads', () => {
  it('reads on to the end, more than once where there is more than one read gives', async () => {
    const { inside } = behind(3);
    await inside.follower.catchUp();
    expect(inside.state.head).toEqual(inside.site.head);
  });

  it('reads again for who asked while it read', async () => {
    const { site, inside } = behind(1);
    await inside.follower.catchUp();
    let open = () => {};
    site.gate = new Promise((resolve) => {
      open = resolve;
    });
    const { requests } = site;
    const first = inside.follower.catchUp();
    await expect.poll(() => site.requests).toBe(requests + 1);
    site.append(write(other, 2));
    const second = inside.follower.catchUp();
    open();
    await Promise.all([first, second]);
    expect(inside.n()).toBe(2);
  });

  it.each<[string, (head: Head) => Head | undefined]>([
    ['is gone', () => undefined],
    ['is another one', (head) => ({ ...head, log: 'f'.repeat(32) })],
    ['went back', (head) => ({ ...head, position: head.position - 1 })],
    ['has another mark there', (head) => ({ ...head, mark: 'f'.repeat(40) })],
  ])('says that the log %s, where a read finds nothing after its head', async (_, change) => {
    const { site, inside } = behind(2);
    await inside.follower.catchUp();
    const end = change(site.head);
    Object.assign(site.log, { read: async () => [], head: async () => end });
    await expect(inside.follower.catchUp()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(inside.found).toEqual([expect.stringMatching(/^replaced: /)]);
  });

  it('says that the log cannot be reached, and goes on later', async () => {
    const { site, inside } = behind(1);
    site.conditions = 'refused';
    await expect(inside.follower.catchUp()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    site.conditions = 'good';
    await inside.follower.catchUp();
    expect([inside.n(), inside.found]).toEqual([1, []]);
  });

  it.each([
    ['is gone', (site: TestSite) => site.redis.setBack({ ...site.redis.contents, head: undefined, stream: [] })],
    [
      'is another one now',
      (site: TestSite) => {
        site.redis.setBack({ ...site.redis.contents, head: undefined, stream: [] });
        site.redis.create('f'.repeat(32), 0);
      },
    ],
    [
      'went back',
      (site: TestSite) => {
        const { contents } = site.redis;
        const [first] = site.published;
        if (first === undefined) throw new Error('one was published');
        site.redis.setBack({
          ...contents,
          head: { log: logId, position: first.last, mark: first.mark },
          stream: contents.stream.slice(0, 1),
        });
      },
    ],
  ])('says once that the log %s, and follows it no more', async (_, change) => {
    const { site, inside } = behind(2);
    await inside.follower.catchUp();
    change(site);
    await expect(inside.follower.catchUp()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(inside.found).toEqual([expect.stringMatching(/^replaced: /)]);
    expect([inside.link.kind, inside.n()]).toEqual(['rejoining', 2]);
  });

  it('says that a history with other entries was put in the place of this one', async () => {
    const { site, inside, entry } = behind(2);
    await inside.follower.catchUp();
    const { contents } = site.redis;
    const twin = makeEntry(logId, 1, entry(1).mark, Buffer.alloc(0), [
      { origin: 'c.cccccccc', number: 1, numberBefore: 0, frame: Buffer.of(0), seen: new Map(), isOverdue: false },
    ]);
    site.redis.setBack({ ...contents, head: { log: logId, position: twin.last, mark: twin.mark } });
    await expect(inside.follower.catchUp()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(inside.found).toEqual([expect.stringMatching(/has another mark now/)]);
  });

  it('is blocked by an entry that does not decode, and goes on once it does', async () => {
    const { site, inside } = behind(2);
    const whole = site.redis.contents;
    site.redis.damageEntry(2);
    await expect(inside.follower.catchUp()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect([inside.n(), inside.found]).toEqual([1, [expect.stringMatching(/^blocked: .* past position 1: /)]]);
    await expect(inside.follower.catchUp()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(inside.found).toHaveLength(1);
    site.redis.setBack(whole);
    await inside.follower.catchUp();
    expect([inside.n(), inside.found.slice(1)]).toEqual([2, ['unblocked']]);
  });

  it('is blocked by gossip that does not decode, of which nothing is applied', () => {
    const { inside, entry } = behind(1);
    inside.follower.offer({ ...entry(1), body: Buffer.of(255, 255) });
    expect([inside.n(), inside.applier.applied, inside.link.kind]).toEqual([undefined, 0, 'blocked']);
    inside.follower.offer(entry(1));
    expect([inside.n(), inside.found.at(-1)]).toEqual([1, 'unblocked']);
  });
});

describe('a hint of where the log stands', () => {
  it.each([
    [
      'further',
      (head: { log: string; position: number; mark: string }) => ({ ...head, position: head.position + 1 }),
      true,
    ],
    [
      'in another log',
      (head: { log: string; position: number; mark: string }) => ({ ...head, log: 'f'.repeat(32) }),
      true,
    ],
    [
      'at another mark',
      (head: { log: string; position: number; mark: string }) => ({ ...head, mark: 'f'.repeat(40) }),
      true,
    ],
    ['at the same place', (head: { log: string; position: number; mark: string }) => head, false],
  ])('%s', async (_, change, isRead) => {
    const { site, inside } = behind(1);
    await inside.follower.catchUp();
    site.append(write(other, 2));
    inside.follower.hint(change(inside.state.head));
    // A read that was begun ends after this one, which begins later.
    await site.log.head();
    await site.log.head();
    await site.log.head();
    expect(inside.n()).toBe(isRead ? 2 : 1);
  });
});
