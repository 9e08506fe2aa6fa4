import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { opened, told } from './counter.ts';
import { TestReader } from './test-reader.ts';

describe('subscriptions that ask the same', () => {
  it('L30: share one source, and one execution and serialisation of each event', () => {
    const { counter, open } = opened();
    const readers = Array.from({ length: 100 }, () => new TestReader());
    for (const reader of readers) open(reader);
    expect([counter.opened, counter.executed]).toEqual([1, 1]);
    counter.add();
    counter.add();
    expect(counter.executed).toBe(3);
    const payloads = readers.map(({ unread }) => unread.map(({ payload }) => payload));
    for (const each of payloads)
      for (const [index, payload] of each.entries()) expect(payload).toBe(payloads[0]?.[index]);
    for (const reader of readers)
      expect(told(reader)).toEqual([
        [0, 0, 1],
        [0, 1, 1],
        [1, 2, 1],
      ]);
  });

  it('L30: share errors', () => {
    const { counter, open } = opened();
    let failures = 0;
    const execute = () => {
      failures += 1;
      return { errors: [new GraphQLError('broken')] };
    };
    const readers = [new TestReader(), new TestReader()];
    for (const reader of readers) open(reader, { execute });
    counter.add();
    expect(failures).toBe(2);
    for (const reader of readers) expect(told(reader)).toEqual([[{ message: 'broken' }], [{ message: 'broken' }]]);
  });

  it('L30: share the first event only where they begin at one version, and with one token', () => {
    const { counter, open } = opened();
    const begin = (after?: string) => {
      const reader = new TestReader();
      open(reader, after === undefined ? {} : { after });
      return told(reader);
    };
    counter.value = 5;
    expect([begin(), begin(), begin('3'), begin('3'), begin('4')]).toEqual(
      [0, 0, 3, 3, 4].map((from) => [[from, 5, 1]]),
    );
    expect(counter.executed).toBe(3);
    counter.value = 6;
    expect(begin()).toEqual([[0, 6, 1]]);
  });

  it('L30: keep a first event beyond its turn only where others may come with the same', async () => {
    const { counter, open } = opened();
    for (const executed of [1, 2, 2, 2]) {
      open(new TestReader());
      await Promise.resolve();
      expect(counter.executed).toBe(executed);
    }
  });

  it('L30: are others where they ask something else', () => {
    const { counter, open, subscriptions } = opened();
    for (const key of ['one', 'two', 'two']) open(new TestReader(), { key });
    expect(subscriptions.size).toEqual({ subscriptions: 3, topics: 2 });
    expect(counter.opened).toBe(2);
  });

  it('L31: who joins late has a first event of its own, and then all others', () => {
    const { counter, open } = opened();
    const [early, late] = [new TestReader(), new TestReader()];
    open(early);
    counter.add();
    open(late);
    counter.add();
    expect(told(early)).toEqual([
      [0, 0, 1],
      [0, 1, 1],
      [1, 2, 1],
    ]);
    expect(told(late)).toEqual([
      [0, 1, 1],
      [1, 2, 1],
    ]);
  });

  it('L14: release their source once, when the last one leaves, however often it does', async () => {
    const { counter, open, subscriptions, changes } = opened();
    const [one, other] = [open(new TestReader()), open(new TestReader())];
    await one.return();
    expect(counter.released).toBe(0);
    await other.return();
    await other.return();
    expect([counter.released, counter.isOpen]).toEqual([1, false]);
    expect(subscriptions.size).toEqual({ subscriptions: 0, topics: 0 });
    expect(changes).toEqual([1, 1, -1, -1]);
  });

  it('L14: are told nothing any more once they have left, also where events wait for them', async () => {
    const { counter, open } = opened();
    const reader = new TestReader({ unsentBytes: 1 });
    const subscription = open(reader);
    counter.add();
    await subscription.return();
    expect(told(reader)).toEqual([[0, 0, 1]]);
    counter.add();
    expect(told(reader)).toEqual([]);
  });

  it('L14: end with their source, after what they are due', () => {
    const { counter, open, subscriptions } = opened();
    const [quick, slow] = [new TestReader(), new TestReader({ unsentBytes: 1 })];
    for (const reader of [quick, slow]) open(reader);
    counter.add(2);
    counter.end(new GraphQLError('over'));
    expect(subscriptions.size).toEqual({ subscriptions: 1, topics: 0 });
    expect([String(quick.error), slow.error]).toEqual(['over', undefined]);
    expect(told(quick)).toEqual([
      [0, 0, 1],
      [0, 2, 1],
    ]);
    expect(told(slow)).toEqual([
      [0, 0, 1],
      [0, 2, 1],
    ]);
    expect(String(slow.error)).toBe('over');
    expect(subscriptions.size.subscriptions).toBe(0);
  });

  it('L41: are refused past a limit in all, and with more words than are kept', () => {
    const { open, subscriptions } = opened(2);
    subscriptions.check('key');
    const first = open(new TestReader());
    open(new TestReader());
    const refused = expect.objectContaining({ code: 'TOO_MANY_SUBSCRIPTIONS' });
    expect(() => subscriptions.check('key')).toThrow(refused);
    first.leave();
    subscriptions.check('key');
    expect(() => subscriptions.check('x'.repeat(limits.subscriptionCharacters + 1))).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT' }),
    );
  });
});
