import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DocumentNotFoundError } from '../../../errors.ts';
import type { Filter } from '../../../replica/query/filters/filter.ts';
import type { DocumentWriter } from '../../../replica/transaction.ts';
import { startProxy } from '../../servers/proxy.ts';
import { startRedis } from '../../servers/redis.ts';
import { eventually } from '../../servers/wait.ts';
import { KeptCopy } from '../kept-copy.ts';
import { type OpenReplica, openEmbedded, openOnRedis, temporaryFolder } from '../replicas.ts';

const isCounter = (path: readonly string[]) => path[0] === 'views';

type Write =
  | { readonly kind: 'upsert'; readonly id: string; readonly n: number }
  | { readonly kind: 'removeField' | 'increment' | 'remove' | 'evict'; readonly id: string };

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('upsert' as const), id, n: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('removeField' as const, 'increment' as const), id }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('evict' as const), id }) },
);

/** One transaction a document each, or the client reads a page. */
type Step =
  | { readonly kind: 'write'; readonly at: number; readonly writes: readonly Write[] }
  | { readonly kind: 'page'; readonly at: number; readonly copy: number; readonly first: number }
  | { readonly kind: 'restart'; readonly at: number };

const at = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      at,
      writes: fc.uniqueArray(write, { minLength: 1, maxLength: 5, selector: (one) => one.id }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('page' as const),
      at,
      copy: fc.nat(2),
      first: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), at }) },
);

const filters: readonly (Filter | undefined)[] = [
  undefined,
  { kind: 'gt', path: ['n'], value: 2 },
  { kind: 'exists', path: ['n'], value: false },
];

function carryOut(writer: DocumentWriter, collection: string, one: Write): readonly [] {
  const isThere = writer.get(collection, one.id) !== undefined;
  if (one.kind === 'upsert') writer.upsert(collection, one.id, { n: one.n }, 'MERGE', isCounter);
  else if (one.kind === 'remove') writer.remove(collection, one.id);
  else if (one.kind === 'evict') writer.evict(collection, one.id);
  else if (isThere && one.kind === 'removeField')
    writer.update(collection, one.id, [{ kind: 'remove', path: ['n'] }], isCounter);
  else if (isThere) writer.update(collection, one.id, [{ kind: 'increment', path: ['views'], by: 1 }], isCounter);
  return [];
}

async function commit({ replica }: OpenReplica, collection: string, writes: readonly Write[]): Promise<void> {
  const transaction = replica.begin();
  try {
    for (const one of writes) transaction.request((writer) => carryOut(writer, collection, one));
    await replica.commit(transaction);
  } catch (error) {
    // A document of which the last field was removed is not there any more.
    if (!(error instanceof DocumentNotFoundError)) throw error;
  } finally {
    transaction.close();
  }
}

interface Site {
  readonly replicas: OpenReplica[];
  open(at: number): Promise<OpenReplica>;
}

async function play(site: Site, collection: string, steps: readonly Step[]): Promise<void> {
  const copies = filters.map((filter) => new KeptCopy(collection, filter));
  const replicaAt = (at: number): OpenReplica => {
    const replica = site.replicas[at % site.replicas.length];
    if (replica === undefined) throw new Error('a site has a replica');
    return replica;
  };
  for (const one of steps) {
    if (one.kind === 'write') await commit(replicaAt(one.at), collection, one.writes);
    else if (one.kind === 'page') await copies[one.copy]?.readPage(replicaAt(one.at), one.first);
    else {
      const index = one.at % site.replicas.length;
      await replicaAt(one.at).close();
      site.replicas[index] = await site.open(index);
    }
  }
  for (const replica of site.replicas) {
    for (const copy of copies) {
      await copy.readAll(replica, 2);
      expect(copy.has).toEqual(copy.shouldHave(replica));
    }
  }
}

describe('changes', () => {
  it('L51, L52, L53: a client that pages through them at random moments ends with what a query gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        await using folder = await temporaryFolder();
        const open = () => openEmbedded(folder.path);
        const site = { replicas: [await open()], open };
        try {
          await play(site, 'cars', steps);
        } finally {
          for (const replica of site.replicas) await replica.close();
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('L50, L51: so does one that goes from replica to replica, which begin anew from snapshots and disks', async () => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    const timing = { snapshotMinimumBytes: 1, newLogKeepMilliseconds: 0, leaseMilliseconds: 500, keepMilliseconds: 50 };
    const open = (at: number) =>
      openOnRedis({ url: redis.url, name: `r${at}`, path: at === 0 ? folder.path : undefined, timing });
    const site = { replicas: [await open(0), await open(1)], open };
    let runs = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
          runs += 1;
          await play(site, `cars${runs}`, steps);
        }),
        { numRuns: 20, endOnFailure: true },
      );
    } finally {
      for (const replica of site.replicas) await replica.close();
    }
  }, 120_000);

  it('L52, L53: so does one that reads while its replica is cut off, and after the log was lost and healed', async () => {
    await using redis = await startRedis();
    await using proxy = await startProxy(redis);
    await using folder = await temporaryFolder();
    const url = `redis://127.0.0.1:${proxy.port}`;
    await using a = await openOnRedis({ url, name: 'a', path: folder.path });
    await using b = await openOnRedis({ url: redis.url, name: 'b', path: undefined });
    const copies = filters.map((filter) => new KeptCopy('cars', filter));
    const check = async (replica: OpenReplica) => {
      for (const copy of copies) {
        await copy.readAll(replica, 2);
        expect(copy.has).toEqual(copy.shouldHave(replica));
      }
    };
    const upserts = (...ids: readonly string[]) => ids.map((id): Write => ({ kind: 'upsert', id, n: 3 }));
    await commit(b, 'cars', upserts('a', 'b', 'c'));
    await a.replica.waitFor(b.replica.token, 5_000);
    await check(a);

    proxy.cut();
    await eventually('a is cut off', () => !a.replica.status.connected);
    await commit(a, 'cars', upserts('d', 'a'));
    await commit(a, 'cars', [{ kind: 'remove', id: 'b' }]);
    await commit(b, 'cars', [...upserts('e'), { kind: 'removeField', id: 'c' }]);
    await check(a);
    await check(a);
    expect(copies.map(({ initial }) => initial)).toEqual([1, 1, 1]);

    proxy.heal();
    await eventually('a has handed all on', () => a.replica.status.connected && a.replica.status.unsent === 0);
    await b.replica.waitFor(a.replica.token, 10_000);
    await check(b);
    expect(copies.map(({ initial }) => initial)).toEqual([1, 1, 1]);

    await redis.wipe();
    const logOf = ({ replica }: OpenReplica) => replica.status.version[0]?.log;
    const lost = logOf(a);
    await eventually('both are in a new log', () => logOf(a) !== lost && logOf(a) === logOf(b));
    await check(a);
    await eventually('b takes part', () => b.replica.status.connected);
    await commit(b, 'cars', [{ kind: 'remove', id: 'a' }]);
    await a.replica.waitFor(b.replica.token, 10_000);
    await check(a);
    expect(copies.map(({ initial }) => initial)).toEqual([2, 2, 2]);
  }, 60_000);
});
