/** What every adapter of the log promises: replica/log/log.ts, and docs/internals/protocol.md by the numbers of its rules. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LogReplacedError } from '../../../errors.ts';
import type { Head } from '../../../replica/crdt/version.ts';
import type { Log, LogEntry, OfferedTransaction } from '../../../replica/log/log.ts';
import { batch, shared, transaction, transactions } from './transactions.ts';

export interface LogUnderTest extends AsyncDisposable {
  readonly log: Log;
  /** The same log as somebody else has it. */
  readonly another: Log;
  /**
   * Appends by a process of its own, and kills what keeps the log with kill -9 as soon as that is acknowledged.
   * @returns what was acknowledged; `log` and `another` of the result are opened anew
   */
  appendAndKill(log: string, appended: readonly OfferedTransaction[]): Promise<LogUnderTest>;
}

const noRecords = () => [];
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');
const bodyOf = ({ body }: LogEntry) => Buffer.from(body).toString();
const spans = (entries: readonly LogEntry[]) => entries.map(({ origin, first, last }) => `${origin} ${first}-${last}`);

const append = (log: Log, seen: Head, ...appended: OfferedTransaction[]) =>
  log.append(batch(...appended), seen, 'secret', noRecords);

async function readAll(log: Log, id: string, limit = 100): Promise<LogEntry[]> {
  const all: LogEntry[] = [];
  for (;;) {
    const entries = await log.read(id, all.at(-1)?.last ?? 0, limit);
    if (entries.length === 0) return all;
    all.push(...entries);
  }
}

/** @param open an adapter on a new, empty site */
export function describeLog(name: string, open: () => Promise<LogUnderTest>): void {
  describe(name, () => {
    it('has no head before a log is made, and one log after two were asked for', async () => {
      await using site = await open();
      expect(await site.log.head()).toBeUndefined();

      const head = await site.log.create('one');
      const again = await site.another.create('two');

      expect(head).toEqual({ log: 'one', position: 0, mark: sha1('one') });
      expect(again).toEqual(head);
      expect(await site.log.head()).toEqual(head);
    });

    it('P83: is written in the first format until that is raised, for the log that there is', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      expect(site.log.format).toBe(1);
      if (site.log.storage === 'EMBEDDED') {
        await site.log.raiseFormat('log', 2);
        expect(site.log.format).toBe(1);
        return;
      }
      await site.log.raiseFormat('another', 2);
      await site.another.head();
      expect(site.another.format).toBe(1);

      await site.log.raiseFormat('log', 2);
      await site.log.raiseFormat('log', 1);
      await site.another.head();
      expect(site.another.format).toBe(2);
      expect(await site.log.create('two')).toEqual(head);
    });

    it('P82: takes no batch in another format than its own, and says which that is', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      if (site.log.storage === 'EMBEDDED') return;
      await site.another.raiseFormat('log', 2);

      await expect(append(site.log, head, transaction('a.x', 1))).rejects.toMatchObject({ refused: true });
      expect([await site.log.head(), site.log.format]).toEqual([head, 2]);
      const inNew = { ...batch(transaction('a.x', 1)), format: 2 };
      expect(await site.log.append(inNew, head, 'secret', noRecords)).toHaveLength(1);
    });

    it('gives positions in the order given, and reads what was appended', async () => {
      await using site = await open();
      const head = await site.log.create('log');

      const appended = await append(site.log, head, ...transactions('a.x', 1, 2), transaction('b.x', 1));

      expect(spans(appended)).toEqual(['a.x 1-2', 'b.x 3-3']);
      expect(await readAll(site.another, 'log')).toEqual(appended);
      expect(appended.map(bodyOf)).toEqual(['shared: delta 1 of a.xdelta 2 of a.x', 'shared: delta 1 of b.x']);
    });

    it('P1: marks an entry by the mark before it, origin and numbers', async () => {
      await using site = await open();
      const head = await site.log.create('log');

      const [first, second] = await append(site.log, head, ...transactions('a.x', 1, 2), transaction('b.x', 1));

      const firstMark = sha1(`${sha1('log')}\na.x\n1\n2`);
      const secondMark = sha1(`${firstMark}\nb.x\n1\n1`);
      expect([first?.before, first?.mark]).toEqual([sha1('log'), firstMark]);
      expect([second?.before, second?.mark]).toEqual([firstMark, secondMark]);
      expect(await site.log.head()).toEqual({ log: 'log', position: 3, mark: secondMark });
    });

    it('P3: skips what is in already, and keeps its position', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      const before = await append(site.log, head, ...transactions('a.x', 1, 3));

      const same = await append(site.log, head, ...transactions('a.x', 1, 3));
      const more = await append(site.log, head, ...transactions('a.x', 2, 5));

      expect(same).toEqual([]);
      expect(spans(more)).toEqual(['a.x 4-5']);
      expect(await readAll(site.log, 'log')).toEqual([...before, ...more]);
    });

    it('P4: stops where the number before is missing', async () => {
      await using site = await open();
      const head = await site.log.create('log');

      const appended = await append(
        site.log,
        head,
        transaction('a.x', 1),
        transaction('b.x', 2, { numberBefore: 1 }),
        transaction('c.x', 1),
      );

      expect(spans(appended)).toEqual(['a.x 1-1']);
      expect(await site.log.origins()).toEqual(new Map([['a.x', 1]]));
    });

    it('P4: takes a number after refused ones, which no number before names', async () => {
      await using site = await open();
      const head = await site.log.create('log');

      const appended = await append(
        site.log,
        head,
        transaction('a.x', 3, { numberBefore: 0 }),
        transaction('a.x', 7, { numberBefore: 3 }),
      );

      expect(appended.map(({ firstNumber, lastNumber, last }) => [firstNumber, lastNumber, last])).toEqual([[3, 7, 2]]);
      expect(await readAll(site.log, 'log')).toEqual(appended);
    });

    it('P40: stops where what a context names is missing, and goes on once it is in', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      const waiting = transaction('b.x', 1, { seen: { 'a.x': 2, 'c.x': 1 } });

      const none = await append(site.log, head, transaction('a.x', 1), waiting, transaction('d.x', 1));
      const all = await append(site.log, head, transaction('a.x', 2), transaction('c.x', 1), waiting);

      expect(spans([...none, ...all])).toEqual(['a.x 1-1', 'a.x 2-2', 'c.x 3-3', 'b.x 4-4']);
    });

    it('P40: takes one that is overdue, and skips what it names from then on', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      const overdue = transaction('b.x', 3, { seen: { 'a.x': 2, 'c.x': 1 }, isOverdue: true });

      const appended = await append(site.log, head, transaction('a.x', 1), overdue);
      const late = await append(site.log, head, transaction('a.x', 2), ...transactions('b.x', 1, 2));
      const next = await append(site.another, head, transaction('a.x', 3), transaction('b.x', 4));

      expect(spans([...appended, ...late, ...next])).toEqual(['a.x 1-1', 'b.x 2-2', 'a.x 3-3', 'b.x 4-4']);
      expect(await site.log.origins()).toEqual(
        new Map([
          ['a.x', 3],
          ['b.x', 4],
          ['c.x', 1],
        ]),
      );
    });

    it('P5: makes one entry of consecutive transactions of one origin', async () => {
      await using site = await open();
      const head = await site.log.create('log');

      const appended = await append(
        site.log,
        head,
        ...transactions('a.x', 1, 3),
        ...transactions('b.x', 1, 2),
        transaction('a.x', 4),
      );

      expect(spans(appended)).toEqual(['a.x 1-3', 'b.x 4-5', 'a.x 6-6']);
    });

    it('P5: puts what a batch shares into each entry that it makes of it, of a part of it too', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      await append(site.log, head, ...transactions('a.x', 1, 2));

      const appended = await append(site.log, head, ...transactions('a.x', 1, 3), transaction('b.x', 1));

      expect(appended.map(bodyOf)).toEqual(['shared: delta 3 of a.x', 'shared: delta 1 of b.x']);
      expect((await site.another.read('log', 2, 10)).map(bodyOf)).toEqual(appended.map(bodyOf));
    });

    it('P5: begins another entry where a transaction names another one before it than the one that is', async () => {
      await using site = await open();
      const head = await site.log.create('log');

      const appended = await append(
        site.log,
        head,
        ...transactions('a.x', 1, 2),
        transaction('a.x', 5, { numberBefore: 1 }),
        transaction('a.x', 9, { numberBefore: 5 }),
      );

      expect(appended.map(({ firstNumber, lastNumber, last }) => [firstNumber, lastNumber, last])).toEqual([
        [1, 2, 2],
        [5, 9, 4],
      ]);
      expect(await readAll(site.log, 'log')).toEqual(appended);
    });

    it('keeps bytes of every value', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));

      await append(
        site.log,
        head,
        transaction('a.x', 1, { frame: bytes }),
        transaction('a.x', 2, { frame: Buffer.alloc(0) }),
      );

      const [entry] = await site.another.read('log', 0, 10);
      expect([...(entry?.body ?? [])]).toEqual([...shared, ...bytes]);
    });

    it('P6: appends for a sender that stands further back in the same history', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      const [first] = await append(site.log, head, ...transactions('a.x', 1, 2));
      await append(site.log, head, transaction('a.x', 3));

      const fromStart = await append(site.another, head, transaction('b.x', 1));
      const within = { log: 'log', position: 2, mark: first?.mark ?? '' };
      const fromWithin = await append(site.another, within, transaction('b.x', 2));

      expect(spans([...fromStart, ...fromWithin])).toEqual(['b.x 4-4', 'b.x 5-5']);
    });

    it.each([
      ['another mark at the head', 3, 'f'.repeat(40)],
      ['another mark further back', 2, 'f'.repeat(40)],
      ['a position within an entry', 1, undefined],
      ['a position that the log has not reached', 4, undefined],
    ])('P6: does nothing for a sender that saw %s', async (_, position, mark) => {
      await using site = await open();
      const head = await site.log.create('log');
      const [first] = await append(site.log, head, ...transactions('a.x', 1, 2));
      await append(site.log, head, transaction('a.x', 3));
      const before = await site.log.head();

      const seen = { log: 'log', position, mark: mark ?? first?.mark ?? '' };

      await expect(append(site.log, seen, transaction('b.x', 1))).rejects.toThrow(LogReplacedError);
      expect(await site.log.head()).toEqual(before);
      expect(await site.log.origins()).toEqual(new Map([['a.x', 3]]));
    });

    it('P6: does nothing for a sender that follows another log, or where there is none', async () => {
      await using site = await open();
      const other = { log: 'other', position: 0, mark: sha1('other') };

      await expect(append(site.log, other, transaction('a.x', 1))).rejects.toThrow(LogReplacedError);
      const head = await site.log.create('log');

      await expect(append(site.log, other, transaction('a.x', 1))).rejects.toThrow(LogReplacedError);
      expect(await site.log.head()).toEqual(head);
    });

    it('orders what two append at once, each whole', async () => {
      await using site = await open();
      const head = await site.log.create('log');

      await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const [origin, log] = index % 2 === 0 ? ['a.x', site.log] : ['b.x', site.another];
          const first = 1 + 3 * Math.floor(index / 2);
          return append(log, head, ...transactions(origin, first, first + 2));
        }),
      );

      const entries = await readAll(site.log, 'log');
      expect(entries.map(({ last }) => last)).toEqual(entries.map((_, index) => 3 * (index + 1)));
      expect(entries.slice(1).map(({ before }) => before)).toEqual(entries.slice(0, -1).map(({ mark }) => mark));
      expect(await site.log.origins()).toEqual(
        new Map([
          ['a.x', 30],
          ['b.x', 30],
        ]),
      );
    });

    it('P8: reads in pages, from any position, and nothing at the end', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      const appended = await append(
        site.log,
        head,
        ...transactions('a.x', 1, 2),
        transaction('b.x', 1),
        ...transactions('a.x', 3, 4),
      );

      expect(await site.log.read('log', 0, 2)).toEqual(appended.slice(0, 2));
      expect(await site.log.read('log', 3, 2)).toEqual(appended.slice(2));
      expect(await site.log.read('log', 1, 1)).toEqual(appended.slice(0, 1));
      expect(await site.log.read('log', 5, 2)).toEqual([]);
    });

    it('P8: refuses to read another log, and beyond the end', async () => {
      await using site = await open();
      await expect(site.log.read('log', 0, 10)).rejects.toThrow(LogReplacedError);
      await site.log.create('log');

      await expect(site.log.read('other', 0, 10)).rejects.toThrow(LogReplacedError);
      await expect(site.log.read('log', 1, 10)).rejects.toThrow(LogReplacedError);
    });

    it('P8: stops a read at its limit of bytes, with one entry at least', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      const bytes = Buffer.alloc(5 * 1024 * 1024);
      for (const number of [1, 2, 3]) await append(site.log, head, transaction('a.x', number, { frame: bytes }));

      expect(spans(await site.log.read('log', 0, 10))).toEqual(['a.x 1-1', 'a.x 2-2']);
      expect(spans(await site.log.read('log', 2, 10))).toEqual(['a.x 3-3']);
    });

    it('P9: lets an origin be claimed once, with the number and the secret that it was left with', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      await append(site.log, head, ...transactions('a.x', 1, 2));
      const claim = { origin: 'a.x', number: 2, secret: 'secret', nextSecret: 'next' };

      expect(await site.log.claimOrigin({ ...claim, number: 1 })).toBe(false);
      expect(await site.log.claimOrigin({ ...claim, secret: 'guessed' })).toBe(false);
      expect(await site.log.claimOrigin({ ...claim, origin: 'b.x' })).toBe(false);
      expect(await site.another.claimOrigin(claim)).toBe(true);
      expect(await site.log.claimOrigin(claim)).toBe(false);
      expect(await site.log.claimOrigin({ ...claim, secret: 'next', nextSecret: 'third' })).toBe(true);
      expect(await site.log.origins()).toEqual(new Map([['a.x', 2]]));
    });

    it('P9: keeps the secret of who appended last', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      await site.log.append(batch(transaction('a.x', 1)), head, 'old', noRecords);
      await site.log.append(batch(transaction('a.x', 2)), head, 'new', noRecords);

      expect(await site.log.claimOrigin({ origin: 'a.x', number: 2, secret: 'old', nextSecret: 'x' })).toBe(false);
      expect(await site.log.claimOrigin({ origin: 'a.x', number: 2, secret: 'new', nextSecret: 'x' })).toBe(true);
    });

    it('keeps what it acknowledged when it is killed', async () => {
      await using site = await open();
      const head = await site.log.create('log');
      const before = await append(site.log, head, ...transactions('a.x', 1, 3));

      await using reopened = await site.appendAndKill('log', transactions('b.x', 1, 2));

      const entries = await readAll(reopened.log, 'log');
      expect(spans(entries)).toEqual(['a.x 1-3', 'b.x 4-5']);
      expect(entries.slice(0, 1)).toEqual(before);
      expect(await reopened.log.head()).toEqual({ log: 'log', position: 5, mark: entries[1]?.mark });
      expect(await append(reopened.log, head, ...transactions('b.x', 1, 3))).toHaveLength(1);
      expect(await reopened.another.origins()).toEqual(
        new Map([
          ['a.x', 3],
          ['b.x', 3],
        ]),
      );
    });
  });
}
