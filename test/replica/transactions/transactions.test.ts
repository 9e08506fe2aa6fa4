import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../errors.ts';
import { HybridClock } from '../../../replica/crdt/clock.ts';
import type { StagedTransaction } from '../../../replica/history/staged.ts';
import type { Eviction } from '../../../replica/log/journal.ts';
import { type CommitQueue, Transactions } from '../../../replica/transactions/transactions.ts';
import { objectFromJson } from '../../../replica/values/json.ts';
import { Inside, TestJournal, TestSite, write } from '../sync/inside.ts';

const me = 'a.aaaaaaaa';
const other = 'b.bbbbbbbb';

/** Answers when the test says so. */
class Queue implements CommitQueue {
  numbers = new Map<string, number>();
  lastNumber = 0;
  readonly pushed: StagedTransaction[] = [];
  isOpen = true;
  answers = 0;
  fails: Error | undefined;

  checkOpen(): void {
    if (!this.isOpen) throw new StoreUnavailableError('this replica is stopping');
  }
  async push(transaction: StagedTransaction): Promise<string> {
    this.pushed.push(transaction);
    this.lastNumber = transaction.number;
    if (this.fails !== undefined) throw this.fails;
    this.answers += 1;
    return `answer ${this.answers}`;
  }
  async settled(): Promise<string | undefined> {
    return this.pushed.length > 0 ? 'settled' : undefined;
  }
}

class EvictingJournal extends TestJournal {
  readonly saved: Eviction[] = [];
  override async saveEvictions(added: readonly Eviction[]): Promise<void> {
    if (this.isFull) throw new StoreUnavailableError('no space left on device');
    this.saved.push(...added);
  }
}

function setUp({ lastNumber = 0 } = {}) {
  const site = new TestSite();
  const inside = new Inside(site).open();
  const queue = new Queue();
  const journal = new EvictingJournal();
  const clock = new HybridClock(() => site.timers.now(), 60_000);
  const { state } = inside;
  const random = (bytes: number) => Buffer.alloc(bytes, 7);
  const transactions = new Transactions({ state, queue, journal, clock, random, origin: me, lastNumber });
  /** Begins a transaction that writes `n` of a document. */
  const upsert = (n: number, id = 'vw') => {
    const transaction = transactions.begin();
    transaction.request((writer) => writer.upsert('cars', id, objectFromJson({ n }, 'document'), 'MERGE', noCounter));
    return transaction;
  };
  /** Stages another write of this replica. */
  const stage = (n: number) => {
    const staged = write(me, n);
    inside.state.stage(staged);
    queue.pushed.push(staged);
    queue.lastNumber = n;
    queue.numbers.set(me, n);
  };
  return { site, inside, queue, journal, transactions, upsert, stage };
}

const noCounter = () => false;

describe('a commit', () => {
  it('stages what the requests wrote, and pushes it with what it saw', async () => {
    const { inside, queue, transactions, upsert } = setUp();
    expect(await transactions.commit(upsert(1))).toEqual({ token: 'answer 1', again: undefined });
    const [pushed] = queue.pushed;
    expect([pushed?.origin, pushed?.number, pushed?.numberBefore]).toEqual([me, 1, 0]);
    expect(pushed?.delta.context).toMatchObject({ log: inside.state.head.log, position: 0, numberBefore: 0 });
    expect([inside.staged(), inside.n(), transactions.committed]).toEqual([1, undefined, 1]);
  });

  it('names the last numbers of others that are shown and not in the log', async () => {
    const { queue, transactions, upsert } = setUp();
    queue.numbers = new Map([
      [me, 4],
      [other, 9],
    ]);
    queue.lastNumber = 4;
    await transactions.commit(upsert(1));
    const [pushed] = queue.pushed;
    expect([pushed?.number, pushed?.numberBefore]).toEqual([5, 4]);
    expect(pushed?.delta.context.others).toEqual(new Map([[other, 9]]));
  });

  it('takes the number after all that its origin ever had', async () => {
    const { site, inside, queue, transactions, upsert } = setUp({ lastNumber: 7 });
    await transactions.commit(upsert(1));
    expect(queue.pushed.at(-1)?.number).toBe(8);
    site.append(write(me, 20, { numberBefore: 0 }));
    await inside.follower.catchUp();
    await transactions.commit(upsert(2));
    expect(queue.pushed.at(-1)?.number).toBe(21);
  });

  it('that wrote nothing is answered once what it read is durable, or at once', async () => {
    const { inside, queue, transactions, stage } = setUp();
    expect(await transactions.commit(transactions.begin())).toEqual({ token: inside.state.token, again: undefined });
    stage(1);
    expect(await transactions.commit(transactions.begin())).toEqual({ token: 'settled', again: undefined });
    expect(queue.pushed).toHaveLength(1);
  });

  it('runs once more where staging has changed, over what is there then', async () => {
    const { queue, transactions, stage } = setUp();
    const transaction = transactions.begin();
    let runs = 0;
    transaction.request((writer) => {
      runs += 1;
      writer.upsert(
        'cars',
        'bmw',
        objectFromJson({ saw: writer.get('cars', 'vw') !== undefined }, 'd'),
        'MERGE',
        noCounter,
      );
      return [];
    });
    stage(1);
    const { again } = await transactions.commit(transaction);
    expect([runs, again]).toEqual([2, undefined]);
    const operations = queue.pushed.at(-1)?.delta.operations ?? [];
    expect(JSON.stringify(operations)).toContain('"value":true');
  });

  it('gives back a transaction with the results of the second run, where they are others', async () => {
    const { transactions, stage } = setUp();
    const transaction = transactions.begin();
    const seen = transaction.request((writer) => [writer.get('cars', 'vw') === undefined ? 'none' : 'one']);
    expect(seen).toEqual(['none']);
    stage(1);
    const { again } = await transactions.commit(transaction);
    expect(again?.request(() => ['never run'])).toEqual(['one']);
    expect(again?.reader.get('cars', 'vw')).toBeDefined();
    again?.close();
  });

  it('gives the same new ids in its second run', async () => {
    const { queue, transactions, stage } = setUp();
    const transaction = transactions.begin();
    const id = transaction.request((writer, newId) => {
      const made = newId();
      writer.upsert('cars', made, objectFromJson({ n: 1 }, 'd'), 'MERGE', noCounter);
      return [made];
    });
    stage(1);
    expect((await transactions.commit(transaction)).again).toBeUndefined();
    expect(queue.pushed.at(-1)?.delta.operations.map((operation) => operation.id)).toEqual(id);
  });

  it('is refused where its second run fails: nothing is staged', async () => {
    const { inside, queue, transactions, stage } = setUp();
    await transactions.commit(
      (() => {
        const first = transactions.begin();
        first.request((writer) => writer.upsert('cars', 'bmw', objectFromJson({ n: 1 }, 'd'), 'MERGE', noCounter));
        return first;
      })(),
    );
    const transaction = transactions.begin();
    transaction.request((writer) =>
      writer.update('cars', 'bmw', [{ kind: 'set', path: ['n'], value: 2, as: undefined }], noCounter),
    );
    const pushed = queue.pushed.length;
    stage(2);
    const [made] = queue.pushed;
    if (made === undefined) throw new Error('the first was pushed');
    inside.state.unstage(made);
    await expect(transactions.commit(transaction)).rejects.toMatchObject({ code: 'TRANSACTION_CONFLICT' });
    expect(queue.pushed).toHaveLength(pushed + 1);
  });

  it('is refused where nothing can be taken, and throws nothing', async () => {
    const { queue, transactions, upsert } = setUp();
    queue.isOpen = false;
    await expect(transactions.commit(upsert(1))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect([queue.pushed, transactions.committed]).toEqual([[], 0]);
  });

  it('fails as its answer does', async () => {
    const { queue, transactions, upsert } = setUp();
    queue.fails = new StoreUnavailableError('refused');
    await expect(transactions.commit(upsert(1))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(transactions.committed).toBe(0);
  });

  it('takes no request after it', async () => {
    const { transactions, upsert } = setUp();
    const transaction = upsert(1);
    await transactions.commit(transaction);
    expect(() => transaction.request(() => [])).toThrow(/no more requests/);
  });
});

describe('an eviction', () => {
  /** A document that is durable here, and a transaction that evicts it. */
  async function evicting({ writes = false } = {}) {
    const made = setUp();
    made.site.append(write(other, 1));
    await made.inside.follower.catchUp();
    const transaction = made.transactions.begin();
    transaction.request((writer) => [String(writer.evict('cars', 'vw'))]);
    if (writes)
      transaction.request((writer) => writer.upsert('cars', 'bmw', objectFromJson({ n: 1 }, 'd'), 'MERGE', noCounter));
    return { ...made, transaction };
  }

  it('hides the document here once its mark is on disk, and writes nothing to the log', async () => {
    const { inside, queue, journal, transactions, transaction } = await evicting();
    expect(await transactions.commit(transaction)).toEqual({ token: inside.state.token, again: undefined });
    expect([inside.n(), queue.pushed, journal.saved]).toEqual([
      undefined,
      [],
      [{ collection: 'cars', id: 'vw', lastWriter: expect.objectContaining({ origin: other, number: 1 }) }],
    ]);
  });

  it('fails where its mark cannot be written, and the document stays shown', async () => {
    const { inside, journal, transactions, transaction } = await evicting();
    journal.isFull = true;
    await expect(transactions.commit(transaction)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(inside.n()).toBe(1);
  });

  it('has an unknown outcome where its transaction was written, and its mark was not', async () => {
    const { journal, transactions, transaction } = await evicting({ writes: true });
    journal.isFull = true;
    await expect(transactions.commit(transaction)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });
});
