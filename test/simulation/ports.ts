/** The ports of a replica, over a connection to the simulated Redis. */
import { LogUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Gossip } from '../../replica/gossip/gossip.ts';
import { type FormatRange, firstFormat } from '../../replica/log/formats.ts';
import type { Log } from '../../replica/log/log.ts';
import type { Snapshots } from '../../replica/log/snapshots.ts';
import { formerGossip, formerLog } from '../replica/former-version.ts';
import type { Connection } from './connection.ts';
import type { SimulatedRedis } from './redis.ts';

/** A read that nobody answers ends with its connection, which falls silent long before the deadline of a read. */
const silentReadMilliseconds = limits.redisSilenceMilliseconds + limits.redisProbeMilliseconds;

export function logOver(connection: Pick<Connection, 'request' | 'watch'>): Log {
  const write = <Answer>(perform: (redis: SimulatedRedis) => Answer) =>
    connection.request(limits.appendDeadlineMilliseconds, perform);
  const read = <Answer>(perform: (redis: SimulatedRedis) => Answer) =>
    connection.request(silentReadMilliseconds, perform);
  let format = firstFormat;
  /** What an answer says of the format is known once it is here. */
  const saying = async <Answer>(answer: Promise<{ readonly answer: Answer; readonly format: number }>) => {
    const given = await answer;
    format = given.format;
    return given.answer;
  };
  return {
    storage: 'REDIS',
    problem: undefined,
    get format() {
      return format;
    },
    head: () => saying(read((redis) => ({ answer: redis.head(), format: redis.format }))),
    create: (log, keepMilliseconds = 0) => write((redis) => redis.create(log, keepMilliseconds)),
    append: async (batch, seen, secret) => {
      const appended = await write((redis) =>
        batch.format === redis.format ? redis.append(batch, seen, secret) : redis.format,
      );
      if (typeof appended !== 'number') return appended;
      format = appended;
      throw new LogUnavailableError('Redis: the site is written in another format', true);
    },
    read: (log, after, limit) =>
      saying(read((redis) => ({ answer: redis.read(log, after, limit), format: redis.format }))),
    loadStates: async () => undefined,
    origins: () => read((redis) => redis.origins()),
    raiseFormat: (log, to) => write((redis) => redis.raiseFormat(log, to)),
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

/** @param reads what the version reads; one that reads the first format of a site alone does not decode others */
export function portsOver(connection: Connection, reads: FormatRange) {
  const [log, gossip] = [logOver(connection), gossipOver(connection)];
  const isFormer = reads[1] === firstFormat;
  return {
    reads,
    log: isFormer ? formerLog(log) : log,
    snapshots: snapshotsOver(connection),
    gossip: isFormer ? formerGossip(gossip) : gossip,
  };
}
