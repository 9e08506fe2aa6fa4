/** Whole replicas on a real Redis Cluster: what they wrote while the slot of their keys moved is there, once. */
import { expect, it } from 'vitest';
import { startRedisCluster } from '../servers/redis-cluster.ts';
import { eventually } from '../servers/wait.ts';
import { type OpenReplica, openOnRedis, read, temporaryFolder, update, upsert } from './replicas.ts';

const increment = { kind: 'increment', path: ['n'], by: 1 } as const;
const timing = { snapshotMinimumBytes: 1, newLogKeepMilliseconds: 0 };
const isWell = ({ replica }: OpenReplica) => replica.status.connected && replica.status.unsent === 0;

it('P61: replicas that write while the slot of their keys moves lose nothing, and count nothing twice', async () => {
  await using cluster = await startRedisCluster();
  await using folderOfA = await temporaryFolder();
  await using folderOfB = await temporaryFolder();
  await using a = await openOnRedis({ url: cluster.url, name: 'a', path: folderOfA.path, timing });
  await using b = await openOnRedis({ url: cluster.url, name: 'b', path: folderOfB.path, timing });
  await b.replica.waitFor(await upsert(a, 'cars', { _id: 'x' }), 5_000);
  let written = 0;
  let isOver = false;
  const write = async (replica: OpenReplica) => {
    while (!isOver) {
      await update(replica, 'cars', 'x', increment);
      written += 1;
    }
  };
  const writing = [a, b].map(write);

  const places = new Set<number>();
  for (let time = 0; time < 3; time += 1) {
    const before = written;
    await cluster.moveSlot('{test}:log');
    places.add((await cluster.ownerOf('{test}:log')).port);
    await eventually('both are connected again', () => [a, b].every(isWell) && written > before + 10);
  }
  isOver = true;
  await Promise.all(writing);

  await eventually('all is handed on', () => [a, b].every(isWell));
  await using fresh = await openOnRedis({ url: cluster.url, name: 'c', path: undefined, timing });
  for (const one of [a, b, fresh]) {
    await eventually(
      'each is counted once',
      () => JSON.stringify(read(one, 'cars', 'x')) === JSON.stringify({ n: written }),
    );
  }
  expect(places.size).toBeGreaterThan(1);
}, 90_000);
