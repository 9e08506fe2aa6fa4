/** What the embedded log does beyond the contract: states beside it, trimming, damage. */
import { describe, expect, it } from 'vitest';
import { LogReplacedError, LogUnavailableError, MalformedBytesError } from '../../../errors.ts';
import { applyOperations } from '../../../replica/crdt/document.ts';
import type { Head } from '../../../replica/crdt/version.ts';
import { markAtStart } from '../../../replica/log/entry.ts';
import type { DocumentRecord, Log, LogEntry } from '../../../replica/log/log.ts';
import { batch, transaction, transactions } from '../log/transactions.ts';
import { damage, newPath, openEmbedded } from './folders.ts';

const start: Head = { log: 'log', position: 0, mark: markAtStart('log') };

/** A document's state after its first transaction. */
function state(text: string): DocumentRecord['state'] {
  const assign = { kind: 'assign', path: ['text'], value: text, floors: [], isDefault: false } as const;
  const writer = { origin: 'a.x', number: 1, time: 1024, log: 'log', position: 1, covers: () => false };
  return applyOperations(undefined, [{ kind: 'makeMap', path: [], isDefault: false }, assign], writer);
}

async function states(log: Log): Promise<{ head: Head | undefined; records: DocumentRecord[] }> {
  const loaded = await log.loadStates();
  return { head: loaded?.head, records: [...(loaded?.records ?? [])] };
}

describe('states beside the log', () => {
  it('P13: are those of its head, after a restart too', async () => {
    const path = await newPath();
    const { log, close } = await openEmbedded(path);
    expect(await log.loadStates()).toBeUndefined();
    await log.create('log');
    const asked: LogEntry[] = [];
    const recordsAfter = (entry: LogEntry): DocumentRecord[] => {
      asked.push(entry);
      return [
        { collection: 'cars', id: 'vw', state: state(`at ${entry.last}`) },
        { collection: 'cars', id: 'gone', state: entry.last === 1 ? state('here') : undefined },
        { collection: 'c'.repeat(100), id: `${'ä'.repeat(127)}${entry.last}`, state: state('long') },
      ];
    };

    const appended = await log.append(batch(transaction('a.x', 1), transaction('b.x', 1)), start, 's', recordsAfter);
    const before = await states(log);
    await close();
    const after = await states((await openEmbedded(path)).log);

    expect(asked).toEqual(appended);
    expect(after).toEqual(before);
    expect(after.head).toEqual({ log: 'log', position: 2, mark: appended[1]?.mark });
    expect(after.records.map(({ collection, id }) => [collection.slice(0, 4), id.slice(-1)])).toEqual([
      ['cars', 'w'],
      ['cccc', '1'],
      ['cccc', '2'],
    ]);
    expect(after.records[0]?.state).toEqual(state('at 2'));
  });

  it('P13: and the entry are there together or not at all', async () => {
    const path = await newPath();
    const { log } = await openEmbedded(path);
    await log.create('log');
    const fail = () => {
      throw new Error('no records');
    };

    await expect(log.append(batch(transaction('a.x', 1)), start, 's', fail)).rejects.toThrow('no records');

    expect(await log.head()).toEqual(start);
    expect(await states(log)).toEqual({ head: start, records: [] });
    expect(await log.append(batch(transaction('a.x', 1)), start, 's', () => [])).toHaveLength(1);
  });

  it('are told by name when they are damaged', async () => {
    const path = await newPath();
    const folder = await openEmbedded(path);
    await folder.log.create('log');
    const record = { collection: 'cars', id: 'vw', state: state('here') };
    await folder.log.append(batch(transaction('a.x', 1)), start, 's', () => [record]);
    await folder.close();
    await damage(path, 'states', (value) => value.subarray(0, -1));
    const { log } = await openEmbedded(path);

    await expect(states(log)).rejects.toThrow(MalformedBytesError);
    await expect(states(log)).rejects.toThrow('document "vw" of collection "cars"');
  });
});

describe('the embedded log', () => {
  it('P14: keeps the newest entries that there is room for', async () => {
    const path = await newPath();
    const options = { embeddedLogBytes: 10_000 };
    const { log, close } = await openEmbedded(path, options);
    await log.create('log');
    const bytes = Buffer.alloc(3_000);
    for (const number of [1, 2, 3, 4, 5])
      await log.append(batch(transaction('a.x', number, { frame: bytes })), await headOf(log), 's', () => []);

    await expect(log.read('log', 0, 10)).rejects.toThrow(LogReplacedError);
    await expect(log.read('log', 1, 10)).rejects.toThrow(LogReplacedError);
    expect((await log.read('log', 2, 10)).map(({ last }) => last)).toEqual([3, 4, 5]);
    await close();
    const reopened = await openEmbedded(path, options);
    const large = transaction('a.x', 6, { frame: Buffer.alloc(20_000) });
    await reopened.log.append(batch(large), await headOf(reopened.log), 's', () => []);
    expect((await reopened.log.read('log', 5, 10)).map(({ last }) => last)).toEqual([6]);
    await expect(reopened.log.read('log', 4, 10)).rejects.toThrow(LogReplacedError);
    expect(await reopened.log.origins()).toEqual(new Map([['a.x', 6]]));
  });

  it('P2: stops a reader at exactly the entry that is damaged', async () => {
    const path = await newPath();
    const folder = await openEmbedded(path);
    await folder.log.create('log');
    for (const number of [1, 2, 3]) {
      await folder.log.append(batch(transaction('a.x', number)), await headOf(folder.log), 's', () => []);
    }
    await folder.close();
    await damage(path, 'log', (value) => (value.includes('delta 2') ? Buffer.from('what is this?') : value));
    const { log } = await openEmbedded(path);

    expect((await log.read('log', 0, 10)).map(({ last }) => last)).toEqual([1]);
    await expect(log.read('log', 1, 10)).rejects.toThrow(/ends at 2 of log log does not decode/);
    expect((await log.read('log', 2, 10)).map(({ last }) => last)).toEqual([3]);
    const stands = { log: 'log', position: 1, mark: markAtStart('log') };
    await expect(log.append(batch(transaction('a.x', 4)), stands, 's', () => [])).rejects.toThrow(LogUnavailableError);
  });

  it('does not open on a damaged head', async () => {
    const path = await newPath();
    const folder = await openEmbedded(path);
    await folder.log.create('log');
    await folder.close();
    await damage(path, 'meta', (value) => (value.toString().startsWith('log\n') ? Buffer.from('log\nmany') : value));

    await expect(openEmbedded(path)).rejects.toThrow(MalformedBytesError);
    await damage(path, 'meta', (value) => value);
  });

  it('is always connected', async () => {
    const { log } = await openEmbedded(await newPath());
    const told: boolean[] = [];

    using _ = log.watchConnection((connected) => told.push(connected));

    expect(told).toEqual([true]);
  });

  it('appends what many ask for at once, in order', async () => {
    const { log } = await openEmbedded(await newPath());
    await log.create('log');

    await Promise.all(
      [1, 3, 5, 7].map((number) => log.append(batch(...transactions('a.x', number, number + 1)), start, 's', () => [])),
    );

    expect((await log.read('log', 0, 10)).map(({ last }) => last)).toEqual([2, 4, 6, 8]);
  });
});

async function headOf(log: Log): Promise<Head> {
  const head = await log.head();
  if (head === undefined) throw new Error('no log');
  return head;
}

describe('reading while an append is under way', () => {
  it('P8: gives nothing beyond the head that the log says it has', async () => {
    const { log } = await openEmbedded(await newPath());
    await log.create('log');
    let head = start;
    for (let number = 1; number <= 60; number += 1) {
      let isAppended = false;
      const appended = log
        .append(batch(transaction('a.x', number)), head, 's', () => [])
        .finally(() => {
          isAppended = true;
        });
      while (!isAppended) {
        const entries = await log.read('log', number - 1, 10);
        for (const { last } of entries) expect(last).toBeLessThanOrEqual((await log.head())?.position ?? 0);
        // What a reader has, it can go on from.
        for (const { last } of entries) expect(await log.read('log', last, 10)).toEqual([]);
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (const { last, mark } of await appended) head = { log: 'log', position: last, mark };
    }
  });
});
