/**
 * P63. Puts right what stands beside the log where it does not decode: the head, from the log's last entry; the last numbers
 * by origin, from the snapshot and the entries since. All that is taken for this was checked when it was read; what is
 * written is what an append would have written, and only while what was found is still there.
 */
import { MalformedBytesError, UnknownFormatError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Head, LogId, Origin } from '../crdt/version.ts';
import { decodeEntry, isLogId } from '../log/entry.ts';
import type { LogEntry } from '../log/log.ts';
import { decodeManifest } from '../log/manifest.ts';
import type { Generation } from '../log/snapshots.ts';
import type { Connection } from './connection.ts';
import { orUnavailable } from './errors.ts';
import type { Keys } from './keys.ts';

/**
 * @param known where the log was seen to end: for its id, and its end where no entry is left
 * @param followed for the id of a log that was not seen to end; where that is not known either, the snapshot names it
 * @returns whether it was put right: there was something to put right, and what that takes
 * @throws {LogUnavailableError}
 */
export async function mendHead(
  keys: Keys,
  { redis }: Connection,
  known: Head | undefined,
  followed?: LogId,
): Promise<boolean> {
  const found = await orUnavailable(redis.hmgetBuffer(keys.log, 'id', 'position', 'mark'));
  const stored = String(found[0] ?? '');
  const begins = (await generationsOf(keys, redis)).map(({ begin }) => begin);
  const log = isLogId(stored) ? stored : (known?.log ?? followed ?? begins[0]?.log);
  if (log === undefined || found.every((field) => field === null)) return false;
  const end = await endOf(keys, redis, log, known === undefined ? begins : [known, ...begins]);
  if (end === undefined) return false;
  if (stored === end.log && String(found[1]) === `${end.position}` && String(found[2]) === end.mark) return false;
  const as = found.map((field) => field ?? '');
  return (await orUnavailable(redis.tidelineMendHead(keys.log, ...as, end.log, end.position, end.mark))) === 1;
}

async function endOf(
  keys: Keys,
  redis: Connection['redis'],
  log: LogId,
  mayEnd: readonly Head[],
): Promise<Head | undefined> {
  const [last] = await orUnavailable(redis.xrevrangeBuffer(keys.stream(log), '+', '-', 'COUNT', 1));
  if (last !== undefined) {
    const entry = ifItDecodes(() => decodeEntry(last[1][1] ?? Buffer.alloc(0)));
    if (entry?.log !== log || String(last[0]) !== `${entry.last}-0`) return undefined;
    return { log, position: entry.last, mark: entry.mark };
  }
  const ends = mayEnd.filter((end) => end.log === log);
  if (ends.length === 0) return undefined;
  // Trimming leaves a stream in place: in this log there was never anything.
  if ((await orUnavailable(redis.exists(keys.stream(log)))) === 0) return ends.find(({ position }) => position === 0);
  // It was trimmed to nothing: the stream knows the position of its last entry still, and its mark stands elsewhere.
  const about = await orUnavailable(redis.xinfo('STREAM', keys.stream(log)));
  const fields: readonly unknown[] = Array.isArray(about) ? about : [];
  const lastId = String(fields[fields.indexOf('last-generated-id') + 1]);
  return ends.find(({ position }) => `${position}-0` === lastId);
}

/**
 * @param read the log's entries after a position, as Log.read
 * @returns whether they were put right
 * @throws {LogReplacedError} @throws {MalformedBytesError} @throws {UnknownFormatError} the log does not say them
 * @throws {LogUnavailableError}
 */
export async function mendOrigins(
  keys: Keys,
  { redis }: Connection,
  head: Head,
  read: (after: number, limit: number) => Promise<readonly LogEntry[]>,
): Promise<boolean> {
  const generation = (await generationsOf(keys, redis)).find(({ begin }) => begin.log === head.log);
  const origins = new Map<Origin, number>(generation?.origins);
  let position = generation?.begin.position ?? 0;
  while (position < head.position) {
    const entries = await read(position, limits.readEntries);
    if (entries.length === 0) break;
    for (const { origin, lastNumber, last } of entries) {
      origins.set(origin, Math.max(lastNumber, origins.get(origin) ?? 0));
      position = last;
    }
  }
  if (position !== head.position) return false;
  const { log, mark } = head;
  const numbers = [...origins].flat();
  return (await orUnavailable(redis.tidelineMendOrigins(keys.log, keys.origins, log, position, mark, numbers))) === 1;
}

/** Newest first; none where the manifest does not decode. */
async function generationsOf(keys: Keys, redis: Connection['redis']): Promise<readonly Generation[]> {
  const bytes = await orUnavailable(redis.hgetBuffer(keys.manifest, 'manifest'));
  const manifest = bytes && ifItDecodes(() => decodeManifest(bytes));
  return manifest ? [manifest.generation, ...(manifest.before ? [manifest.before] : [])] : [];
}

function ifItDecodes<Value>(decode: () => Value): Value | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MalformedBytesError || error instanceof UnknownFormatError) return undefined;
    throw error;
  }
}
