import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../../errors.ts';
import type { StagedTransaction } from '../../../../replica/history/staged.ts';
import { Unsent } from '../../../../replica/sync/outbox/unsent.ts';
import { quiet } from '../../replicas.ts';
import { TestJournal, write } from '../inside.ts';

/** A place that shows nothing, and keeps what it was asked to do. */
class Shown {
  readonly did: string[] = [];
  token = 'the token';
  journal({ number }: StagedTransaction, isStaged: boolean): void {
    this.did.push(`journal ${number}${isStaged ? ' staged' : ''}`);
  }
  unstage({ number }: StagedTransaction): void {
    this.did.push(`unstage ${number}`);
  }
  drop({ number }: StagedTransaction): void {
    this.did.push(`drop ${number}`);
  }
}

const setUp = () => {
  const journal = new TestJournal();
  const unsent = new Unsent(journal, quiet);
  const answers: string[] = [];
  const add = (number: number, origin = 'a') =>
    unsent.addPending(
      write(origin, number),
      (token) => answers.push(`${number} ${token}`),
      (error) => answers.push(`${number} ${'code' in error ? String(error.code) : error.message}`),
    );
  const names = () => Array.from(unsent.all(), ({ transaction }) => transaction.number);
  const find = (number: number) => {
    const waiting = unsent.find('a', number);
    if (waiting === undefined) throw new Error(`${number} is not here`);
    return waiting;
  };
  return { journal, unsent, shown: new Shown(), answers, add, names, find };
};

describe('what waits for the log', () => {
  it('is answered with the token of what is shown once it comes back, and is forgotten', () => {
    const { unsent, shown, answers, add, names } = setUp();
    add(1);
    add(2);
    expect(unsent.numbers).toEqual(new Map([['a', 2]]));
    unsent.cameBack('a', 1, shown);
    expect([answers, names(), unsent.get('a', 1)]).toEqual([['1 the token'], [2], undefined]);
    unsent.cameBack('a', 2, shown);
    expect([unsent.isEmpty, unsent.numbers.size]).toEqual([true, 0]);
  });

  it('of another origin does not come back by the same number', () => {
    const { unsent, shown, answers, add, names } = setUp();
    add(1);
    unsent.cameBack('b', 1, shown);
    expect([answers, names()]).toEqual([[], [1]]);
  });

  it('leaves the journal once it comes back', async () => {
    const { journal, unsent, shown, answers, add, find } = setUp();
    add(1);
    await journal.add([write('a', 1)]);
    unsent.journal(find(1), shown);
    expect([answers, shown.did, unsent.journaledCount, unsent.pendingCount]).toEqual([
      ['1 the token'],
      ['journal 1 staged'],
      1,
      0,
    ]);
    unsent.cameBack('a', 1, shown);
    await unsent.removing;
    expect([journal.held, unsent.isEmpty]).toEqual([[], true]);
  });

  it('that came back while the journal was written leaves it at once, and is not shown again', async () => {
    const { journal, unsent, shown, answers, add, find } = setUp();
    add(1);
    const waiting = find(1);
    unsent.cameBack('a', 1, shown);
    await journal.add([write('a', 1)]);
    unsent.journal(waiting, shown);
    await unsent.removing;
    expect([journal.held, shown.did, answers]).toEqual([[], [], ['1 the token']]);
  });

  it('P41: that the log went on without is refused, taken back and set aside', async () => {
    const { journal, unsent, shown, answers, add, find, names } = setUp();
    add(1);
    add(2);
    add(3);
    await journal.add([write('a', 1)]);
    unsent.journal(find(1), shown);
    const late = unsent.cameTooLate(
      new Map([
        ['a', 2],
        ['b', 9],
      ]),
    );
    expect(late.map(({ number }) => number)).toEqual([1, 2]);
    expect(answers).toEqual(['1 the token', '2 STORE_UNAVAILABLE']);
    expect([names(), unsent.lateCount]).toEqual([[3], 2]);
    await unsent.removing;
    expect(journal.aside.map(({ number }) => number)).toEqual([1, 2]);
    expect(unsent.cameTooLate(new Map([['b', 9]]))).toEqual([]);
    expect(unsent.lateCount).toBe(2);
  });

  it('is refused only if the log cannot have it; else its outcome is unknown, and it stays', () => {
    const { unsent, shown, answers, add, names, find } = setUp();
    for (const number of [1, 2, 3]) add(number);
    unsent.moveAll([find(1)], 'sent');
    unsent.moveAll([find(1)], 'outcomeLost');
    unsent.moveAll([find(2)], 'sent');
    unsent.moveAll([find(2)], 'notTaken');
    unsent.refuse(new StoreUnavailableError('cut off'), shown);
    expect(answers).toEqual(['1 OUTCOME_UNKNOWN', '2 STORE_UNAVAILABLE', '3 STORE_UNAVAILABLE']);
    expect([shown.did, names(), unsent.refusedCount]).toEqual([['unstage 2', 'unstage 3'], [1], 2]);
    expect(unsent.numbers).toEqual(new Map([['a', 1]]));
    unsent.refuse(new StoreUnavailableError('cut off'), shown);
    unsent.abandon();
    expect([answers.length, names(), unsent.refusedCount]).toEqual([3, [1], 2]);
  });

  it('has an unknown outcome for who closes', () => {
    const { unsent, answers, add } = setUp();
    add(1);
    unsent.abandon();
    expect(answers).toEqual(['1 OUTCOME_UNKNOWN']);
  });

  it('is sent oldest first, as much as fits, and one at least', () => {
    const { unsent, add } = setUp();
    unsent.addHidden(write('b', 7));
    for (const number of [1, 2]) add(number);
    const bytes = write('a', 1).bytes.length;
    const numbers = (most: number) => unsent.oldest(most).map(({ transaction }) => transaction.number);
    expect([numbers(0), numbers(2 * bytes), numbers(3 * bytes)]).toEqual([[7], [7, 1], [7, 1, 2]]);
  });

  it('that a log with some numbers has is found, whoever appended it', () => {
    const { unsent, add } = setUp();
    unsent.addHidden(write('b', 7));
    for (const number of [1, 2]) add(number);
    const found = unsent.within(
      new Map([
        ['a', 1],
        ['b', 7],
      ]),
    );
    expect(found.map(({ origin, number }) => `${origin} ${number}`)).toEqual(['b 7', 'a 1']);
  });
});

describe('what the journal held when the process began', () => {
  const revealed = (unsent: Unsent, origins: Readonly<Record<string, number>>) =>
    unsent.reveal(new Map(Object.entries(origins))).map(({ origin, number }) => `${origin} ${number}`);

  it('P49: is shown once all that it saw is here, in its order', () => {
    const { unsent } = setUp();
    unsent.addHidden(write('a', 2));
    unsent.addHidden(write('a', 3));
    unsent.addHidden(write('b', 5, { numberBefore: 4, seen: { a: 3 } }));
    expect(unsent.numbers.size).toBe(0);
    expect(revealed(unsent, {})).toEqual([]);
    expect(revealed(unsent, { a: 1 })).toEqual(['a 2', 'a 3']);
    expect(unsent.numbers).toEqual(new Map([['a', 3]]));
    expect(revealed(unsent, { a: 1 })).toEqual([]);
    expect(revealed(unsent, { a: 1, b: 4 })).toEqual(['b 5']);
    expect(revealed(unsent, { a: 9, b: 9 })).toEqual([]);
  });

  it('P49: stays hidden where one of what it saw is missing', () => {
    const { unsent } = setUp();
    unsent.addHidden(write('b', 1, { seen: { a: 3, c: 1 } }));
    expect(revealed(unsent, { a: 3 })).toEqual([]);
    expect(revealed(unsent, { a: 2, c: 1 })).toEqual([]);
    expect(revealed(unsent, { a: 3, c: 1 })).toEqual(['b 1']);
  });

  it('P48: comes behind what a new history lacks, hidden until that is here, with contexts cut anew', () => {
    const { unsent, shown, add, find } = setUp();
    add(1);
    unsent.journal(find(1), shown);
    add(2);
    const cut: number[] = [];
    unsent.rebase([write('b', 4)], (transaction) => {
      cut.push(transaction.number);
      return { ...transaction };
    });
    expect(cut).toEqual([4, 1, 2]);
    expect(Array.from(unsent.all(), ({ transaction, stage }) => `${transaction.number} ${stage}`)).toEqual([
      '4 hidden',
      '1 hidden',
      '2 unsent',
    ]);
    expect(unsent.numbers).toEqual(new Map([['a', 2]]));
    expect(revealed(unsent, {})).toEqual(['a 1']);
    expect(revealed(unsent, { b: 3 })).toEqual(['b 4']);
  });
});

describe('all that waits', () => {
  /** `back`: the oldest comes back, as the log has an origin's transactions in their order. */
  const step = fc.constantFrom('push', 'push', 'back', 'journal', 'send', 'lose', 'refuse');

  it('stands in the order in which it was made, is answered once, and is here until it came back or was refused', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { unsent, shown, answers, add, names } = setUp();
        let next = 1;
        let model: number[] = [];
        const mayBeInLog = new Set<number>();
        for (const kind of steps) {
          if (kind === 'push') {
            add(next);
            model.push(next);
            next += 1;
          } else if (kind === 'back') {
            const [number] = model;
            if (number !== undefined) unsent.cameBack('a', number, shown);
            model = model.slice(1);
          } else if (kind === 'journal') for (const waiting of [...unsent.pending()]) unsent.journal(waiting, shown);
          else if (kind === 'refuse') {
            const pending = Array.from(unsent.pending(), ({ transaction }) => transaction.number);
            unsent.refuse(new StoreUnavailableError('cut off'), shown);
            model = model.filter((number) => !pending.includes(number) || mayBeInLog.has(number));
          } else {
            const batch = unsent.oldest(Number.MAX_SAFE_INTEGER);
            unsent.moveAll(batch, 'sent');
            unsent.moveAll(batch, kind === 'lose' ? 'outcomeLost' : 'notTaken');
            if (kind === 'lose') for (const number of model) mayBeInLog.add(number);
          }
          expect(names()).toEqual(model);
          expect(unsent.isEmpty).toBe(model.length === 0);
          expect(unsent.journaledCount + unsent.pendingCount).toBe(model.length);
          expect(unsent.numbers.get('a')).toBe(model.at(-1));
        }
        const answered = answers.map((answer) => Number(answer.split(' ')[0]));
        expect(new Set(answered).size).toBe(answered.length);
        for (let number = 1; number < next; number += 1)
          if (!model.includes(number)) expect(answered).toContain(number);
      }),
    );
  });
});
