/**
 * A site on Redis: the only code that opens connections to Redis. Opens at once, and reconnects for as long as Redis is
 * away.
 */
import { limits } from '../../limits.ts';
import type { Logger } from '../environment/logger.ts';
import type { Channel } from '../gossip/channel.ts';
import type { Gossip } from '../gossip/gossip.ts';
import type { Log } from '../log/log.ts';
import type { Snapshots } from '../log/snapshots.ts';
import { RedisChannel } from './channel.ts';
import { chunksOn } from './chunks.ts';
import { openClusterChunks } from './cluster-chunks.ts';
import { describeAddress, parseRedisUrl } from './connection/address.ts';
import { Connection } from './connection/connection.ts';
import { serverFaults } from './connection/server-faults.ts';
import { Subscriber } from './connection/subscriber.ts';
import { RedisGossip } from './gossip.ts';
import { keysOf } from './keys.ts';
import { RedisLog } from './log.ts';
import { RedisSnapshots } from './snapshots.ts';

export interface RedisSiteOptions {
  /** In the format that replica/redis/connection/address.ts documents. */
  readonly url: string;
  readonly namespace: string;
  readonly logger: Logger;
}

export interface RedisSite {
  readonly log: Log;
  readonly snapshots: Snapshots;
  readonly gossip: Gossip;
  /** @param replicaId the id by which others address this replica */
  channel(replicaId: string): Channel;
  /** Idempotent. Pending commands fail with an unknown outcome. */
  close(): Promise<void>;
}

/** @throws {ConfigurationError} the URL is invalid */
export function openRedisSite({ url, namespace, logger }: RedisSiteOptions): RedisSite {
  const address = parseRedisUrl(url);
  const redis = describeAddress(address);
  const keys = keysOf(namespace, address.database);
  const watchers = new Set<(connected: boolean) => void>();
  let connected = false;
  /** The problems logged since the last connection. */
  const problemsLogged = new Set<string>();

  let lastProblem: string | undefined;

  const failed = (problem: string) => {
    lastProblem = problem;
    if (problemsLogged.has(problem)) return;
    problemsLogged.add(problem);
    logger.warn({ redis, problem }, 'not connected to Redis: retrying');
  };
  const connect = (role: string, commandTimeoutMilliseconds: number) =>
    new Connection({ address, key: keys.log, name: `tideline:${role}`, commandTimeoutMilliseconds, failed });

  const writer = connect('writer', limits.appendDeadlineMilliseconds);
  const reader = connect('reader', limits.readDeadlineMilliseconds);
  const follower = connect('follower', limits.appendDeadlineMilliseconds);
  const transfers = connect('transfers', limits.appendDeadlineMilliseconds);
  const connections = [writer, reader, follower, transfers];

  const update = () => {
    // A replica without its subscription is late, but not cut off: it can still read and write the log.
    const now = writer.ready && reader.ready;
    if (now === connected) return;
    connected = now;
    if (connected) {
      problemsLogged.clear();
      lastProblem = undefined;
      logger.info({ redis }, 'connected to Redis');
      void reader.redis.info().then(
        (info) => {
          for (const fault of serverFaults(info)) logger.warn({ redis }, fault);
        },
        () => undefined,
      );
    }
    for (const changed of watchers) changed(connected);
  };
  for (const connection of [writer, reader]) connection.watch(update);

  const chunks =
    address.kind === 'CLUSTER'
      ? openClusterChunks(address)
      : chunksOn(
          async () => reader.redis,
          () => undefined,
        );
  const followed = new Subscriber(follower);
  const transferred = new Subscriber(transfers);
  return {
    log: new RedisLog(keys, {
      writer,
      reader,
      problem: () =>
        connected ? undefined : `Redis at ${redis} cannot be used: ${lastProblem ?? 'no connection yet'}`,
      watch(changed) {
        watchers.add(changed);
        changed(connected);
        return { [Symbol.dispose]: () => void watchers.delete(changed) };
      },
    }),
    snapshots: new RedisSnapshots(keys, writer, reader, chunks),
    gossip: new RedisGossip(keys, writer, followed),
    channel: (replicaId) => new RedisChannel(keys, replicaId, reader, transferred),
    async close() {
      watchers.clear();
      chunks.close();
      for (const connection of connections) connection.close();
    },
  };
}
