/**
 * P63, P81. Puts right what stands beside the log where it does not decode, or does not fit the log: the head, from the log's last entry; the last numbers
 * by origin, from the snapshot and the entries since. All that is taken for this was checked when it was read; what is
 * written is what an append would have written, and only while what was found is still there.
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
  const hash = await unlessOther(redis.hmgetBuffer(keys.log, 'id', 'position', 'mark'));
  const found = hash ?? [null, null, null];
  if (hash?.every((field) => field === null)) return false;
  const head = parseHead(found.map((field) => field && String(field)));
  const begins = (await generationsOf(keys, redis)).map(({ begin }) => begin);
  // Where the head decodes, only an empty log is taken from memory: another replica may know another end.
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

/** P81. Ids that the log may have: the head's alone where a stream or the snapshot confirms it, or where the log is new. */
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
  /** Of the stream's last entry; empty where there is none. */
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
    // Trimming leaves a stream in place: in this log there was never anything.
    return ends.some(({ position }) => position > 0) ? undefined : withoutEntry(ends[0]);
  }
  const [last] = await orUnavailable(redis.xrevrangeBuffer(keys.stream(log), '+', '-', 'COUNT', 1));
  const about = await orUnavailable(redis.xinfo('STREAM', keys.stream(log)));
  const fields: readonly unknown[] = Array.isArray(about) ? about : [];
  const lastGenerated = String(fields[fields.indexOf('last-generated-id') + 1]);
  // It was trimmed to nothing: the stream knows the position of its last entry still, and its mark stands elsewhere.
  if (last === undefined) return withoutEntry(ends.find(({ position }) => `${position}-0` === lastGenerated));
  const entry = ifItDecodes(() => decodeEntry(last[1][1] ?? Buffer.alloc(0)));
  const lastId = String(last[0]);
  if (entry?.log !== log || lastId !== `${entry.last}-0`) return undefined;
  // Entries after it were deleted.
  if (lastId !== lastGenerated) return undefined;
  return { log, position: entry.last, mark: entry.mark, lastId };
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
