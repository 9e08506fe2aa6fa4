import { describe, expect, it } from 'vitest';
import type { LiveEvent, LoggedTransaction } from '../../replica/replica.ts';
import { objectFromJson } from '../../replica/values/json.ts';
import { eventually } from '../servers/wait.ts';
import { openEmbedded, read, readAll, shownValueOf, temporaryFolder, update, upsert } from './replicas.ts';

const noCounters = () => false;
const increment = (by: number) => ({ kind: 'increment', path: ['n'], by }) as const;

describe('a replica on an embedded store', () => {
  it('shows what was answered, and shows it again after a restart', async () => {
    await using folder = await temporaryFolder();
    {
      await using a = await openEmbedded(folder.path);
      await upsert(a, 'cars', { _id: 'vw', make: 'VW', doors: 4 });
      await upsert(a, 'cars', { _id: 'vw', color: 'red' });
      expect(read(a, 'cars', 'vw')).toEqual({ make: 'VW', doors: 4, color: 'red' });
    }
    await using again = await openEmbedded(folder.path);
    expect(read(again, 'cars', 'vw')).toEqual({ make: 'VW', doors: 4, color: 'red' });
    expect(again.replica.status).toMatchObject({ connected: true, unsent: 0, documentCount: 1, storage: 'EMBEDDED' });
  });

  it('goes on with its origin after a clean close, and takes another name as another origin', async () => {
    await using folder = await temporaryFolder();
    const origins = new Set<string>();
    for (let restart = 0; restart < 5; restart += 1) {
      await using a = await openEmbedded(folder.path);
      await upsert(a, 'cars', { _id: `${restart}` });
      origins.add(a.replica.id);
    }
    expect(origins.size).toBe(1);
    await using b = await openEmbedded(folder.path, 'b');
    expect(b.replica.id).toMatch(/^b\.[a-z2-7]{8}$/);
    expect(Object.keys(readAll(b, 'cars'))).toHaveLength(5);
  });

  it('makes one transaction of all requests, seen by nobody before it is committed', async () => {
    await using folder = await temporaryFolder();
    await using a = await openEmbedded(folder.path);
    const transaction = a.replica.begin();
    transaction.request((writer) => writer.upsert('cars', '1', objectFromJson({ n: 1 }, ''), 'MERGE', noCounters));
    transaction.request((writer) => writer.upsert('cars', '2', objectFromJson({ n: 2 }, ''), 'MERGE', noCounters));
    expect([...transaction.reader.all('cars')].map(({ id }) => id)).toEqual(['1', '2']);
    expect(readAll(a, 'cars')).toEqual({});
    const { again } = await a.replica.commit(transaction);
    transaction.close();
    expect(again).toBeUndefined();
    expect(readAll(a, 'cars')).toEqual({ 1: { n: 1 }, 2: { n: 2 } });
    expect(a.replica.status.version[0]?.position).toBe(1);
  });

  it('runs requests once more at commit over what staging sees then, and says that the results differ', async () => {
    await using folder = await temporaryFolder();
    await using a = await openEmbedded(folder.path);
    await upsert(a, 'cars', { _id: 'x' });
    const first = a.replica.begin();
    const second = a.replica.begin();
    const ids: string[] = [];
    for (const transaction of [first, second])
      transaction.request((writer, newId) => {
        ids.push(newId());
        return writer.update('cars', 'x', [increment(5)], noCounters);
      });
    expect(shownValueOf(second.reader, 'cars', 'x')).toEqual({ n: 5 });
    const answers = await Promise.all([a.replica.commit(first), a.replica.commit(second)]);
    expect(answers[0]?.again).toBeUndefined();
    const again = answers[1]?.again;
    if (!again) throw new Error('the second run gave other results');
    expect(shownValueOf(again.reader, 'cars', 'x')).toEqual({ n: 10 });
    const recorded = again.request((writer) => writer.update('cars', 'x', [increment(1_000)], noCounters));
    expect(recorded.id).toBe('x');
    again.close();
    expect(read(a, 'cars', 'x')).toEqual({ n: 10 });
    // One id a run: the second run of the second transaction got the id of its first.
    expect(ids).toHaveLength(3);
    expect(ids[2]).toBe(ids[1]);
    expect(ids[1]).not.toBe(ids[0]);
  });

  it('writes nothing where the run at commit fails', async () => {
    await using folder = await temporaryFolder();
    await using a = await openEmbedded(folder.path);
    await upsert(a, 'cars', { _id: 'x' });
    const transaction = a.replica.begin();
    transaction.request((writer) => writer.update('cars', 'x', [increment(1)], noCounters));
    transaction.request((writer) => writer.upsert('cars', 'y', objectFromJson({}, ''), 'MERGE', noCounters));
    const remover = a.replica.begin();
    remover.request((writer) => [String(writer.remove('cars', 'x'))]);
    await a.replica.commit(remover);
    await expect(a.replica.commit(transaction)).rejects.toMatchObject({ code: 'TRANSACTION_CONFLICT' });
    expect(readAll(a, 'cars')).toEqual({});
  });

  it('refuses to remove and upsert one document in one transaction, in either order', async () => {
    await using folder = await temporaryFolder();
    await using a = await openEmbedded(folder.path);
    await upsert(a, 'cars', { _id: 'x' });
    const fields = objectFromJson({}, '');
    const removeFirst = a.replica.begin();
    removeFirst.request((writer) => [String(writer.remove('cars', 'x'))]);
    expect(() => removeFirst.request((writer) => writer.upsert('cars', 'x', fields, 'MERGE', noCounters))).toThrow(
      /both/,
    );
    const upsertFirst = a.replica.begin();
    upsertFirst.request((writer) => writer.upsert('cars', 'x', fields, 'MERGE', noCounters));
    expect(() => upsertFirst.request((writer) => [String(writer.remove('cars', 'x'))])).toThrow(/both/);
  });

  it('reads one version from beginning to end while others write', async () => {
    await using folder = await temporaryFolder();
    await using a = await openEmbedded(folder.path);
    await upsert(a, 'cars', { _id: 'x', v: 1 });
    await upsert(a, 'cars', { _id: 'z', v: 1 });
    using view = a.replica.read();
    await upsert(a, 'cars', { _id: 'x', v: 2 });
    await upsert(a, 'cars', { _id: 'y', v: 2 });
    await upsert(a, 'boats', { _id: 'b' });
    const remover = a.replica.begin();
    remover.request((writer) => [String(writer.remove('cars', 'z'))]);
    await a.replica.commit(remover);
    expect([...view.all('cars')].map(({ id }) => [id, shownValueOf(view, 'cars', id)]).sort()).toEqual([
      ['x', { v: 1 }],
      ['z', { v: 1 }],
    ]);
    expect(view.count('cars')).toBe(2);
    expect([...view.collections()]).toEqual(['cars']);
    expect(readAll(a, 'cars')).toEqual({ x: { v: 2 }, y: { v: 2 } });
    view.close();
    expect(() => view.get('cars', 'x')).toThrow(/too long/);
  });

  it('hides an evicted document here until it is written to again, across a restart', async () => {
    await using folder = await temporaryFolder();
    {
      await using a = await openEmbedded(folder.path);
      await upsert(a, 'cars', { _id: 'x', kept: true });
      const evictor = a.replica.begin();
      evictor.request((writer) => [String(writer.evict('cars', 'x'))]);
      await a.replica.commit(evictor);
      expect(read(a, 'cars', 'x')).toBeUndefined();
      expect(a.replica.status.documentCount).toBe(0);
      await expect(update(a, 'cars', 'x', increment(1))).rejects.toMatchObject({ code: 'DOCUMENT_NOT_FOUND' });
    }
    await using again = await openEmbedded(folder.path);
    expect(read(again, 'cars', 'x')).toBeUndefined();
    await upsert(again, 'cars', { _id: 'x', more: 1 }, 'INSERT_IF_ABSENT');
    expect(read(again, 'cars', 'x')).toEqual({ kept: true, more: 1 });
    expect(again.replica.status.documentCount).toBe(1);
  });

  it('takes an evicted document as absent, whatever the strategy, and shows it with what is kept', async () => {
    for (const strategy of ['MERGE', 'INSERT_IF_ABSENT', 'INSERT_DEFAULT_IF_ABSENT', 'UPDATE_DIFFERENT'] as const) {
      await using folder = await temporaryFolder();
      await using a = await openEmbedded(folder.path);
      await upsert(a, 'cars', { _id: 'x', kept: true, deep: { a: 1 } });
      const evictor = a.replica.begin();
      evictor.request((writer) => [String(writer.evict('cars', 'x'))]);
      await a.replica.commit(evictor);
      await upsert(a, 'cars', { _id: 'x', kept: false, deep: { a: 2, b: 2 }, more: 1 }, strategy);
      // Real writes win over default data, also those that are hidden here.
      const isDefault = strategy === 'INSERT_DEFAULT_IF_ABSENT';
      const deep = { a: isDefault ? 1 : 2, b: 2 };
      expect(read(a, 'cars', 'x'), strategy).toEqual({ kept: isDefault, deep, more: 1 });
    }
  });

  it('waits for the version of a token, and says which it cannot reach', async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    await using a = await openEmbedded(folder.path);
    await using b = await openEmbedded(other.path, 'b');
    const token = await upsert(a, 'cars', { _id: 'x' });
    await a.replica.waitFor(token, 10);
    await expect(b.replica.waitFor(token, 10)).rejects.toMatchObject({ code: 'TOKEN_UNREACHABLE' });
    await expect(a.replica.waitFor('garbage', 10)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    const [, log, , mark] = Buffer.from(token, 'base64url').toString().split(' ');
    const ahead = Buffer.from(`1 ${log} 2 ${mark}`).toString('base64url');
    await expect(a.replica.waitFor(ahead, 20)).rejects.toMatchObject({ code: 'REPLICA_BEHIND' });
    const waiting = a.replica.waitFor(Buffer.from(`1 ${log} 2 00000000`).toString('base64url'), 5_000);
    await Promise.all([
      expect(waiting).rejects.toMatchObject({ code: 'TOKEN_UNREACHABLE' }),
      upsert(a, 'cars', { _id: 'y' }),
    ]);
  });

  it('tells a live query its whole result at once, then one event a transaction', async () => {
    await using folder = await temporaryFolder();
    await using a = await openEmbedded(folder.path);
    await upsert(a, 'cars', { _id: 'a' });
    const events: LiveEvent[] = [];
    const definition = { collection: 'cars', filter: undefined, order: [], first: undefined };
    const subscription = a.replica.live(definition, (event) => events.push(event));
    events.push(subscription.first());
    await upsert(a, 'cars', { _id: 'b' });
    await upsert(a, 'boats', { _id: 'b' });
    const token = await upsert(a, 'cars', { _id: 'a', color: 'red' });
    expect(events.map(({ initial, change }) => [initial, Array.from(change.after, ({ id }) => id)])).toEqual([
      [true, ['a']],
      [false, ['a', 'b']],
      [false, ['a', 'b']],
    ]);
    expect(events[2]?.change.updated.map(({ index, document }) => [index, document.id])).toEqual([[0, 'a']]);
    expect(events[2]?.token).toBe(token);
    subscription[Symbol.dispose]();
    await upsert(a, 'cars', { _id: 'c' });
    expect(events).toHaveLength(3);
    expect(a.replica.counters.liveReaders).toBe(0);
  });

  it('gives transactions from a token on, in order, and then live', async () => {
    await using folder = await temporaryFolder();
    await using a = await openEmbedded(folder.path);
    const after = await upsert(a, 'cars', { _id: 'a', v: 1 });
    await Promise.all([
      upsert(a, 'cars', { _id: 'b' }),
      upsert(a, 'cars', { _id: 'c' }),
      upsert(a, 'cars', { _id: 'd' }),
    ]);
    const given: LoggedTransaction[] = [];
    const failures: Error[] = [];
    const seen = () => given.map(({ position, changes }) => [position, changes[0]?.id]);
    using _stream = a.replica.transactions(after, {
      told: (transaction) => given.push(transaction),
      ended: (error) => failures.push(error),
    });
    await upsert(a, 'cars', { _id: 'e' });
    await eventually('four transactions', () => given.length >= 4);
    expect(seen()).toEqual([
      [2, 'b'],
      [3, 'c'],
      [4, 'd'],
      [5, 'e'],
    ]);
    const middle = given[1]?.token;
    const rest: LoggedTransaction[] = [];
    using _rest = a.replica.transactions(middle, {
      told: (transaction) => rest.push(transaction),
      ended: (error) => failures.push(error),
    });
    await eventually('the rest after a token within an entry', () => rest.length >= 2);
    expect(rest.map(({ position }) => position)).toEqual([4, 5]);
    expect(failures).toEqual([]);
  });
});
