/** The ports of a replica, over a connection to the simulated Redis. */
import { limits } from '../../limits.ts';
import type { Gossip } from '../../replica/gossip/gossip.ts';
import type { Log } from '../../replica/log/log.ts';
import type { Connection } from './connection.ts';
import type { SimulatedRedis } from './redis.ts';

/** A read that nobody answers ends with its connection, which falls silent long before the deadline of a read. */
const silentReadMilliseconds = limits.redisSilenceMilliseconds + limits.redisProbeMilliseconds;

export function logOver(connection: Pick<Connection, 'request' | 'watch'>, redis: SimulatedRedis): Log {
  const write = <Answer>(perform: () => Answer) => connection.request(limits.appendDeadlineMilliseconds, perform);
  const read = <Answer>(perform: () => Answer) => connection.request(silentReadMilliseconds, perform);
  return {
    storage: 'REDIS',
    head: () => read(() => redis.head()),
    create: (log) => write(() => redis.create(log)),
    append: (transactions, seen, secret) => write(() => redis.append(transactions, seen, secret)),
    read: (log, after, limit) => read(() => redis.read(log, after, limit)),
    loadStates: async () => undefined,
    origins: () => read(() => redis.origins()),
    claimOrigin: (claim) => write(() => redis.claim(claim)),
    watchConnection: (changed) => connection.watch(changed),
    close: async () => {},
  };
}

export function gossipOver(connection: Connection): Gossip {
  return {
    subscribe: (handlers) => connection.subscribe(handlers),
    sendHeartbeat: (bytes) => connection.sendHeartbeat(bytes),
  };
}
