/** Sites on Redis, for the tests of their adapters. */
import { LogUnavailableError } from '../../../errors.ts';
import type { Head } from '../../../replica/crdt/version.ts';
import type { Logger } from '../../../replica/environment/logger.ts';
import type { Gossip } from '../../../replica/gossip/gossip.ts';
import type { Log } from '../../../replica/log/log.ts';
import type { RedisSite } from '../../../replica/redis/site.ts';
import type { RedisServer } from '../../servers/redis.ts';
import { eventually } from '../../servers/wait.ts';
import { batch, transactions } from '../log/transactions.ts';

export const quiet: Logger = { info: () => {}, warn: () => {}, error: () => {} };

/** Resolves when the connection is as asked for: at once, or when it becomes so. */
export async function connected(log: Log, asked = true): Promise<void> {
  await new Promise<void>((become) => {
    const watch: Disposable = log.watchConnection((now) => {
      if (now !== asked) return;
      become();
      queueMicrotask(() => watch[Symbol.dispose]());
    });
  });
}

/** Subscribes, and notes what is heard from then on. */
export async function listen(gossip: Gossip) {
  const heard: string[] = [];
  const subscription = await gossip.subscribe({
    isKnown: () => false,
    received: ({ origin, first, last }) => heard.push(`${origin} ${first}-${last}`),
    heartbeat: (bytes) => heard.push(`heartbeat ${Buffer.from(bytes)}`),
    malformed: (problem) => heard.push(`malformed: ${problem}`),
    interrupted: () => heard.push('interrupted'),
  });
  heard.length = 0;
  return { heard, subscription };
}

/** Appends transactions of `a.x`, again and again while it is refused. @returns how many entries it made */
export async function appendAtLast(log: Log, seen: Head, first: number, last: number): Promise<number> {
  let made = 0;
  await eventually(`${first} to ${last} are appended`, async () => {
    try {
      made = (await log.append(batch(...transactions('a.x', first, last)), seen, 'secret', () => [])).length;
      return true;
    } catch (error) {
      if (error instanceof LogUnavailableError) return false;
      throw error;
    }
  });
  return made;
}

/** Positions at which entries end, once they can be read. */
export async function positionsAtLast(log: Log): Promise<readonly number[]> {
  let found: readonly number[] = [];
  await eventually('the log can be read', async () => {
    found = (await log.read('log', 0, 10).catch(() => [])).map(({ last }) => last);
    return found.length > 0;
  });
  return found;
}

/** Resolves when a replica of the server has all that the server has now. */
export async function replicated({ client }: RedisServer): Promise<void> {
  // WAIT is about the writes of its own connection.
  await client.set('{test}:nothing', '', 'PX', 1);
  if ((await client.wait(1, 10_000)) !== 1) throw new Error('no replica follows');
}

/** Resolves when heartbeats of a site are heard: messages that came while a subscription was being made anew are lost. */
export async function hearing({ gossip }: RedisSite, heard: readonly string[]): Promise<void> {
  await eventually('heartbeats are heard', () => {
    gossip.sendHeartbeat(Buffer.from('alive'));
    return heard.includes('heartbeat alive');
  });
}
