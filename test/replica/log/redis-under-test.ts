/** The adapters on Redis, as the contract suites ask for them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openRedisSite } from '../../../replica/redis/site.ts';
import type { RedisServer } from '../../servers/redis.ts';
import { connected, quiet } from '../redis/sites.ts';
import type { LogUnderTest } from './contract.ts';
import type { SnapshotsUnderTest } from './snapshots-contract.ts';
import { batch } from './transactions.ts';

/** Where a site of the tests is. */
export interface Place {
  readonly url: string;
  readonly namespace: string;
  /** The server that has the site's log. */
  owner(): Promise<RedisServer>;
  /** Called after it was restarted; resolves when it takes writes. */
  restarted(): Promise<void>;
  close(): Promise<void>;
}

async function openTwo({ url, namespace }: Place) {
  const open = () => openRedisSite({ url, namespace, logger: quiet });
  const [one, other] = [open(), open()];
  await Promise.all([connected(one.log), connected(other.log)]);
  const close = async () => {
    await one.close();
    await other.close();
  };
  return { one, other, close };
}

export async function logUnderTest(place: Place): Promise<LogUnderTest> {
  const { one, other, close } = await openTwo(place);
  return {
    log: one.log,
    another: other.log,
    async appendAndKill(log, appended) {
      const head = await one.log.head();
      if (head?.log !== log) throw new Error('another log');
      await one.log.append(batch(...appended), head, 'secret', () => []);
      const owner = await place.owner();
      await owner.kill();
      await owner.restart();
      await place.restarted();
      await close();
      // The place is closed by who asked for this.
      return await logUnderTest({ ...place, close: async () => undefined });
    },
    async [Symbol.asyncDispose]() {
      await close();
      await place.close();
    },
  };
}

export async function snapshotsUnderTest(place: Place): Promise<SnapshotsUnderTest> {
  const { one, other, close } = await openTwo(place);
  return {
    log: one.log,
    snapshots: one.snapshots,
    another: other.snapshots,
    // A server's clock is its machine's.
    pass: async (milliseconds) => void (await sleep(milliseconds)),
    async damageManifest(bytes) {
      const { client } = await place.owner();
      await client.hset(`{${place.namespace}}:snapshot`, 'manifest', Buffer.from(bytes));
    },
    async [Symbol.asyncDispose]() {
      await close();
      await place.close();
    },
  };
}
