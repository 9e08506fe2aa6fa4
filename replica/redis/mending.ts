/**
 * P63, P81. Repairs the keys beside the log that do not decode or do not match the log: the head, from the log's last
 * entry; the last numbers by origin, from the snapshot and the entries since then. The sources are verified when they
 * are read. A repair writes what an append would have written, and only if the damaged values are still the same.
 */
import { isUndecodable } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Head, LogId, Origin } from '../crdt/version.ts';
import { decodeEntry, markAtStart } from '../log/entry.ts';
import { isLogId } from '../log/ids.ts';
import type { LogEntry } from '../log/log.ts';
import { decodeManifest } from '../log/manifest.ts';
import type { Generation } from '../log/snapshots.ts';
import type { Connection } from './connection/connection.ts';
import { orUnavailable } from './connection/errors.ts';
import { parseHead, unlessOther } from './head.ts';
import type { Keys } from './keys.ts';

/**
 * @param known the last known end of the log: for its id, and for its position if no entry is left
 * @param followed the id of a log whose end is not known; if there is none either, the snapshot names the log
 * @returns whether something was repaired: it was damaged, and the sources sufficed
 * @throws {LogUnavailableError}
 */
export async function mendHead(
  keys: Keys,
  { redis }: Connection,
  known: Head | undefined,
  followed?: LogId,
): Promise<boolean> {
  const hash = await unlessOther(redis.hmgetBuffer(keys.log, 'id', 'position', 'mark'));
  const found = hash ?? [null, null, null];
  if (hash?.every((field) => field === null)) return false;
  const head = parseHead(found.map((field) => field && String(field)));
  const begins = (await generationsOf(keys, redis)).map(({ begin }) => begin);
  // If the head decodes, only an empty log may be restored from memory: another replica may know a later end.
  const isDecoded = typeof head === 'object';
  const mayEnd = known && (!isDecoded || known.position === 0) ? [...begins, known] : begins;
  for (const log of await idsOf(keys, redis, String(found[0] ?? ''), head, [known?.log, followed, begins[0]?.log])) {
    const end = await endOf(keys, redis, log, mayEnd);
    if (end === undefined) continue;
    if (isDecoded && head.log === end.log && head.position === end.position && head.mark === end.mark) return false;
    const as = found.map((field) => field ?? '');
    const mended = redis.tidelineMendHead(
      keys.log,
      keys.stream(log),
      hash ? 'hash' : 'other',
      ...as,
      end.log,
      end.position,
      end.mark,
      end.lastId,
    );
    return (await orUnavailable(mended)) === 1;
  }
  return false;
}

/** P81. The possible ids of the log: only the stored one, if a stream or the snapshot confirms it or the log is new. */
async function idsOf(
  keys: Keys,
  redis: Connection['redis'],
  stored: string,
  head: ReturnType<typeof parseHead>,
  others: readonly (LogId | undefined)[],
): Promise<Iterable<LogId>> {
  const known = others.filter((id) => id !== undefined);
  if (!isLogId(stored)) return new Set(known);
  const isNew = typeof head === 'object' && head.position === 0 && head.mark === markAtStart(stored);
  if (isNew || known.at(-1) === stored || (await orUnavailable(redis.exists(keys.stream(stored)))) === 1)
    return [stored];
  return new Set([...known, stored]);
}

interface End extends Head {
  /** The id of the stream's last entry; empty if there is none. */
  readonly lastId: string;
}

async function endOf(
  keys: Keys,
  redis: Connection['redis'],
  log: LogId,
  mayEnd: readonly Head[],
): Promise<End | undefined> {
  const ends = mayEnd.filter((end) => end.log === log);
  const withoutEntry = (end: Head | undefined) => end && { ...end, lastId: '' };
  if ((await orUnavailable(redis.exists(keys.stream(log)))) === 0) {
    // Trimming leaves an empty stream, so a log without a stream has never had an entry.
    return ends.some(({ position }) => position > 0) ? undefined : withoutEntry(ends[0]);
  }
  const [last] = await orUnavailable(redis.xrevrangeBuffer(keys.stream(log), '+', '-', 'COUNT', 1));
  const about = await orUnavailable(redis.xinfo('STREAM', keys.stream(log)));
  const fields: readonly unknown[] = Array.isArray(about) ? about : [];
  const lastGenerated = String(fields[fields.indexOf('last-generated-id') + 1]);
  // All entries were trimmed: the stream still knows the last position, and the snapshot or this replica the chain
  // hash.
  if (last === undefined) return withoutEntry(ends.find(({ position }) => `${position}-0` === lastGenerated));
  const entry = ifItDecodes(() => decodeEntry(last[1][1] ?? Buffer.alloc(0)));
  const lastId = String(last[0]);
  if (entry?.log !== log || lastId !== `${entry.last}-0`) return undefined;
  // Entries after it were deleted.
  if (lastId !== lastGenerated) return undefined;
  return { log, position: entry.last, mark: entry.mark, lastId };
}

/**
 * @param read returns the log's entries after a position, like Log.read
 * @returns whether they were repaired
 * @throws {LogReplacedError} @throws {MalformedBytesError} @throws {UnknownFormatError} the log cannot restore them
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

/** The generations in the manifest, newest first; none if it does not decode. */
async function generationsOf(keys: Keys, redis: Connection['redis']): Promise<readonly Generation[]> {
  const bytes = await unlessOther(redis.hgetBuffer(keys.manifest, 'manifest'));
  const manifest = bytes && ifItDecodes(() => decodeManifest(bytes));
  return manifest ? [manifest.generation, ...(manifest.before ? [manifest.before] : [])] : [];
}

function ifItDecodes<Value>(decode: () => Value): Value | undefined {
  try {
    return decode();
  } catch (error) {
    if (isUndecodable(error)) return undefined;
    throw error;
  }
}
