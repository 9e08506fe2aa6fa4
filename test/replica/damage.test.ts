/** Random bytes in each key and on each channel of a site with running replicas: dropped or put right, never fatal, never applied. */
import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startRedis } from '../servers/redis.ts';
import { eventually } from '../servers/wait.ts';
import { damagesBesideLog, damagesOfLog } from './damages.ts';
import { type OpenReplica, openOnRedis, readAll, temporaryFolder, upsert } from './replicas.ts';

/** A snapshot whenever there is anything in the log, and a log that is trimmed at once. */
const timing = { snapshotMinimumBytes: 1, newLogKeepMilliseconds: 0, leaseMilliseconds: 1_000 };

/** A snapshot later than any test, and a start that does not wait for its site for long. */
const early = { siteMilliseconds: 500 };

const kinds: Readonly<Record<string, () => Buffer>> = {
  'no bytes': () => Buffer.alloc(0),
  // With one that no field of ours has: else they might be another log's.
  'a few bytes': () => Buffer.concat([Buffer.alloc(1), randomBytes(randomInt(0, 40))]),
  'many bytes': () => Buffer.concat([Buffer.alloc(1), randomBytes(5_000)]),
};

describe('bad bytes in a site', { timeout: 60_000 }, () => {
  it.each(Object.keys(kinds))(
    'P2, P20, P30, P63, P64: %s, wherever they are, end nothing and are never applied',
    async (kind) => {
      await using redis = await startRedis();
      await using folder = await temporaryFolder();
      const open = (name: string, path?: string) => openOnRedis({ url: redis.url, name, path, timing });
      await using a = await open('a', folder.path);
      await using b = await open('b');
      const written: Record<string, unknown> = {};
      const bytes = kinds[kind] ?? (() => Buffer.alloc(0));

      for (const [where, damage] of Object.entries({ ...damagesBesideLog, ...damagesOfLog })) {
        const log = a.replica.status.version[0]?.log ?? '';
        await upsert(a, 'cars', { _id: `before ${where}` });
        await damage({ client: redis.client, namespace: 'test', log }, bytes);
        await write(a, `${where} by a`);
        await write(b, `${where} by b`);
        for (const id of [`before ${where}`, `${where} by a`, `${where} by b`]) written[id] = {};

        await eventually(`both go on after bad bytes in ${where}: ${problemsOf(a, b)}`, () =>
          [a, b].every((one) => isWell(one)),
        );
        await eventually(`both have all after bad bytes in ${where}`, () =>
          [a, b].every((one) => Object.keys(readAll(one, 'cars')).length === Object.keys(written).length),
        );
        await using fresh = await open('c');
        // Before an entry that does not decode it waits for a snapshot past it, which the others write.
        await eventually(
          `a fresh one has all after ${where}`,
          () => Object.keys(readAll(fresh, 'cars')).length >= Object.keys(written).length,
        );
        expect(readAll(fresh, 'cars')).toEqual(written);
      }
      expect([readAll(a, 'cars'), readAll(b, 'cars')]).toEqual([written, written]);
      expect(a.replica.counters.malformedMessages).toBeGreaterThan(0);
    },
  );

  const ofHead = ['the mark of the head', 'the position of the head', 'the id of the head', 'all of the head'] as const;
  it.each(ofHead)('P33, P63: %s, while no replica runs, is put right by who starts from its disk', async (where) => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    const open = (name: string, path?: string) => openOnRedis({ url: redis.url, name, path, timing: early });
    let log = '';
    {
      await using a = await open('a', folder.path);
      await upsert(a, 'cars', { _id: 'before' });
      log = a.replica.status.version[0]?.log ?? '';
    }
    await damagesBesideLog[where]?.({ client: redis.client, namespace: 'test', log }, () => Buffer.from('\0'));

    await using again = await open('a', folder.path);
    await eventually(`it goes on: ${problemsOf(again)}`, () => isWell(again));
    await upsert(again, 'cars', { _id: 'after' });
    await using fresh = await open('b');

    expect(readAll(fresh, 'cars')).toEqual({ before: {}, after: {} });
    expect(fresh.replica.status.version[0]?.log).toBe(log);
  });

  it.each(ofHead)('P63: %s of a log that has nothing yet is put right', async (where) => {
    await using redis = await startRedis();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined, timing });
    const log = a.replica.status.version[0]?.log ?? '';
    await damagesBesideLog[where]?.({ client: redis.client, namespace: 'test', log }, () => Buffer.from('\0'));

    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined, timing });
    await write(a, 'vw');
    await eventually(`it is written here, too: ${problemsOf(a, b)}`, () => 'vw' in readAll(b, 'cars'));

    for (const one of [a, b]) {
      expect(isWell(one)).toBe(true);
      expect(one.replica.status.version).toEqual([{ log, position: 1 }]);
    }
  });

  it.each(ofHead)(
    'P63: %s, while no replica runs or has a disk, is put right where a snapshot names the log',
    async (where) => {
      await using redis = await startRedis();
      const open = (name: string) => openOnRedis({ url: redis.url, name, path: undefined, timing });
      let log = '';
      {
        await using a = await open('a');
        await upsert(a, 'cars', { _id: 'before' });
        await eventually('a snapshot is written', () => a.replica.counters.snapshotsWritten > 0);
        log = a.replica.status.version[0]?.log ?? '';
      }
      await damagesBesideLog[where]?.({ client: redis.client, namespace: 'test', log }, () => Buffer.from('\0'));

      await using again = await open('a');
      await eventually(`it goes on: ${problemsOf(again)}`, () => isWell(again));
      await upsert(again, 'cars', { _id: 'after' });

      expect(readAll(again, 'cars')).toEqual({ before: {}, after: {} });
      expect(again.replica.status.version[0]?.log).toBe(log);
    },
  );
});

const isWell = ({ replica }: OpenReplica) =>
  replica.status.connected && replica.status.unsent === 0 && replica.status.problem === undefined;

const problemsOf = (...replicas: readonly OpenReplica[]) =>
  replicas.map(({ replica }) => JSON.stringify(replica.status)).join();

/** Again and again where it is refused: b has no disk. */
async function write(replica: OpenReplica, id: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await upsert(replica, 'cars', { _id: id });
      return;
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
