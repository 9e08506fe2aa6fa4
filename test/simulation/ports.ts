/** The ports of a replica, over a connection to the simulated Redis. */
import { limits } from '../../limits.ts';
import type { Gossip } from '../../replica/gossip/gossip.ts';
import type { Log } from '../../replica/log/log.ts';
import type { Snapshots } from '../../replica/log/snapshots.ts';
import type { Connection } from './connection.ts';
import type { SimulatedRedis } from './redis.ts';

/** A read that nobody answers ends with its connection, which falls silent long before the deadline of a read. */
const silentReadMilliseconds = limits.redisSilenceMilliseconds + limits.redisProbeMilliseconds;

export function logOver(connection: Pick<Connection, 'request' | 'watch'>): Log {
  const write = <Answer>(perform: (redis: SimulatedRedis) => Answer) =>
    connection.request(limits.appendDeadlineMilliseconds, perform);
  const read = <Answer>(perform: (redis: SimulatedRedis) => Answer) =>
    connection.request(silentReadMilliseconds, perform);
  return {
    storage: 'REDIS',
    problem: undefined,
    head: () => read((redis) => redis.head()),
    create: (log, keepMilliseconds = 0) => write((redis) => redis.create(log, keepMilliseconds)),
    append: (transactions, seen, secret) => write((redis) => redis.append(transactions, seen, secret)),
    read: (log, after, limit) => read((redis) => redis.read(log, after, limit)),
    loadStates: async () => undefined,
    origins: () => read((redis) => redis.origins()),
    claimOrigin: (claim) => write((redis) => redis.claim(claim)),
    watchConnection: (changed) => connection.watch(changed),
    close: async () => {},
  };
}

/** Each method one request; deleting and making permanent one a chunk, many at once, as on Redis: they may be cut short. */
export function snapshotsOver(connection: Pick<Connection, 'request'>): Snapshots {
  const write = <Answer>(perform: (redis: SimulatedRedis) => Answer) =>
    connection.request(limits.appendDeadlineMilliseconds, perform);
  const read = <Answer>(perform: (redis: SimulatedRedis) => Answer) =>
    connection.request(silentReadMilliseconds, perform);
  return {
    manifest: () => read(({ snapshots }) => snapshots.manifest()),
    list: (generation, lease) => write(({ snapshots }) => snapshots.list(generation, lease)),
    putChunk: (generation, index, bytes, keepMilliseconds) =>
      write(({ snapshots }) => snapshots.putChunk(generation, index, bytes, keepMilliseconds)),
    makePermanent: ({ name, chunks }) =>
      ofEach(chunks, (index) => write(({ snapshots }) => snapshots.makePermanent(name, index))),
    name: (manifest, seen, lease) => write(({ snapshots }) => snapshots.name(manifest, seen, lease)),
    trim: (upTo, generation, seen) => write(({ snapshots }) => snapshots.trim(upTo, generation, seen)),
    async delete({ name, chunks }) {
      await ofEach(chunks, async (index) => {
        await write(({ snapshots }) => snapshots.deleteChunk(name, index));
        return true;
      });
      await write(({ snapshots }) => snapshots.unlist(name));
    },
    prepareLog: (entries, keepMilliseconds) => write((redis) => redis.prepareLog(entries, keepMilliseconds)),
    beginLog: (beginning, lease) => write((redis) => redis.beginLog(beginning, lease)),
    readChunk: (generation, index) => read(({ snapshots }) => snapshots.readChunk(generation, index)),
    takeLease: (kind, token, milliseconds) => write(({ snapshots }) => snapshots.takeLease(kind, token, milliseconds)),
    renewLease: (kind, token, milliseconds) =>
      write(({ snapshots }) => snapshots.renewLease(kind, token, milliseconds)),
    releaseLease: (kind, token) => write(({ snapshots }) => snapshots.releaseLease(kind, token)),
  };
}

export function gossipOver(connection: Connection): Gossip {
  return {
    subscribe: (handlers) => connection.subscribe(handlers),
    sendHeartbeat: (bytes) => connection.sendHeartbeat(bytes),
  };
}

/** @returns false where one was false: those after it were not tried */
async function ofEach(chunks: number, one: (index: number) => Promise<boolean>): Promise<boolean> {
  for (let first = 0; first < chunks; first += limits.chunkCommandsAtOnce) {
    const count = Math.min(limits.chunkCommandsAtOnce, chunks - first);
    const done = await Promise.all(Array.from({ length: count }, (_, at) => one(first + at)));
    if (done.includes(false)) return false;
  }
  return true;
}
