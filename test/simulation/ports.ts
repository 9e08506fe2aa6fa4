/** The ports of a replica, over a connection to the simulated Redis. */
import { limits } from '../../limits.ts';
import type { Gossip } from '../../replica/gossip/gossip.ts';
import type { Log } from '../../replica/log/log.ts';
import type { Snapshots } from '../../replica/log/snapshots.ts';
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
    create: (log, keepMilliseconds = 0) => write(() => redis.create(log, keepMilliseconds)),
    append: (transactions, seen, secret) => write(() => redis.append(transactions, seen, secret)),
    read: (log, after, limit) => read(() => redis.read(log, after, limit)),
    loadStates: async () => undefined,
    origins: () => read(() => redis.origins()),
    claimOrigin: (claim) => write(() => redis.claim(claim)),
    watchConnection: (changed) => connection.watch(changed),
    close: async () => {},
  };
}

/** Each method one request: deleting and making permanent may be cut short in a real one, which each step alone shows. */
export function snapshotsOver(connection: Pick<Connection, 'request'>, redis: SimulatedRedis): Snapshots {
  const { snapshots } = redis;
  const write = <Answer>(perform: () => Answer) => connection.request(limits.appendDeadlineMilliseconds, perform);
  const read = <Answer>(perform: () => Answer) => connection.request(silentReadMilliseconds, perform);
  return {
    manifest: () => read(() => snapshots.manifest()),
    list: (generation, lease) => write(() => snapshots.list(generation, lease)),
    putChunk: (generation, index, bytes, keepMilliseconds) =>
      write(() => snapshots.putChunk(generation, index, bytes, keepMilliseconds)),
    async makePermanent({ name, chunks }) {
      for (let index = 0; index < chunks; index += 1)
        if (!(await write(() => snapshots.makePermanent(name, index)))) return false;
      return true;
    },
    name: (manifest, seen, lease) => write(() => snapshots.name(manifest, seen, lease)),
    trim: (upTo, generation, seen) => write(() => snapshots.trim(upTo, generation, seen)),
    async delete({ name, chunks }) {
      for (let index = 0; index < chunks; index += 1) await write(() => snapshots.deleteChunk(name, index));
      await write(() => snapshots.unlist(name));
    },
    prepareLog: (entries, keepMilliseconds) => write(() => redis.prepareLog(entries, keepMilliseconds)),
    beginLog: (beginning, lease) => write(() => redis.beginLog(beginning, lease)),
    readChunk: (generation, index) => read(() => snapshots.readChunk(generation, index)),
    takeLease: (kind, token, milliseconds) => write(() => snapshots.takeLease(kind, token, milliseconds)),
    renewLease: (kind, token, milliseconds) => write(() => snapshots.renewLease(kind, token, milliseconds)),
    releaseLease: (kind, token) => write(() => snapshots.releaseLease(kind, token)),
  };
}

export function gossipOver(connection: Connection): Gossip {
  return {
    subscribe: (handlers) => connection.subscribe(handlers),
    sendHeartbeat: (bytes) => connection.sendHeartbeat(bytes),
  };
}
