import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import type { Result } from '../../../server/operation/result.ts';
import type { Subscription } from '../../../server/subscriptions/subscription.ts';
import { opened, told } from './counter.ts';
import { TestReader } from './test-reader.ts';

describe('a connection', () => {
  it('L32: keeps the order of events where executions await, also across its subscriptions', async () => {
    const { counter, open } = opened();
    const pending: (() => void)[] = [];
    const slowly = (event: unknown) =>
      new Promise<Result>((resolve) => pending.push(() => resolve({ data: { event } })));
    const reader = new TestReader();
    open(reader, { key: 'slow', execute: slowly });
    open(reader, { key: 'quick' });
    counter.add();
    counter.add();
    expect(reader.unread).toEqual([]);
    // The later ones are executed first.
    while (pending.length > 0) {
      pending.pop()?.();
      await new Promise(setImmediate);
    }
    expect(told(reader)).toEqual([
      [0, 0, 1],
      [0, 0, 1],
      [0, 1, 1],
      [0, 1, 1],
      [1, 2, 1],
      [1, 2, 1],
    ]);
  });

  it('L33: that does not read is told nothing, and then all that it missed as one event each, counted', () => {
    const { counter, open } = opened();
    const [slow, other] = [new TestReader({ unsentBytes: 1 }), new TestReader()];
    for (const key of ['a', 'b']) open(slow, { key });
    open(other, { key: 'a' });
    for (let step = 0; step < 500; step += 1) counter.add();
    expect(slow.unread).toHaveLength(1);
    expect(other.unread).toHaveLength(501);
    expect(told(slow)).toEqual([
      [0, 0, 1],
      // Its second subscription was not told its first event before.
      [0, 500, 1],
      [0, 500, 500],
    ]);
    counter.add();
    expect(told(slow)).toEqual([
      [500, 501, 1],
      [500, 501, 1],
    ]);
  });

  it('L33: is told nothing of what was taken back while it did not read', () => {
    const { counter, open } = opened();
    const slow = new TestReader({ unsentBytes: 1 });
    open(slow);
    counter.add(3);
    counter.add(-3);
    expect(told(slow)).toEqual([[0, 0, 1]]);
    counter.add();
    expect(told(slow)).toEqual([[0, 1, 1]]);
  });

  it('L33: shares with others what it missed with them', () => {
    const { counter, open } = opened();
    const slow = Array.from({ length: 20 }, () => new TestReader({ unsentBytes: 1 }));
    for (const reader of slow) open(reader);
    counter.add();
    counter.add();
    for (const reader of slow)
      expect(told(reader)).toEqual([
        [0, 0, 1],
        [0, 2, 2],
      ]);
    expect(counter.executed).toBe(2);
  });

  it('L32, L33: loses nothing and keeps the order, however subscriptions come and go, and it reads or not', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constant('add' as const) },
        fc.constant('read' as const),
        fc.constant('open' as const),
        fc.constant('leave' as const),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 400 }), (script, unsentBytes) => {
        const { counter, open } = opened();
        const reader = new TestReader({ unsentBytes });
        const subscriptions = new Map<string, Subscription>();
        const shown = new Map<string, number>();
        let newest = 0;
        const take = (): boolean => {
          const read = reader.read();
          if (read === undefined) return false;
          const { id, from, to } = JSON.parse(JSON.stringify(read.answer)).data.event;
          // What one connection shows never goes back, and each of its subscriptions goes on from where it was.
          expect(to).toBeGreaterThanOrEqual(newest);
          expect(from).toBe(shown.get(id) ?? 0);
          newest = to;
          shown.set(id, to);
          return true;
        };
        const begin = (id: string) => {
          const execute = (event: unknown) => ({ data: { event: { id, ...Object(event) } } });
          subscriptions.set(id, open(reader, { key: id, execute }));
        };
        const leave = () => {
          const [first] = subscriptions;
          if (first === undefined) return;
          first[1].leave();
          subscriptions.delete(first[0]);
        };
        for (const [index, step] of script.entries()) {
          if (step === 'add') counter.add();
          else if (step === 'read') take();
          else if (step === 'open') begin(String(index));
          else leave();
        }
        while (take());
        for (const id of subscriptions.keys()) expect(shown.get(id)).toBe(counter.value);
      }),
      { numRuns: 500 },
    );
  });

  it('L34: of what cannot be merged keeps so many, and then ends that subscription with the error that says where', () => {
    const { counter, open } = opened();
    const reader = new TestReader({ unsentBytes: 1 });
    open(reader, { key: 'unmerged', source: counter.unmerged() });
    open(reader, { key: 'merged' });
    for (let step = 0; step < limits.unreadTransactions + 50; step += 1) counter.add();
    const all = told(reader);
    expect(String(reader.error)).toContain(`too slow after ${limits.unreadTransactions}`);
    expect(all).toHaveLength(limits.unreadTransactions + 2);
    expect(all.at(-1)).toEqual([0, counter.value, counter.value]);
  });

  it('L35: is closed where it owes its client more than ever may be, and not where it reads slowly', () => {
    let now = 0;
    const { counter, open } = opened();
    const slow = new TestReader({ unsentBytes: 1, unreadMilliseconds: 1_000 }, () => now);
    open(slow);
    for (; now < 10_000; now += 500) {
      counter.add();
      slow.read();
    }
    expect(slow.wasClosed).toBe(false);
    slow.unsentBytes = limits.socketUnsentBytes + 1;
    counter.add();
    expect(slow.wasClosed).toBe(true);
  });

  it('L35: is not closed while it takes something now and then of a large event, however long that takes', () => {
    let now = 0;
    const { counter, open } = opened();
    const slow = new TestReader({ unsentBytes: 1, unreadMilliseconds: 1_000 }, () => now);
    open(slow);
    slow.unsentBytes = 30_000_000;
    for (; slow.unsentBytes > 100_000; now += 900) {
      counter.add();
      slow.connection.look();
      slow.unsentBytes -= 100_000;
      slow.takenBytes += 100_000;
    }
    expect(slow.wasClosed).toBe(false);
    slow.connection.look();
    now += 10_000;
    slow.connection.look();
    expect(slow.wasClosed).toBe(true);
  });

  it('L35: is closed where it takes nothing, also if nothing happens meanwhile', () => {
    let now = 0;
    const slow = new TestReader({ unreadMilliseconds: 1_000 }, () => now);
    slow.unsentBytes = limits.socketUnsentBytes;
    slow.connection.look();
    now = 1_000 + (limits.takenAtOnceBytes * 1_000) / limits.slowestBytesPerSecond;
    slow.connection.look();
    expect(slow.wasClosed).toBe(false);
    now += 1;
    slow.connection.look();
    expect(slow.wasClosed).toBe(true);
  });

  it('L35: is closed where it takes nothing for too long, and others do not notice', () => {
    let now = 0;
    const { counter, open } = opened();
    const slow = new TestReader({ unsentBytes: 1, unreadMilliseconds: 1_000 }, () => now);
    const other = new TestReader();
    open(slow);
    open(other);
    counter.add();
    now = 900;
    counter.add();
    expect(slow.wasClosed).toBe(false);
    now = 1_200;
    counter.add();
    expect([slow.wasClosed, other.wasClosed]).toEqual([true, false]);
    expect(other.unread).toHaveLength(4);
  });
});
