/**
 * The positions and chain hashes of the newest entries: tokens and messages are checked by them, and the journal keeps
 * some of them.
 */
import { limits } from '../../limits.ts';
import type { Head, Mark, Origin, Position } from '../crdt/version.ts';
import { bytesOf, type EntryPlace } from '../log/entry.ts';
import type { KnownEntry, KnownHistory } from '../log/journal.ts';
import type { LogEntry } from '../log/log.ts';
import type { ClosedMark } from '../log/snapshots.ts';
import { Queue } from '../values/queue.ts';

interface Known extends KnownEntry {
  /** The total size of all entries added up to this one. */
  readonly bytes: number;
}

export class KnownMarks {
  readonly #maximum: number;
  readonly #entries = new Queue<Known>();
  #bytes = 0;
  /** The position just before the entries, and the last number of each origin there. */
  #base: Head;
  readonly #baseOrigins: Map<Origin, number>;

  /** @param base where the first added entry begins @param origins the last number of each origin there */
  constructor(maximum: number, base: Head, origins: ReadonlyMap<Origin, number>) {
    this.#maximum = maximum;
    this.#base = base;
    this.#baseOrigins = new Map(origins);
  }

  /** @param entry follows directly on the one added before */
  add(entry: LogEntry): void {
    const { first, last, before, mark, origin, firstNumber, lastNumber } = entry;
    this.#bytes += bytesOf(entry);
    this.#entries.add({ first, last, before, mark, origin, firstNumber, lastNumber, bytes: this.#bytes });
    if (this.#entries.size <= this.#maximum) return;
    const oldest = this.#entries.removeOldest();
    if (oldest === undefined) return;
    this.#baseOrigins.set(oldest.origin, oldest.lastNumber);
    this.#base = { log: this.#base.log, position: oldest.last, mark: oldest.mark };
  }

  /** The position from which on the history is known. */
  get base(): { readonly position: Position; readonly mark: Mark; readonly origins: ReadonlyMap<Origin, number> } {
    return { position: this.#base.position, mark: this.#base.mark, origins: this.#baseOrigins };
  }

  /** The known entries after the base, in order. */
  get entries(): Iterable<KnownEntry> {
    return this.#entries;
  }

  /** The chain hash of the entry that contains a position; undefined if it is not known (any more). */
  at(position: Position): Mark | undefined {
    if (position === this.#base.position) return this.#base.mark;
    const entry = this.#entries.at(this.#indexOf(position));
    return entry && entry.first <= position ? entry.mark : undefined;
  }

  /** Whether an entry is one of the known ones. The compared fields determine the chain hash, so it is not compared. */
  has({ last, before, origin, firstNumber, lastNumber }: EntryPlace): boolean {
    const entry = this.#entries.at(this.#indexOf(last));
    return (
      entry !== undefined &&
      entry.last === last &&
      entry.lastNumber === lastNumber &&
      entry.firstNumber === firstNumber &&
      entry.origin === origin &&
      entry.before === before
    );
  }

  /** The entries that end after one position and not after another. */
  between(after: Position, upTo: Position): readonly KnownEntry[] {
    return this.#entries.slice(this.#indexOf(after + 1), this.#indexOf(upTo + 1));
  }

  /**
   * The part of this history that a journal has to keep, up to a position.
   * @param since up to where the journal has it already, if at all
   */
  known(since: Head | undefined, upTo: Position): KnownHistory {
    if (since && since.log === this.#base.log && this.at(since.position) === since.mark)
      return { bases: [], entries: this.between(since.position, upTo) };
    const entries = this.between(this.#base.position, upTo);
    const left = entries.slice(0, Math.max(0, entries.length - limits.journaledEntries));
    const origins = new Map(this.#baseOrigins);
    for (const { origin, lastNumber } of left) origins.set(origin, lastNumber);
    const mark = left[left.length - 1]?.mark ?? this.#base.mark;
    return { bases: [{ mark, origins }], entries: entries.slice(left.length) };
  }

  /** Every known chain hash, rising. */
  all(): readonly ClosedMark[] {
    const { position, mark } = this.#base;
    return [{ position, mark }, ...Array.from(this.#entries, (entry) => ({ position: entry.last, mark: entry.mark }))];
  }

  /** About how many bytes the known entries after a position take in the log. */
  bytesAfter(position: Position): number {
    const at = this.#indexOf(position);
    if (at === this.#entries.size) return 0;
    const isKnown = (this.#entries.at(0)?.last ?? 0) <= position;
    return this.#bytes - (isKnown ? (this.#entries.at(at)?.bytes ?? 0) : 0);
  }

  /** The index of the first entry that ends at or after a position. Most callers ask for the newest. */
  #indexOf(position: Position): number {
    const newest = this.#entries.size - 1;
    if (
      (this.#entries.at(newest)?.first ?? Number.POSITIVE_INFINITY) <= position &&
      position <= (this.#entries.at(newest)?.last ?? 0)
    )
      return newest;
    return this.#entries.partitionPoint(({ last }) => last < position);
  }
}
