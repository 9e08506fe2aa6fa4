/** What every adapter of the snapshots promises: replica/log/snapshots.ts, and docs/internals/protocol.md by the numbers of its rules. */
import { describe, expect, it } from 'vitest';
import { LogReplacedError } from '../../../errors.ts';
import type { Head } from '../../../replica/crdt/version.ts';
import type { Log, LogEntry } from '../../../replica/log/log.ts';
import type { ListedGeneration, Manifest, Snapshots } from '../../../replica/log/snapshots.ts';
import { batch, transaction, transactions } from './transactions.ts';

export interface SnapshotsUnderTest extends AsyncDisposable {
  readonly log: Log;
  readonly snapshots: Snapshots;
  /** The same site as somebody else has it. */
  readonly another: Snapshots;
  /** Lets so much of the server's time pass. */
  pass(milliseconds: number): Promise<void>;
  /** Puts these bytes in the place of the manifest. */
  damageManifest(bytes: Uint8Array): Promise<void>;
}

const long = 60_000;
/** Long enough for some round trips on a machine that has much else to do. */
const short = 250;
const generation = (name: string, chunks = 2): ListedGeneration => ({ name: name.repeat(32), chunks });
const bytesOf = (text: string) => Buffer.from(text);
const read = async (snapshots: Snapshots, { name }: ListedGeneration, index: number) => {
  const bytes = await snapshots.readChunk(name, index);
  return bytes && Buffer.from(bytes).toString();
};

const manifestOf = ({ name, chunks }: ListedGeneration, begin: Head, before?: Manifest): Manifest => ({
  generation: { name, begin, chunks, bytes: 123, origins: new Map([['a.x', begin.position]]) },
  before: before?.generation,
  closedLogs: [
    { log: 'older', position: 17, marks: [{ position: 17, mark: 'a'.repeat(40) }] },
    { log: 'other', position: 0, marks: [] },
  ],
});

const append = (log: Log, seen: Head, first: number, last: number) =>
  log.append(batch(...transactions('a.x', first, last)), seen, 'secret', () => []);
const headOf = (entry: LogEntry | undefined): Head => {
  if (!entry) throw new Error('nothing was appended');
  return { log: entry.log, position: entry.last, mark: entry.mark };
};

/** A log with the positions 1 to 3, an entry each. */
async function logOfThree({ log }: SnapshotsUnderTest, keepMilliseconds?: number) {
  const begin = await log.create('log', keepMilliseconds);
  const one = headOf((await append(log, begin, 1, 1))[0]);
  const two = headOf((await append(log, one, 2, 2))[0]);
  const three = headOf((await append(log, two, 3, 3))[0]);
  return { begin, one, two, three };
}

async function named(snapshots: Snapshots, which: ListedGeneration, begin: Head, before?: Manifest): Promise<Manifest> {
  const manifest = manifestOf(which, begin, before);
  await snapshots.takeLease('snapshot', 'lease', long);
  await snapshots.list(which, 'lease');
  await snapshots.name(manifest, begin, 'lease');
  await snapshots.releaseLease('snapshot', 'lease');
  return manifest;
}

/** @param open an adapter on a new, empty site */
export function describeSnapshots(name: string, open: () => Promise<SnapshotsUnderTest>): void {
  describe(name, () => {
    it('P19: gives a lease to one at a time, until it is released or over', async () => {
      await using site = await open();
      const { snapshots, another } = site;

      expect(await snapshots.takeLease('snapshot', 'one', long)).toBe(true);
      expect(await another.takeLease('snapshot', 'two', long)).toBe(false);
      expect(await another.takeLease('heal', 'two', long)).toBe(true);
      await another.releaseLease('snapshot', 'two');
      expect(await another.takeLease('snapshot', 'two', long)).toBe(false);
      await snapshots.releaseLease('snapshot', 'one');
      expect(await another.takeLease('snapshot', 'two', short)).toBe(true);
      await site.pass(2 * short);
      expect(await snapshots.takeLease('snapshot', 'three', long)).toBe(true);
    });

    it('P19: renews a lease for who holds it, and makes none by that', async () => {
      await using site = await open();
      const { snapshots, another } = site;

      expect(await snapshots.renewLease('snapshot', 'one', long)).toBe(false);
      await snapshots.takeLease('snapshot', 'one', 5 * short);
      expect(await another.renewLease('snapshot', 'two', long)).toBe(false);
      expect(await snapshots.renewLease('snapshot', 'one', 20 * short)).toBe(true);
      await site.pass(6 * short);
      expect(await another.takeLease('snapshot', 'two', long)).toBe(false);
      await site.pass(20 * short);
      expect(await snapshots.renewLease('snapshot', 'one', long)).toBe(false);
      expect(await another.takeLease('snapshot', 'two', long)).toBe(true);
    });

    it('P20: gives back the manifest that was named last', async () => {
      await using site = await open();
      const { one, three } = await logOfThree(site);
      expect(await site.snapshots.manifest()).toBeUndefined();

      const first = await named(site.snapshots, generation('a'), one);
      expect(await site.another.manifest()).toEqual(first);
      const second = await named(site.another, generation('b', 7), three, first);

      expect(await site.snapshots.manifest()).toEqual(second);
    });

    it('P20: names nothing for who has no lease, or stands in no history of the log', async () => {
      await using site = await open();
      const { snapshots } = site;
      const { one, two } = await logOfThree(site);
      const manifest = manifestOf(generation('a'), one);

      expect(await snapshots.name(manifest, one, 'lease')).toBe(false);
      await snapshots.takeLease('snapshot', 'lease', long);
      expect(await snapshots.name(manifest, one, 'another')).toBe(false);
      for (const seen of [
        { ...two, mark: one.mark },
        { ...two, log: 'other' },
        { ...two, position: 9 },
      ])
        await expect(snapshots.name(manifest, seen, 'lease')).rejects.toThrow(LogReplacedError);
      await snapshots.takeLease('heal', 'healing', long);
      expect(await snapshots.name(manifest, one, 'healing')).toBe(false);

      expect(await snapshots.manifest()).toBeUndefined();
      expect(await snapshots.name(manifest, two, 'lease')).toBe(true);
    });

    it('P20: tells a manifest that does not decode, and takes another in its place', async () => {
      await using site = await open();
      const { one } = await logOfThree(site);
      await named(site.snapshots, generation('a'), one);

      await site.damageManifest(bytesOf('2\nwhatever\n'));
      await expect(site.snapshots.manifest()).rejects.toMatchObject({ code: 'UNKNOWN_FORMAT' });
      await site.damageManifest(bytesOf('no manifest'));
      await expect(site.snapshots.manifest()).rejects.toMatchObject({ code: 'MALFORMED_BYTES' });

      const manifest = await named(site.snapshots, generation('b'), one);
      expect(await site.snapshots.manifest()).toEqual(manifest);
    });

    it('P21: lists a generation for who holds the lease, and says what was listed before', async () => {
      await using site = await open();
      const { snapshots, another } = site;
      const [a, b, c] = [generation('a', 3), generation('b', 1), generation('c', 2)];

      expect(await snapshots.list(a, 'lease')).toBeUndefined();
      await snapshots.takeLease('snapshot', 'lease', long);
      expect(await snapshots.list(a, 'lease')).toEqual([]);
      expect(await snapshots.list(b, 'lease')).toEqual([a]);
      expect(await another.list(c, 'another')).toBeUndefined();
      await another.delete(a);

      expect(await snapshots.list(c, 'lease')).toEqual([b]);
    });

    it('P22: keeps a chunk for as long as its writer said, and all of a generation once they are made permanent', async () => {
      await using site = await open();
      const { snapshots, another } = site;
      const [a, b] = [generation('a'), generation('b')];

      await snapshots.putChunk(a.name, 0, bytesOf('a0'), short);
      await snapshots.putChunk(a.name, 1, Buffer.from([0, 10, 255]), short);
      await snapshots.putChunk(b.name, 0, bytesOf('b0'), short);
      expect(await snapshots.makePermanent(a)).toBe(true);
      await site.pass(2 * short);

      expect(await read(another, a, 0)).toBe('a0');
      expect(Buffer.from((await another.readChunk(a.name, 1)) ?? [])).toEqual(Buffer.from([0, 10, 255]));
      expect(await read(another, b, 0)).toBeUndefined();
      expect(await read(another, a, 2)).toBeUndefined();
    });

    it('P22: says where a chunk is not there any more, and makes none by that', async () => {
      await using site = await open();
      const { snapshots } = site;
      const a = generation('a', 3);

      for (const index of [0, 2]) await snapshots.putChunk(a.name, index, bytesOf(`a${index}`), long);
      expect(await snapshots.makePermanent(a)).toBe(false);
      await snapshots.putChunk(a.name, 1, bytesOf('a1'), short);
      await site.pass(2 * short);
      expect(await snapshots.makePermanent(a)).toBe(false);

      expect(await read(snapshots, a, 1)).toBeUndefined();
    });

    it('P22: lets a chunk that is put again expire again', async () => {
      await using site = await open();
      const { snapshots } = site;
      const a = generation('a', 1);

      await snapshots.putChunk(a.name, 0, bytesOf('first'), long);
      await snapshots.makePermanent(a);
      await snapshots.putChunk(a.name, 0, bytesOf('second'), short);

      expect(await read(snapshots, a, 0)).toBe('second');
      await site.pass(2 * short);
      expect(await read(snapshots, a, 0)).toBeUndefined();
    });

    it('P23: deletes all chunks of a generation and no others, as often as it is told', async () => {
      await using site = await open();
      const { snapshots } = site;
      const [a, b] = [generation('a'), generation('b')];
      for (const { name } of [a, b])
        for (const index of [0, 1]) await snapshots.putChunk(name, index, bytesOf(`chunk ${index}`), long);

      await snapshots.delete(a);
      await snapshots.delete(a);

      expect(await read(snapshots, a, 0)).toBeUndefined();
      expect(await read(snapshots, a, 1)).toBeUndefined();
      expect(await read(snapshots, b, 1)).toBe('chunk 1');
    });

    it('P24: trims up to a position, and the log goes on', async () => {
      await using site = await open();
      const { log, snapshots } = site;
      const { one, two, three } = await logOfThree(site);
      await named(snapshots, generation('a'), two);

      expect(await snapshots.trim(two.position, generation('a').name, three)).toBe(true);

      expect((await log.read('log', two.position, 10)).map(({ first }) => first)).toEqual([3]);
      await expect(log.read('log', one.position, 10)).rejects.toThrow(LogReplacedError);
      await expect(append(log, one, 4, 4)).rejects.toThrow(LogReplacedError);
      expect((await append(log, two, 4, 5)).map(({ first, last }) => [first, last])).toEqual([[4, 5]]);
    });

    it('P24: trims a log to nothing, and it keeps its head', async () => {
      await using site = await open();
      const { log, snapshots } = site;
      const { two, three } = await logOfThree(site);
      await named(snapshots, generation('a'), three);

      expect(await snapshots.trim(three.position, generation('a').name, three)).toBe(true);

      expect(await log.head()).toEqual(three);
      expect(await log.read('log', three.position, 10)).toEqual([]);
      await expect(log.read('log', two.position, 10)).rejects.toThrow(LogReplacedError);
      await expect(append(log, two, 4, 4)).rejects.toThrow(LogReplacedError);
      expect(await append(log, three, 1, 3)).toEqual([]);
      expect((await append(log, three, 3, 4)).map(({ first, before }) => [first, before])).toEqual([[4, three.mark]]);
    });

    it('P24: leaves an entry whole that goes on after the position', async () => {
      await using site = await open();
      const { log, snapshots } = site;
      const begin = await log.create('log');
      const [entry] = await append(log, begin, 1, 3);
      await named(snapshots, generation('a'), headOf(entry));

      await snapshots.trim(2, generation('a').name, headOf(entry));

      expect(await log.read('log', 0, 10)).toEqual([entry]);
    });

    it('P24: trims nothing where another generation is named, or the sender stands in another history', async () => {
      await using site = await open();
      const { log, snapshots } = site;
      const { two, three } = await logOfThree(site);

      expect(await snapshots.trim(1, generation('a').name, three)).toBe(false);
      const first = await named(snapshots, generation('a'), two);
      await named(snapshots, generation('b'), three, first);
      expect(await snapshots.trim(2, generation('a').name, three)).toBe(false);
      for (const seen of [
        { ...two, mark: three.mark },
        { ...two, log: 'other' },
        { ...three, position: 4 },
      ])
        await expect(snapshots.trim(2, generation('b').name, seen)).rejects.toThrow(LogReplacedError);

      expect(await log.read('log', 0, 10)).toHaveLength(3);
    });

    it('P25: keeps a log that was made on an empty site for as long as its maker said', async () => {
      await using site = await open();
      const { log, snapshots } = site;
      const { three } = await logOfThree(site, 10 * short);
      await named(snapshots, generation('a'), three);

      expect(await snapshots.trim(3, generation('a').name, three)).toBe(false);
      await site.pass(11 * short);
      expect(await snapshots.trim(3, generation('a').name, three)).toBe(true);

      expect(await log.read('log', 3, 10)).toEqual([]);
    });

    it('P25: is kept no longer by who would have made it later', async () => {
      await using site = await open();
      const { log, snapshots } = site;
      const { three } = await logOfThree(site);
      await log.create('another', long);
      await named(snapshots, generation('a'), three);

      expect(await snapshots.trim(3, generation('a').name, three)).toBe(true);
    });

    it('a transaction that was trimmed away is not appended again', async () => {
      await using site = await open();
      const { log, snapshots } = site;
      const { three } = await logOfThree(site);
      await named(snapshots, generation('a'), three);
      await snapshots.trim(3, generation('a').name, three);

      const appended = await log.append(batch(transaction('a.x', 2), transaction('b.x', 1)), three, 'secret', () => []);

      expect(appended.map(({ origin, first }) => [origin, first])).toEqual([['b.x', 4]]);
    });
  });
}
