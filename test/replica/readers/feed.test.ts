import { describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { TransactionFeed } from '../../../replica/readers/feed.ts';
import type { LoggedTransaction } from '../../../replica/replica.ts';
import { decodeToken, encodeToken } from '../../../replica/token.ts';
import { Inside, TestSite, write } from '../sync/inside.ts';

const other = 'b.bbbbbbbb';

async function feeding(count = 0) {
  const site = new TestSite();
  const inside = new Inside(site).open();
  const feed = new TransactionFeed(site.log, inside.state);
  inside.state.watch({ applied: (transaction, at) => feed.applied(transaction, at) });
  const append = async (...numbers: readonly number[]) => {
    site.append(...numbers.map((number) => write(other, number)));
    await inside.follower.catchUp();
  };
  for (let number = 1; number <= count; number += 1) await append(number);
  const read = (after?: string) => {
    const told: LoggedTransaction[] = [];
    const events: string[] = [];
    const reading = feed.open(after === undefined ? undefined : decodeToken(after, 'after'), {
      told: (transaction) => {
        told.push(transaction);
        events.push(`${transaction.position}`);
      },
      caughtUp: () => events.push('caught up'),
      ended: (error) =>
        events.push(error === undefined ? 'ended' : 'code' in error ? String(error.code) : error.message),
    });
    return { told, events, reading };
  };
  return { site, inside, feed, append, read };
}

describe('a feed', () => {
  it('tells each transaction as it is applied, those of one entry one by one', async () => {
    const { inside, append, read } = await feeding(1);
    const { told, events } = read();
    await append(2, 3);
    expect(events).toEqual(['2', '3']);
    expect(told[1]).toMatchObject({
      replica: other,
      log: inside.state.head.log,
      position: 3,
      changes: [{ kind: 'UPSERTED', collection: 'cars', id: 'vw', paths: ['n'] }],
      token: inside.state.token,
    });
  });

  it('tells nobody who left', async () => {
    const { append, read } = await feeding();
    const { events, reading } = read();
    reading[Symbol.dispose]();
    await append(1);
    expect(events).toEqual([]);
  });

  it('with a token tells what came after it, in order, then what comes', async () => {
    const { inside, append, read } = await feeding(1);
    const after = inside.state.token;
    await append(2, 3);
    const { events } = read(after);
    await expect.poll(() => events).toEqual(['2', '3', 'caught up']);
    await append(4);
    expect(events.at(-1)).toBe('4');
  });

  it('begins within an entry for who saw a part of it', async () => {
    const { inside, append, read } = await feeding(1);
    await append(2, 3);
    const whole = decodeToken(inside.state.token, 'token');
    const { events } = read(encodeToken({ ...whole, position: 2 }));
    await expect.poll(() => events).toEqual(['3', 'caught up']);
  });

  it('tells what is applied while the log is read once, after what was read', async () => {
    const { inside, read } = await feeding(2);
    const begun = decodeToken(inside.state.token, 'token');
    const first = inside.site.published[0];
    if (first === undefined) throw new Error('one was published');
    const { events } = read(encodeToken({ ...begun, position: 1, mark: first.mark.slice(0, begun.mark.length) }));
    // In this turn, so that the read is under way.
    for (const number of [3, 4])
      for (const entry of inside.site.append(write(other, number))) inside.follower.offer(entry);
    await expect.poll(() => events).toEqual(['2', '3', '4', 'caught up']);
  });

  it('leaves out what its token says was shown while it was journaled', async () => {
    const { inside, append, read } = await feeding(1);
    const token = decodeToken(inside.state.token, 'token');
    await append(2, 3);
    const { events } = read(encodeToken({ ...token, journaled: new Map([[other, 2]]) }));
    await expect.poll(() => events).toEqual(['3', 'caught up']);
  });

  it.each<[string, (mark: string) => object]>([
    ['of another log', () => ({ log: 'f'.repeat(32) })],
    ['of another mark', (mark) => ({ mark: 'f'.repeat(mark.length) })],
  ])('ends where its token is %s', async (_, change) => {
    const { inside, append, read } = await feeding(1);
    const token = decodeToken(inside.state.token, 'token');
    await append(2);
    const { events } = read(encodeToken({ ...token, ...change(token.mark) }));
    await expect.poll(() => events).toEqual(['HISTORY_UNAVAILABLE']);
  });

  it('ends where the log was trimmed past its token', async () => {
    const { site, inside, append, read } = await feeding(1);
    const after = inside.state.token;
    await append(2);
    await append(3);
    site.redis.setBack({ ...site.redis.contents, stream: site.redis.contents.stream.slice(2) });
    const { events } = read(after);
    await expect.poll(() => events).toEqual(['HISTORY_UNAVAILABLE']);
  });

  it('ends with what is wrong where the log cannot be read', async () => {
    const { site, inside, append, read } = await feeding(1);
    const after = inside.state.token;
    await append(2);
    site.conditions = 'refused';
    const { events } = read(after);
    await expect.poll(() => events).toEqual(['LOG_UNAVAILABLE']);
  });

  it('ends where too much is written while the log is read for it', async () => {
    const { site, inside, feed, append, read } = await feeding(1);
    const after = inside.state.token;
    await append(2);
    const { events } = read(after);
    // More than may wait is applied before the read is answered.
    const [entry] = site.published;
    if (entry === undefined) throw new Error('one was published');
    const [transaction] = inside.state.prefix.prepare(entry).transactions;
    if (transaction === undefined) throw new Error('an entry has a transaction');
    for (let count = 0; count <= limits.unreadTransactions; count += 1) feed.applied(transaction, inside.state.head);
    expect(events).toEqual(['HISTORY_UNAVAILABLE']);
    await append(3);
    expect(events).toEqual(['HISTORY_UNAVAILABLE']);
  });

  it('is ended for all who read it', async () => {
    const { feed, read } = await feeding();
    const both = [read(), read()];
    feed.end(new Error('the replica is stopping'));
    expect(both.map(({ events }) => events)).toEqual([['the replica is stopping'], ['the replica is stopping']]);
  });

  it('leaves out collections of the system’s own, and what is left without a change', async () => {
    const { site, inside, read } = await feeding();
    const { events } = read();
    const { delta, ...rest } = write(other, 1);
    const hidden = delta.operations.map((operation) => ({ ...operation, collection: '__attachments' }));
    site.append({ ...rest, delta: { ...delta, operations: hidden } });
    await inside.follower.catchUp();
    expect([events, inside.applier.applied]).toEqual([[], 1]);
  });
});
