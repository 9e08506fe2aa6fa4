/** Whole replicas on a master that sentinels watch: what it had, and the replica that takes over had not, is there again. */
import { expect, it } from 'vitest';
import { startSentinelSite } from '../servers/redis-sentinel.ts';
import { eventually } from '../servers/wait.ts';
import { type OpenReplica, openOnRedis, read, temporaryFolder, update, upsert } from './replicas.ts';

const increment = { kind: 'increment', path: ['n'], by: 1 } as const;
const isWell = ({ replica }: OpenReplica) =>
  replica.status.connected && replica.status.unsent === 0 && replica.status.problem === undefined;
const counted = (replica: OpenReplica) => JSON.stringify(read(replica, 'cars', 'x'));

it('P47, P60: a failover to a follower that is behind takes back nothing that a running replica had', async () => {
  await using sentinels = await startSentinelSite();
  await using folder = await temporaryFolder();
  await using a = await openOnRedis({ url: sentinels.url, name: 'a', path: folder.path });
  await using b = await openOnRedis({ url: sentinels.url, name: 'b', path: undefined });
  await b.replica.waitFor(await upsert(a, 'cars', { _id: 'x' }), 5_000);
  for (let time = 0; time < 10; time += 1) await update(a, 'cars', 'x', increment);

  sentinels.replica.pause();
  for (let time = 0; time < 10; time += 1) {
    await update(a, 'cars', 'x', increment);
    await update(b, 'cars', 'x', increment);
  }
  await sentinels.master.kill();
  sentinels.replica.resume();
  for (let time = 0; time < 10; time += 1) await update(a, 'cars', 'x', increment);

  await eventually('both are well again', () => [a, b].every(isWell), 40_000);
  expect(await sentinels.masterPort()).toBe(sentinels.replica.port);
  await eventually('both count all', () => [a, b].every((one) => counted(one) === '{"n":40}'));
  await using fresh = await openOnRedis({ url: sentinels.url, name: 'c', path: undefined });
  await eventually('so does a fresh one', () => counted(fresh) === '{"n":40}');
}, 90_000);
