/** Random bytes in each key and on each channel of a site with running replicas: dropped or put right, never fatal, never applied. */
import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startRedis } from '../servers/redis.ts';
import { there } from '../servers/there.ts';
import { eventually } from '../servers/wait.ts';
import { type Damage, damagesBesideLog, damagesOfLog, damagesThatDecode } from './damages.ts';
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
        const log = there(a.replica.status.version[0], 'log').log;
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
      log = there(a.replica.status.version[0], 'log').log;
    }
    await there(damagesBesideLog[where], where)({ client: redis.client, namespace: 'test', log }, () =>
      Buffer.from('\0'),
    );

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
    const log = there(a.replica.status.version[0], 'log').log;
    await there(damagesBesideLog[where], where)({ client: redis.client, namespace: 'test', log }, () =>
      Buffer.from('\0'),
    );

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
        log = there(a.replica.status.version[0], 'log').log;
      }
      await there(damagesBesideLog[where], where)({ client: redis.client, namespace: 'test', log }, () =>
        Buffer.from('\0'),
      );

      await using again = await open('a');
      await eventually(`it goes on: ${problemsOf(again)}`, () => isWell(again));
      await upsert(again, 'cars', { _id: 'after' });

      expect(readAll(again, 'cars')).toEqual({ before: {}, after: {} });
      expect(again.replica.status.version[0]?.log).toBe(log);
    },
  );
});

describe('what stands beside the log decodes, and does not fit it', { timeout: 60_000 }, () => {
  const damages: [string, Damage][] = Object.entries(damagesThatDecode);
  const nothing = () => Buffer.alloc(0);

  describe.each([
    ['with snapshots', timing],
    ['without a snapshot', early],
  ])('%s', (_, timing) => {
    it.each(damages)('P81: %s is put right by replicas that run, and a fresh one starts', async (_, damage) => {
      await using redis = await startRedis();
      await using folder = await temporaryFolder();
      const open = (name: string, path?: string) => openOnRedis({ url: redis.url, name, path, timing });
      await using a = await open('a', folder.path);
      await using b = await open('b');
      for (let index = 0; index < 5; index += 1) await upsert(a, 'cars', { _id: `before ${index}` });
      const log = there(a.replica.status.version[0], 'log').log;

      await damage({ client: redis.client, namespace: 'test', log }, nothing);
      await using fresh = await open('c');
      await write(a, 'by a');
      await write(b, 'by b');
      await write(fresh, 'by c');

      await eventually(`all go on: ${problemsOf(a, b, fresh)}`, () => [a, b, fresh].every(isWell));
      await eventually('all have all', () =>
        [a, b, fresh].every((one) => Object.keys(readAll(one, 'cars')).length === 8),
      );
      for (const one of [a, b, fresh]) expect(one.replica.status.version).toEqual([{ log, position: 8 }]);
    });

    it.each(damages)(
      'P33, P81: %s, while no replica runs, is put right by who starts from its disk',
      async (_, damage) => {
        await using redis = await startRedis();
        await using folder = await temporaryFolder();
        const open = (name: string, path?: string) => openOnRedis({ url: redis.url, name, path, timing });
        let log = '';
        {
          await using a = await open('a', folder.path);
          for (let index = 0; index < 5; index += 1) await upsert(a, 'cars', { _id: `before ${index}` });
          log = there(a.replica.status.version[0], 'log').log;
        }
        await damage({ client: redis.client, namespace: 'test', log }, nothing);

        await using again = await open('a', folder.path);
        await write(again, 'after');
        await eventually(`it goes on: ${problemsOf(again)}`, () => isWell(again));
        await using fresh = await open('b');

        expect(Object.keys(readAll(fresh, 'cars'))).toHaveLength(6);
        expect(fresh.replica.status.version).toEqual([{ log, position: 6 }]);
      },
    );
  });

  it('P81: a fresh replica that nobody tells what the head was says what to do', async () => {
    await using redis = await startRedis();
    {
      await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined, timing: early });
      await upsert(a, 'cars', { _id: 'before' });
    }
    await redis.client.set('{test}:log', 'mine');

    await using fresh = await openOnRedis({ url: redis.url, name: 'b', path: undefined, early: true, timing: early });
    await eventually('it says what to do', () => fresh.replica.status.problem?.includes('{test}:log') === true);
    expect(fresh.replica.status.problem).toContain('restore that key');
  });

  it('P44, P81: a log that was restored from before is no damage of its head', async () => {
    await using redis = await startRedis();
    await using a = await openOnRedis({ url: redis.url, name: 'a', path: undefined, timing: early });
    await upsert(a, 'cars', { _id: 'first' });
    const keys = ['{test}:log', '{test}:origins', `{test}:log:${a.replica.status.version[0]?.log}`];
    const dumps = await Promise.all(keys.map((key) => redis.client.dumpBuffer(key)));
    await upsert(a, 'cars', { _id: 'second' });
    for (const [index, key] of keys.entries())
      await redis.client.restore(key, 0, dumps[index] ?? Buffer.alloc(0), 'REPLACE');
    const log = a.replica.status.version[0]?.log;

    await eventually('it begins another log', () => a.replica.status.version[0]?.log !== log && isWell(a));
    expect(readAll(a, 'cars')).toEqual({ first: {}, second: {} });
  });
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
