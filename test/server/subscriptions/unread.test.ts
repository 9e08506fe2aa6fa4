import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HistoryUnavailableError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { Unread } from '../../../server/subscriptions/unread.ts';

interface Sum {
  readonly sum: number;
  readonly merged: number;
}

const one = (sum: number): Sum => ({ sum, merged: 1 });
const merge = (older: Sum, newer: Sum): Sum => ({ sum: older.sum + newer.sum, merged: older.merged + newer.merged });
const end = { value: undefined, done: true };

/** Counts how often the source was released. */
function releases() {
  const counted = {
    times: 0,
    onReturn: () => {
      counted.times += 1;
    },
  };
  return counted;
}

async function all<Event>(unread: Unread<Event>): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of unread) events.push(event);
  return events;
}

describe('Unread', () => {
  it('gives events in the order in which they came, whether the reader or the event was first', async () => {
    const unread = new Unread<number>({ onReturn: () => {} });
    unread.push(1);
    const reads = [unread.next(), unread.next(), unread.next()];
    unread.push(2);
    unread.push(3);
    unread.push(4);
    unread.end();
    expect(await Promise.all(reads)).toEqual([1, 2, 3].map((value) => ({ value, done: false })));
    expect(await all(unread)).toEqual([4]);
  });

  it('L13: merges the newest events beyond its limit, and says how many they were', async () => {
    const unread = new Unread<Sum>({ merge, onReturn: () => {} }, 3);
    for (const sum of [1, 2, 3, 4, 5]) unread.push(one(sum));
    unread.end();
    expect(await all(unread)).toEqual([one(1), one(2), { sum: 12, merged: 3 }]);
  });

  it('L13: keeps nothing of two events where the second takes the first back', async () => {
    const cancel = (older: number, newer: number) => (older + newer === 0 ? undefined : older + newer);
    const unread = new Unread<number>({ merge: cancel, onReturn: () => {} }, 2);
    for (const event of [7, 5, -5, 8]) unread.push(event);
    unread.end();
    expect(await all(unread)).toEqual([7, 8]);
  });

  it('L13: holds no more than its limit and loses nothing, however reading and writing interleave', async () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant('read' as const)), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (script, limit) => {
        const unread = new Unread<Sum>({ merge, onReturn: () => {} }, limit);
        const reads: Promise<IteratorResult<Sum, undefined>>[] = [];
        const pushed: number[] = [];
        for (const step of script) {
          if (step === 'read') reads.push(unread.next());
          else {
            pushed.push(step);
            unread.push(one(step));
          }
        }
        unread.end();
        const rest = await all(unread);
        const read = (await Promise.all(reads)).flatMap(({ value }) => (value === undefined ? [] : [value]));
        const events = [...read, ...rest];
        expect(rest.length).toBeLessThanOrEqual(limit);
        expect(events.reduce((total, { merged }) => total + merged, 0)).toBe(pushed.length);
        let next = 0;
        for (const { sum, merged } of events) {
          const part = pushed.slice(next, next + merged);
          expect(sum).toBe(part.reduce((total, each) => total + each, 0));
          next += merged;
        }
      }),
    );
  });

  it('L13: where nothing can be merged, gives what is unread and ends with the error made of the last event read', async () => {
    const released = releases();
    const overflow = (last: number | undefined) => new HistoryUnavailableError('too slow', `token ${last}`);
    const unread = new Unread<number>({ overflow, onReturn: released.onReturn }, 2);
    for (const event of [1, 2, 3, 4]) unread.push(event);
    expect(released.times).toBe(1);
    expect(await unread.next()).toEqual({ value: 1, done: false });
    expect(await unread.next()).toEqual({ value: 2, done: false });
    await expect(unread.next()).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE', token: 'token 2' });
    expect(await unread.next()).toEqual(end);
    expect(released.times).toBe(1);
  });

  it('L13: has limits of its own for what can be merged and what cannot', async () => {
    const merging = new Unread<Sum>({ merge, onReturn: () => {} });
    const whole = new Unread<Sum>({ onReturn: () => {} });
    for (let sum = 0; sum < limits.unreadEvents + 5; sum += 1) {
      merging.push(one(sum));
      whole.push(one(sum));
    }
    merging.end();
    whole.end();
    expect(await all(merging)).toHaveLength(limits.unreadEvents);
    expect(await all(whole)).toHaveLength(limits.unreadEvents + 5);
  });

  it('tells an error after what is unread, once, and to one of several waiting reads', async () => {
    const unread = new Unread<number>({ onReturn: () => {} });
    unread.push(1);
    unread.fail(new Error('broken'));
    unread.push(2);
    expect(await unread.next()).toEqual({ value: 1, done: false });
    await expect(unread.next()).rejects.toThrow('broken');
    expect(await unread.next()).toEqual(end);

    const waiting = new Unread<number>({ onReturn: () => {} });
    const reads = [waiting.next(), waiting.next()];
    waiting.fail(new Error('broken'));
    await expect(reads[0]).rejects.toThrow('broken');
    expect(await reads[1]).toEqual(end);
  });

  it('L14: return() settles at once, and with it every read that waits', async () => {
    const released = releases();
    const unread = new Unread<number>({ onReturn: released.onReturn });
    const reads = [unread.next(), unread.next()];
    expect(await unread.return()).toEqual(end);
    expect(await Promise.all(reads)).toEqual([end, end]);
    unread.push(1);
    expect(await unread.next()).toEqual(end);
    expect(released.times).toBe(1);
  });

  it('L14: drops what is unread when its reader leaves', async () => {
    const unread = new Unread<number>({ onReturn: () => {} });
    unread.push(1);
    unread.fail(new Error('broken'));
    await unread.return();
    expect(await unread.next()).toEqual(end);
  });

  it('L14: releases its source exactly once, in whatever ways it ends', async () => {
    const ways = fc.array(fc.constantFrom('end', 'fail', 'return', 'overflow', 'next'), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(ways, async (script) => {
        const released = releases();
        const unread = new Unread<number>({ onReturn: released.onReturn }, 1);
        const reads: Promise<unknown>[] = [];
        for (const way of script) {
          if (way === 'end') unread.end();
          else if (way === 'fail') unread.fail(new Error('broken'));
          else if (way === 'return') reads.push(unread.return());
          else if (way === 'next') reads.push(unread.next());
          else for (let event = 0; event < 20; event += 1) unread.push(event);
        }
        reads.push(unread.return());
        await Promise.allSettled(reads);
        expect(released.times).toBe(1);
      }),
    );
  });

  it('L14: is collected, with its events, once its reader has left while a read waited', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const source = new Set<Unread<{ text: string }>>();
    const left: WeakRef<object>[] = [];
    for (let reader = 0; reader < 100; reader += 1) left.push(...(await readAndLeave(source)));
    // A WeakRef keeps what it names until the turn in which it was made has ended.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(source.size).toBe(0);
    expect(left.filter((each) => each.deref() !== undefined)).toHaveLength(0);
  });
});

/** A reader that comes, reads, waits and leaves, and an event of its. */
async function readAndLeave(source: Set<Unread<{ text: string }>>): Promise<WeakRef<object>[]> {
  const unread: Unread<{ text: string }> = new Unread({ onReturn: () => source.delete(unread) });
  source.add(unread);
  const event = { text: `event ${source.size}` };
  unread.push(event);
  await unread.next();
  const waiting = unread.next();
  await unread.return();
  await waiting;
  return [new WeakRef(unread), new WeakRef(event)];
}
