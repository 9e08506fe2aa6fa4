/** Random bytes in each key and on each channel of a site with running replicas: dropped or put right, never fatal, never applied. */
import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../servers/redis.ts';
import { type OpenReplica, openOnRedis, readAll, temporaryFolder, until, upsert } from './replicas.ts';

type Damage = (server: RedisServer, bytes: () => Buffer, log: string) => Promise<unknown>;

/** A snapshot whenever there is anything in the log, and a log that is trimmed at once. */
const timing = { snapshotMinimumBytes: 1, newLogKeepMilliseconds: 0, leaseMilliseconds: 1_000 };

const damages: Readonly<Record<string, Damage>> = {
  'the mark of the head': ({ client }, bytes) => client.hset('{test}:log', 'mark', bytes()),
  'the position of the head': ({ client }, bytes) => client.hset('{test}:log', 'position', bytes()),
  'the id of the head': ({ client }, bytes) => client.hset('{test}:log', 'id', bytes()),
  'all of the head': ({ client }, bytes) =>
    client.hset('{test}:log', { id: bytes(), position: bytes(), mark: bytes() }),
  'last numbers by origin': async ({ client }, bytes) => {
    for (const origin of await client.hkeys('{test}:origins')) await client.hset('{test}:origins', origin, bytes());
  },
  'no last numbers at all': ({ client }) => client.del('{test}:origins'),
  'an origin that is none': ({ client }, bytes) => client.hset('{test}:origins', bytes(), bytes()),
  'the manifest': ({ client }, bytes) => client.hset('{test}:snapshot', 'manifest', bytes()),
  'the name of the generation': ({ client }, bytes) => client.hset('{test}:snapshot', 'generation', bytes()),
  'no manifest at all': ({ client }) => client.del('{test}:snapshot'),
  'the chunks': async ({ client }, bytes) => {
    for (const chunk of await client.keys('test:snapshot:*')) await client.set(chunk, bytes());
  },
  'no chunks at all': async ({ client }) => {
    for (const chunk of await client.keys('test:snapshot:*')) await client.del(chunk);
  },
  'the list of generations': ({ client }, bytes) => client.hset('{test}:snapshots', bytes(), bytes()),
  'the lease of who writes snapshots': ({ client }, bytes) => client.set('{test}:lease:snapshot', bytes()),
  'the lease of who heals': ({ client }, bytes) => client.set('{test}:lease:heal', bytes()),
  'what keeps a log': ({ client }, bytes) => client.set('{test}:lease:keep', bytes()),
  'the first entry of the log': (server, bytes, log) => rewriteEntry(server, log, () => 0, bytes),
  'the last entry of the log': (server, bytes, log) => rewriteEntry(server, log, (count) => count - 1, bytes),
  'messages on the channels': async ({ client }, bytes) => {
    for (const channel of await client.pubsub('CHANNELS', '*')) await client.publish(String(channel), bytes());
  },
};

/** A stream takes no id again: all entries are written anew. */
async function rewriteEntry(
  { client }: RedisServer,
  log: string,
  which: (count: number) => number,
  bytes: () => Buffer,
) {
  const stream = `{test}:log:${log}`;
  const entries = await client.xrangeBuffer(stream, '-', '+');
  await client.del(stream);
  for (const [at, [id, [, entry]]] of entries.entries())
    await client.xadd(stream, id, 'entry', at === which(entries.length) ? bytes() : (entry ?? bytes()));
}

const kinds: Readonly<Record<string, () => Buffer>> = {
  'no bytes': () => Buffer.alloc(0),
  'a few bytes': () => randomBytes(randomInt(1, 40)),
  'many bytes': () => randomBytes(5_000),
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

      for (const [where, damage] of Object.entries(damages)) {
        const log = a.replica.status.version[0]?.log ?? '';
        await upsert(a, 'cars', { _id: `before ${where}` });
        await damage(redis, bytes, log);
        await write(a, `${where} by a`);
        await write(b, `${where} by b`);
        for (const id of [`before ${where}`, `${where} by a`, `${where} by b`]) written[id] = {};

        await until(
          () => [a, b].every((one) => isWell(one)),
          `both go on after bad bytes in ${where}: ${problemsOf(a, b)}`,
        );
        await until(
          () => [a, b].every((one) => Object.keys(readAll(one, 'cars')).length === Object.keys(written).length),
          `both have all after bad bytes in ${where}`,
        );
        await using fresh = await open('c');
        // Before an entry that does not decode it waits for a snapshot past it, which the others write.
        await until(
          () => Object.keys(readAll(fresh, 'cars')).length >= Object.keys(written).length,
          `a fresh one has all after ${where}`,
        );
        expect(readAll(fresh, 'cars')).toEqual(written);
      }
      expect([readAll(a, 'cars'), readAll(b, 'cars')]).toEqual([written, written]);
      expect(a.replica.counters.malformedMessages).toBeGreaterThan(0);
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
