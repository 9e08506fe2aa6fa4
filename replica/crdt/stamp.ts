/**
 * Entries: what a transaction left at a node, and when it is gone again. docs/data-model.md, M2.
 * An entry is live until a transaction that had seen it drops it. Source: observed-remove sets, Shapiro et al., INRIA
 * RR-7506 (2011), without tombstones: a log is applied in order, so nothing older than a removal can still arrive.
 */
import type { Dot, Time, Writer } from './version.ts';

/** Dot and time of an entry; all entries that one transaction makes share it. M15. Default data has time 0. */
export interface Stamp extends Dot {
  readonly time: Time;
  readonly isDefault: boolean;
}

export function stampOf({ log, position, origin, number, time }: Writer, isDefault: boolean): Stamp {
  return { log, position, origin, number, time: isDefault ? 0 : time, isDefault };
}

/** M11. Later first: by time, then origin, then number. No two entries of one part are equal in it. */
export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.time !== b.time) return b.time - a.time;
  if (a.origin !== b.origin) return a.origin < b.origin ? 1 : -1;
  return b.number - a.number;
}

/** The same writer at the same time, wherever it stands in a log. */
export function sameStamp(a: Stamp, b: Stamp): boolean {
  return (
    a === b || (a.origin === b.origin && a.number === b.number && a.time === b.time && a.isDefault === b.isDefault)
  );
}

/** Something with a value, in a list of its like, latest first. */
export interface Entry<Content> {
  readonly stamp: Stamp;
  readonly value: Content;
}

/** M2. What the writer had not seen. */
export function dropStamps(stamps: readonly Stamp[], writer: Writer): readonly Stamp[] {
  return stamps.some((stamp) => writer.covers(stamp)) ? stamps.filter((stamp) => !writer.covers(stamp)) : stamps;
}

/** M2. What the writer had not seen. */
export function dropEntries<Content>(entries: readonly Entry<Content>[], writer: Writer): readonly Entry<Content>[] {
  return entries.some(({ stamp }) => writer.covers(stamp))
    ? entries.filter(({ stamp }) => !writer.covers(stamp))
    : entries;
}

/** What the writer had not seen, and a stamp of its own. */
export function replaceStamps(stamps: readonly Stamp[], writer: Writer, own: Stamp): readonly Stamp[] {
  const kept = dropStamps(stamps, writer);
  return kept.length === 0 ? [own] : [...kept, own].sort(compareStamps);
}

/** What the writer had not seen, and an entry of its own. */
export function replaceEntries<Content>(
  entries: readonly Entry<Content>[],
  writer: Writer,
  own: Entry<Content>,
): readonly Entry<Content>[] {
  const kept = dropEntries(entries, writer);
  return kept.length === 0 ? [own] : [...kept, own].sort((a, b) => compareStamps(a.stamp, b.stamp));
}
