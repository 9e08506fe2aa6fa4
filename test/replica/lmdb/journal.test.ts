import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MalformedBytesError, StoreUnavailableError } from '../../../errors.ts';
import { markAtStart } from '../../../replica/log/entry.ts';
import type { JournaledTransaction, KnownEntry, KnownHistory } from '../../../replica/log/journal.ts';
import { startChild } from '../../servers/child.ts';
import { damage, newPath, openEmbedded, openFolder } from './folders.ts';

const context = { log: 'log', position: 7, mark: markAtStart('log') };
const journaled = (
  origin: string,
  number: number,
  parts: Partial<Pick<JournaledTransaction, 'numberBefore' | 'bytes'>> = {},
): JournaledTransaction => ({
  origin,
  number,
  numberBefore: parts.numberBefore ?? number - 1,
  bytes: parts.bytes ?? Buffer.from(`delta ${number} of ${origin}`),
  context,
});
const known = (last: number, log = 'log'): KnownEntry => ({
  first: last,
  last,
  before: markAtStart(`${log} ${last - 1}`),
  mark: markAtStart(`${log} ${last}`),
  origin: 'c.x',
  firstNumber: last,
  lastNumber: last,
});

const history = (...entries: readonly KnownEntry[]): KnownHistory => ({ bases: [], entries });

describe('P17: the journal', () => {
  it('gives back what was added, in that order, after a restart', async () => {
    const path = await newPath();
    const folder = await openFolder(path);
    const added = [
      journaled('b.x', 9, { numberBefore: 4 }),
      journaled('a.x', 1, { bytes: Buffer.from([0, 10, 255]) }),
      journaled('b.x', 10),
      journaled('a.x', 2, { bytes: Buffer.alloc(0) }),
    ];
    await folder.journal.add(added.slice(0, 2), history(known(7)));
    await folder.close();

    const again = await openFolder(path);
    await again.journal.add(added.slice(2), history(known(6), known(8)));

    expect(await again.journal.load()).toEqual(added);
    expect(await again.journal.known()).toEqual(history(known(6), known(7), known(8)));
  });

  it('takes the same twice, and keeps it once', async () => {
    const { journal } = await openFolder(await newPath());

    await journal.add([journaled('a.x', 1)], history(known(7)));
    await journal.add([journaled('a.x', 1), journaled('a.x', 2)], history(known(7)));

    expect(await journal.load()).toEqual([journaled('a.x', 1), journaled('a.x', 2)]);
    expect(await journal.known()).toEqual(history(known(7)));
  });

  it('keeps known entries of two histories at one position', async () => {
    const { journal } = await openFolder(await newPath());

    await journal.add([journaled('a.x', 1)], history(known(7), known(7, 'other')));

    expect((await journal.known()).entries.map(({ mark }) => mark).toSorted()).toEqual(
      [known(7).mark, known(7, 'other').mark].toSorted(),
    );
  });

  it('keeps where what is known of each history begins', async () => {
    const path = await newPath();
    const folder = await openFolder(path);
    const bases = ['one', 'other'].map((log) => ({
      mark: markAtStart(log),
      origins: new Map([
        ['a.x', 3],
        ['b.x', 0],
      ]),
    }));
    await folder.journal.add([journaled('a.x', 1)], { bases: bases.slice(0, 1), entries: [known(7)] });
    await folder.journal.add([], { bases: bases.slice(1), entries: [] });
    await folder.close();

    const { bases: kept, entries } = await (await openFolder(path)).journal.known();

    expect(kept.toSorted((a, b) => a.mark.localeCompare(b.mark))).toEqual(
      bases.toSorted((a, b) => a.mark.localeCompare(b.mark)),
    );
    expect(entries).toEqual([known(7)]);
  });

  it("loses an origin's transactions up to a number, and known entries with the last", async () => {
    const { journal } = await openFolder(await newPath());
    const all = [journaled('a.x', 1), journaled('a.xy', 1), journaled('a.x', 2), journaled('a.x', 300)];
    await journal.add(all, history(known(7)));

    await journal.removeUpTo('a.x', 2);
    expect(await journal.load()).toEqual([journaled('a.xy', 1), journaled('a.x', 300)]);
    await journal.removeUpTo('a.x', 1_000);
    expect(await journal.known()).toEqual(history(known(7)));
    await journal.removeUpTo('a.xy', 1);

    expect(await journal.load()).toEqual([]);
    expect(await journal.known()).toEqual(history());
  });

  it('refuses what it has no room for, and takes it when there is room again, after a restart too', async () => {
    const path = await newPath();
    const options = { journalBytes: 10_000 };
    const folder = await openFolder(path, options);
    const bytes = Buffer.alloc(4_000);
    await folder.journal.add([journaled('a.x', 1, { bytes }), journaled('a.x', 2, { bytes })], history());
    await folder.close();
    const { journal } = await openFolder(path, options);

    const refused = journal.add([journaled('a.x', 3, { bytes })], history());
    await expect(refused).rejects.toThrow(StoreUnavailableError);
    expect(await journal.load()).toHaveLength(2);
    await journal.removeUpTo('a.x', 1);
    await journal.add([journaled('a.x', 3, { bytes })], history());

    expect((await journal.load()).map(({ number }) => number)).toEqual([2, 3]);
  });

  it('tells by name what is damaged', async () => {
    const path = await newPath();
    const folder = await openFolder(path);
    await folder.journal.add([journaled('a.x', 12)], history(known(7)));
    await folder.close();
    await damage(path, 'journal', (value) =>
      Buffer.from(value.map((byte, at) => (at === value.length - 1 ? byte ^ 1 : byte))),
    );
    await damage(path, 'known', () => Buffer.from('?'));
    const { journal } = await openFolder(path);

    await expect(journal.load()).rejects.toThrow(MalformedBytesError);
    await expect(journal.load()).rejects.toThrow('transaction 12 of a.x');
    await expect(journal.known()).rejects.toThrow('known entry that ends at 7');
  });

  it('and the log refuse what the disk has no room for, keep what they had, and go on when there is room', async () => {
    const path = await newPath();
    const file = fileURLToPath(new URL('full-child.ts', import.meta.url));
    const limited = ['-c', 'ulimit -f 2048; exec "$@"', '--', process.execPath, '--import', 'tsx', file, path];
    await using child = startChild('bash', limited);
    let output = '';
    child.process.stdout?.on('data', (chunk: Buffer) => {
      output += chunk;
    });

    await child.said('closed');

    const [, journalCount, logCount] =
      /journal (\d) then STORE_UNAVAILABLE\nlog (\d) then LOG_UNAVAILABLE/.exec(output) ?? [];
    expect(Number(journalCount)).toBeGreaterThan(2);
    expect(output).not.toContain('unhandled');
    const { log, journal } = await openEmbedded(path);
    expect(await journal.load()).toEqual([]);
    expect(await log.origins()).toEqual(
      new Map([...(logCount === '0' ? [] : [['b.x', Number(logCount)] as const]), ['c.x', 1]]),
    );
  });
});

describe('P18: the clean mark', () => {
  it('is there once for the process that comes next', async () => {
    const path = await newPath();
    const mark = { origin: 'a.x', number: 12, secret: 'abc' };
    const folder = await openFolder(path);
    expect(await folder.journal.takeCleanMark()).toBeUndefined();
    await folder.journal.leaveCleanMark(mark);
    await folder.close();

    const next = await openFolder(path);
    expect(await next.journal.takeCleanMark()).toEqual(mark);
    await next.close();

    expect(await (await openFolder(path)).journal.takeCleanMark()).toBeUndefined();
  });
});

describe('evictions', () => {
  it('are kept until they are removed, or others of the same documents come', async () => {
    const path = await newPath();
    const folder = await openFolder(path);
    const evictions = ['1', '2', '3'].map((id) => ({
      collection: 'cars',
      id,
      lastWriter: { origin: 'a.x', number: 5 },
    }));
    await folder.journal.saveEvictions(evictions, []);
    const again = { collection: 'cars', id: '2', lastWriter: { origin: 'b.x', number: 6 } };
    await folder.journal.saveEvictions([again], evictions.slice(0, 1));
    await folder.journal.saveEvictions([], evictions.slice(1, 2));
    await folder.close();

    expect(await (await openFolder(path)).journal.loadEvictions()).toEqual([again, evictions[2]]);
  });
});
