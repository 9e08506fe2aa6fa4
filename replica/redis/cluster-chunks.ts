/**
 * Stores snapshot chunks on all nodes of a cluster, with ioredis' own cluster client: each chunk is one key, and all
 * commands are idempotent. Connects on first use. A silent node is dropped as in P11, but after a longer time, as
 * chunks are large.
 */
import { once } from 'node:events';
import { Cluster } from 'ioredis';
import { LogUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { type Chunks, chunksOn } from './chunks.ts';
import type { RedisAddress } from './connection/address.ts';
import { given } from './connection/connector.ts';

export function openClusterChunks({ hosts, credentials, tls }: RedisAddress): Chunks {
  const cluster = new Cluster([...hosts], {
    lazyConnect: true,
    enableOfflineQueue: false,
    slotsRefreshTimeout: limits.redisSilenceMilliseconds,
    clusterRetryStrategy: () => limits.redisRetryMilliseconds,
    clusterNodeRetryStrategy: () => limits.redisRetryMilliseconds,
    redisOptions: {
      ...given(credentials),
      ...(tls ? { tls: {} } : {}),
      connectionName: 'tideline:chunks',
      disableClientInfo: true,
      connectTimeout: limits.redisSilenceMilliseconds,
      commandTimeout: limits.readDeadlineMilliseconds,
      socketTimeout: limits.readDeadlineMilliseconds,
    },
  });
  cluster.on('error', () => undefined);
  const client = async () => {
    if (cluster.status === 'wait') cluster.connect().catch(() => undefined);
    if (cluster.status !== 'ready') await isReady(cluster);
    return cluster;
  };
  return chunksOn(client, () => cluster.disconnect());
}

/** @throws {LogUnavailableError} after a time-out, as the client's own promise may never settle */
async function isReady(cluster: Cluster): Promise<void> {
  const signal = AbortSignal.timeout(limits.appendDeadlineMilliseconds);
  try {
    await once(cluster, 'ready', { signal });
  } catch (error) {
    throw new LogUnavailableError('the nodes of the cluster cannot be reached', true, { cause: error });
  }
}
