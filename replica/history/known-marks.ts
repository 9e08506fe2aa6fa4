/** The newest entries' places and marks: what tokens and messages are checked by, and what the journal keeps of the log. */
import { limits } from '../../limits.ts';
import type { Head, Mark, Origin, Position } from '../crdt/version.ts';
import { bytesOf, type EntryPlace } from '../log/entry.ts';
import type { KnownEntry, KnownHistory } from '../log/journal.ts';
import type { LogEntry } from '../log/log.ts';
import type { ClosedMark } from '../log/snapshots.ts';

interface Known extends KnownEntry {
  /** Of all entries added up to this one. */
  readonly bytes: number;
}

export class KnownMarks {
  readonly #maximum: number;
  #entries: Known[] = [];
  #bytes = 0;
  /** What comes before the entries, and the last number by origin as of there. */
  #base: Head;
  readonly #baseOrigins: Map<Origin, number>;

  /** @param base what is added first follows on it @param origins last number by origin as of there */
  constructor(maximum: number, base: Head, origins: ReadonlyMap<Origin, number>) {
    this.#maximum = maximum;
    this.#base = base;
    this.#baseOrigins = new Map(origins);
  }

  /** @param entry follows on the one added before */
  add(entry: LogEntry): void {
    const { first, last, before, mark, origin, firstNumber, lastNumber } = entry;
    this.#bytes += bytesOf(entry);
    this.#entries.push({ first, last, before, mark, origin, firstNumber, lastNumber, bytes: this.#bytes });
    // Cut in halves: shifting one at a time would copy the whole each time.
    if (this.#entries.length < 2 * this.#maximum) return;
    const dropped = this.#entries.splice(0, this.#entries.length - this.#maximum);
    for (const entry of dropped) this.#baseOrigins.set(entry.origin, entry.lastNumber);
    const end = dropped[dropped.length - 1];
    if (end) this.#base = { log: this.#base.log, position: end.last, mark: end.mark };
  }

  /** Where what is known begins. */
  get base(): { readonly position: Position; readonly mark: Mark; readonly origins: ReadonlyMap<Origin, number> } {
    return { position: this.#base.position, mark: this.#base.mark, origins: this.#baseOrigins };
  }

  /** After the base, rising. */
  get entries(): Iterable<KnownEntry> {
    return this.#entries;
  }

  /** The mark of the entry in which a position is; undefined where it is not known (any more). */
  at(position: Position): Mark | undefined {
    if (position === this.#base.position) return this.#base.mark;
    const entry = this.#entries[this.#indexOf(position)];
    return entry && entry.first <= position ? entry.mark : undefined;
  }

  /** Whether it is one of them: the mark is made of what is compared. */
  has({ last, before, origin, firstNumber, lastNumber }: EntryPlace): boolean {
    const entry = this.#entries[this.#indexOf(last)];
    return (
      entry !== undefined &&
      entry.last === last &&
      entry.lastNumber === lastNumber &&
      entry.firstNumber === firstNumber &&
      entry.origin === origin &&
      entry.before === before
    );
  }

  /** Entries that end after one position, up to another. */
  between(after: Position, upTo: Position): readonly KnownEntry[] {
    return this.#entries.slice(this.#indexOf(after + 1), this.#indexOf(upTo + 1));
  }

  /**
   * What a journal is to know of this history, up to a position.
   * @param since up to where it knows it already, if it does
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

  /** Every mark known, rising. */
  all(): readonly ClosedMark[] {
    const { position, mark } = this.#base;
    return [{ position, mark }, ...this.#entries.map((entry) => ({ position: entry.last, mark: entry.mark }))];
  }

  /** About how many bytes the entries after a position take in the log, as far as they were added. */
  bytesAfter(position: Position): number {
    const at = this.#indexOf(position);
    if (at === this.#entries.length) return 0;
    const isKnown = (this.#entries[0]?.last ?? 0) <= position;
    return this.#bytes - (isKnown ? (this.#entries[at]?.bytes ?? 0) : 0);
  }

  /** Of the first entry that ends at a position or after it. */
  #indexOf(position: Position): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.last ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
