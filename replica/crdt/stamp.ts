/**
 * Entries and their stamps: what a transaction wrote at a node, and when a later one drops it.
 * docs/internals/data-model.md, M2. An entry is live until a transaction that had seen it drops it. Source:
 * observed-remove sets, Shapiro et al., INRIA RR-7506 (2011), without tombstones: a log is applied in order, so nothing
 * older than a removal can still arrive.
 */
import type { Dot, LogId, Origin, Position, Time, Writer } from './version.ts';

/**
 * Splits a time: the high part changes every 35 minutes and is kept in the shared source; the low part is a small
 * integer.
 */
const timeRange = 2 ** 31;

/** The size of the cache of sources, a power of two. Each slot holds the last source that hashed to it. */
const placesForSources = 1024;

/** The parts that many stamps share, as one object. Equal sources may be different objects. */
class Source {
  static readonly #met: (Source | undefined)[] = Array.from({ length: placesForSources });

  readonly log: LogId | undefined;
  readonly origin: Origin;
  readonly isDefault: boolean;
  readonly timeAbove: number;

  private constructor(log: LogId | undefined, origin: Origin, isDefault: boolean, timeAbove: number) {
    this.log = log;
    this.origin = origin;
    this.isDefault = isDefault;
    this.timeAbove = timeAbove;
  }

  static of(log: LogId | undefined, origin: Origin, isDefault: boolean, timeAbove: number): Source {
    const letters = origin.charCodeAt(origin.length - 1) * 31 + origin.charCodeAt(origin.length - 2);
    const place = (timeAbove * 7 + letters + (log === undefined ? 0 : 1)) & (placesForSources - 1);
    const known = Source.#met[place];
    if (known?.isOf(log, origin, isDefault, timeAbove)) return known;
    const made = new Source(log, origin, isDefault, timeAbove);
    Source.#met[place] = made;
    return made;
  }

  isOf(log: LogId | undefined, origin: Origin, isDefault: boolean, timeAbove: number): boolean {
    return this.timeAbove === timeAbove && this.isDefault === isDefault && this.origin === origin && this.log === log;
  }
}

/**
 * The dot and time of an entry. M15. Default data has time 0.
 * The usual registers, maps and counters extend Stamp, so each is a single object in memory.
 */
export class Stamp implements Dot {
  readonly source: Source;
  readonly position: Position;
  readonly number: number;
  readonly timeBelow: number;

  constructor(source: Source, position: Position, number: number, timeBelow: number) {
    this.source = source;
    this.position = position;
    this.number = number;
    this.timeBelow = timeBelow;
  }

  get log(): LogId | undefined {
    return this.source.log;
  }

  get origin(): Origin {
    return this.source.origin;
  }

  get time(): Time {
    return this.source.timeAbove * timeRange + this.timeBelow;
  }

  get isDefault(): boolean {
    return this.source.isDefault;
  }

  /** A plain stamp, without the register, map or counter that this object may also be. */
  alone(): Stamp {
    return new Stamp(this.source, this.position, this.number, this.timeBelow);
  }
}

export function makeStamp(
  log: LogId | undefined,
  position: Position,
  origin: Origin,
  number: number,
  time: Time,
  isDefault: boolean,
): Stamp {
  const timeAbove = isDefault ? 0 : Math.floor(time / timeRange);
  const timeBelow = isDefault ? 0 : time - timeAbove * timeRange;
  return new Stamp(Source.of(log, origin, isDefault, timeAbove), position, number, timeBelow);
}

/** M11. Sorts latest first: by time, then origin, then number. Two entries of one part never compare equal. */
export function compareStamps(a: Stamp, b: Stamp): number {
  const { source } = a;
  if (source.timeAbove !== b.source.timeAbove) return b.source.timeAbove - source.timeAbove;
  if (a.timeBelow !== b.timeBelow) return b.timeBelow - a.timeBelow;
  if (source.origin !== b.source.origin) return source.origin < b.source.origin ? 1 : -1;
  return b.number - a.number;
}

/** Whether both name the same writer and time. Positions in a log are not compared. */
export function sameStamp(a: Stamp, b: Stamp): boolean {
  return (
    a.number === b.number && a.time === b.time && a.source.origin === b.source.origin && a.isDefault === b.isDefault
  );
}

/** Whether both name the same writer, time and position. */
export function equalStamps(a: Stamp, b: Stamp): boolean {
  if (a.number !== b.number || a.position !== b.position || a.timeBelow !== b.timeBelow) return false;
  const { log, origin, isDefault, timeAbove } = b.source;
  return a.source === b.source || a.source.isOf(log, origin, isDefault, timeAbove);
}

/** Whether both belong to one transaction at one position. */
export const isSameWriter = (a: Stamp, b: Stamp): boolean =>
  a.number === b.number && a.position === b.position && a.origin === b.origin && a.log === b.log;

/** A stamped value, one in a list of siblings sorted latest first. */
export interface Entry<Content> {
  readonly stamp: Stamp;
  readonly value: Content;
}

/** M2. Keeps only the stamps that the writer had not seen. */
export function dropStamps(stamps: readonly Stamp[], writer: Writer): readonly Stamp[] {
  return stamps.some((stamp) => writer.covers(stamp)) ? stamps.filter((stamp) => !writer.covers(stamp)) : stamps;
}

/** M2. Keeps only the entries that the writer had not seen. */
export function dropEntries<Content>(entries: readonly Entry<Content>[], writer: Writer): readonly Entry<Content>[] {
  return entries.some(({ stamp }) => writer.covers(stamp))
    ? entries.filter(({ stamp }) => !writer.covers(stamp))
    : entries;
}

/** Keeps only the stamps that the writer had not seen, and adds its own. */
export function replaceStamps(stamps: readonly Stamp[], writer: Writer, own: Stamp): readonly Stamp[] {
  const kept = dropStamps(stamps, writer);
  return kept.length === 0 ? [own] : [...kept, own].sort(compareStamps);
}

/** Keeps only the entries that the writer had not seen, and adds its own. */
export function replaceEntries<Content>(
  entries: readonly Entry<Content>[],
  writer: Writer,
  own: Entry<Content>,
): readonly Entry<Content>[] {
  const kept = dropEntries(entries, writer);
  return kept.length === 0 ? [own] : [...kept, own].sort((a, b) => compareStamps(a.stamp, b.stamp));
}
