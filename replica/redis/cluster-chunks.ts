/**
 * Chunks of snapshots on all nodes of a cluster, by ioredis' own client for clusters: a chunk is one key, and each of the
 * commands may be done twice. Connected at the first chunk; a node that answers nothing is dropped as P11 has it, if later:
 * chunks are large.
 */
import { Cluster } from 'ioredis';
import { LogUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { RedisAddress } from './address.ts';
import { type Chunks, chunksOn } from './chunks.ts';
import { given } from './connector.ts';

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
  let connecting: Promise<void> | undefined;
  const client = async () => {
    if (cluster.status === 'wait') connecting = cluster.connect().catch(() => undefined);
    await connecting;
    if (cluster.status !== 'ready') throw new LogUnavailableError('the nodes of the cluster cannot be reached', true);
    return cluster;
  };
  return chunksOn(client, () => cluster.disconnect());
}
