/**
 * What Redis holds of a site, and what its scripts do: the meaning of replica/redis/scripts/append.lua.ts and scripts.ts over
 * entries as they are stored. Each call is one step that nothing comes between.
 */
import { LogUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Head, LogId, Origin, Position } from '../../replica/crdt/version.ts';
import { admit } from '../../replica/log/admission.ts';
import { decodeEntry, encodeEntry, makeEntry, markAtStart } from '../../replica/log/entry.ts';
import { checkSeen, decodeFollowing, type StoredEntry } from '../../replica/log/following.ts';
import { firstFormat } from '../../replica/log/formats.ts';
import type { Batch, LogEntry, OriginClaim } from '../../replica/log/log.ts';
import type { LogBeginning } from '../../replica/log/snapshots.ts';
import { emptySnapshots, SimulatedSnapshots, type SnapshotContents } from './redis-snapshots.ts';

interface KeptOrigin {
  readonly number: number;
  readonly secret: string;
}

export interface RedisContents {
  readonly head: Head | undefined;
  readonly stream: readonly StoredEntry[];
  readonly origins: ReadonlyMap<Origin, KeptOrigin>;
  readonly snapshots: SnapshotContents;
  readonly trimmedUpTo: Position;
  readonly format: number;
}

export const emptyRedis: RedisContents = {
  head: undefined,
  stream: [],
  origins: new Map(),
  snapshots: emptySnapshots,
  trimmedUpTo: 0,
  format: firstFormat,
};

export interface RedisTold {
  /** Told of each entry in the step in which it is appended: its bytes are published. */
  published(entry: LogEntry, bytes: Uint8Array): void;
  /** A log began where another was closed, in this step. */
  begun(): void;
}

export class SimulatedRedis {
  readonly #told: RedisTold;
  readonly #now: () => number;
  readonly snapshots: SimulatedSnapshots;
  /** Of logs that are going to begin. */
  readonly #prepared = new Map<LogId, { readonly stored: Map<Position, StoredEntry>; readonly until: number }>();
  #head: Head | undefined;
  #stream: StoredEntry[] = [];
  #origins = new Map<Origin, KeptOrigin>();
  #trimmedUpTo: Position = 0;
  /** Out of memory: it refuses all that writes. */
  isFull = false;
  /** What the site is written in. */
  format = firstFormat;

  /** @param now milliseconds, of the server's own clock */
  constructor(told: RedisTold, now: () => number) {
    this.#told = told;
    this.#now = now;
    this.snapshots = new SimulatedSnapshots({
      now,
      checkRoom: () => this.#checkRoom(),
      checkSeen: (seen) => void this.#checkSeen(seen),
      trim: (upTo) => {
        const gone = this.#stream.splice(0, this.#indexAfter(upTo));
        this.#trimmedUpTo = gone.at(-1)?.last ?? this.#trimmedUpTo;
      },
    });
  }

  head(): Head | undefined {
    return this.#head;
  }

  create(log: LogId, keepMilliseconds: number): Head {
    if (this.#head) return this.#head;
    this.#checkRoom();
    this.snapshots.beginLog(keepMilliseconds);
    this.#head = { log, position: 0, mark: markAtStart(log) };
    this.#stream = [];
    this.#origins = new Map();
    this.#trimmedUpTo = 0;
    return this.#head;
  }

  append({ format, shared, transactions }: Batch, seen: Head, secret: string): readonly LogEntry[] {
    const head = this.#checkSeen(seen);
    if (format !== this.format) throw new LogUnavailableError('Redis: the site is written in another format', true);
    const { groups, numbers } = admit(transactions, (origin) => this.#origins.get(origin)?.number ?? 0);
    if (groups.length === 0) return [];
    this.#checkRoom();
    let { position, mark } = head;
    const entries = groups.map((group) => {
      const entry = makeEntry(head.log, position, mark, shared, group);
      position = entry.last;
      mark = entry.mark;
      return entry;
    });
    const encoded = entries.map((entry) => ({ entry, bytes: encodeEntry(entry) }));
    for (const { entry, bytes } of encoded) this.#stream.push({ last: entry.last, bytes });
    for (const [origin, number] of numbers) this.#origins.set(origin, { number, secret });
    this.#head = { log: head.log, position, mark };
    for (const { entry, bytes } of encoded) this.#told.published(entry, bytes);
    return entries;
  }

  prepareLog(entries: readonly LogEntry[], keepMilliseconds: number): void {
    this.#checkRoom();
    for (const entry of entries) {
      const kept = this.#prepared.get(entry.log)?.stored ?? new Map<Position, StoredEntry>();
      kept.set(entry.last, { last: entry.last, bytes: encodeEntry(entry) });
      this.#prepared.set(entry.log, { stored: kept, until: this.#now() + keepMilliseconds });
    }
  }

  beginLog({ manifest, head, origins, over }: LogBeginning, lease: string): boolean {
    if (!this.snapshots.holds('heal', lease) || !isSameHead(this.#head, over)) return false;
    const prepared = this.#prepared.get(head.log);
    const isThere = prepared !== undefined && prepared.until > this.#now();
    const stream = isThere ? [...prepared.stored.values()].sort((a, b) => a.last - b.last) : [];
    if ((stream.at(-1)?.last ?? 0) !== head.position) return false;
    this.#checkRoom();
    this.snapshots.begin(manifest);
    this.#prepared.delete(head.log);
    this.#stream = stream;
    this.#origins = new Map([...origins].map(([origin, number]) => [origin, { number, secret: '' }]));
    this.#head = head;
    this.#told.begun();
    return true;
  }

  read(log: LogId, after: Position, limit: number): readonly LogEntry[] {
    const stored: StoredEntry[] = [];
    let bytes = 0;
    for (let index = this.#indexAfter(after); stored.length < limit && bytes < limits.readBytes; index += 1) {
      const entry = this.#stream[index];
      if (!entry) break;
      stored.push(entry);
      bytes += entry.bytes.length;
    }
    return decodeFollowing(this.#head, log, after, stored);
  }

  origins(): ReadonlyMap<Origin, number> {
    return new Map([...this.#origins].map(([origin, { number }]) => [origin, number]));
  }

  raiseFormat(log: LogId, format: number): void {
    this.#checkRoom();
    if (this.#head?.log === log) this.format = Math.max(this.format, format);
  }

  claim({ origin, number, secret, nextSecret }: OriginClaim): boolean {
    const kept = this.#origins.get(origin);
    if (kept?.number !== number || kept.secret !== secret || secret === '') return false;
    this.#checkRoom();
    this.#origins.set(origin, { number, secret: nextSecret });
    return true;
  }

  /** As it stands now: what it may be set back to. */
  get contents(): RedisContents {
    return {
      head: this.#head,
      stream: [...this.#stream],
      origins: new Map(this.#origins),
      snapshots: this.snapshots.contents,
      trimmedUpTo: this.#trimmedUpTo,
      format: this.format,
    };
  }

  /** Other bytes stand in the entry that has a position. */
  damageEntry(position: Position): void {
    const at = this.#indexAfter(position - 1);
    const entry = this.#stream[at];
    if (entry) this.#stream[at] = { ...entry, bytes: Buffer.from('no entry') };
  }

  /** The last position that is in the log no more; 0 where all of it is there. */
  get trimmedUpTo(): Position {
    return this.#trimmedUpTo;
  }

  get stream(): readonly StoredEntry[] {
    return this.#stream;
  }

  /** Bytes in the stream. */
  get logBytes(): number {
    return this.#stream.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  setBack({ head, stream, origins, snapshots, trimmedUpTo, format }: RedisContents): void {
    this.format = format;
    this.#trimmedUpTo = trimmedUpTo;
    this.snapshots.setBack(snapshots);
    this.#prepared.clear();
    this.#head = head;
    this.#stream = [...stream];
    this.#origins = new Map(origins);
  }

  #checkRoom(): void {
    if (this.isFull) throw new LogUnavailableError('Redis: OOM command not allowed', true);
  }

  #checkSeen(seen: Head): Head {
    const head = this.#head;
    checkSeen(head, seen, () => {
      const next = this.#stream[this.#indexAfter(seen.position)];
      return next && decodeEntry(next.bytes);
    });
    return head;
  }

  /** Of the first entry that ends after a position. */
  #indexAfter(position: Position): number {
    let low = 0;
    let high = this.#stream.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#stream[middle]?.last ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const isSameHead = (one: Head | undefined, other: Head | undefined): boolean =>
  one?.log === other?.log && one?.position === other?.position && one?.mark === other?.mark;
