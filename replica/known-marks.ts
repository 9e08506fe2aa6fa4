/** The newest entries' places and marks: what tokens and messages are checked by, and what the journal keeps of the log. */
import type { Mark, Position } from './crdt/version.ts';
import type { KnownEntry } from './log/journal.ts';
import type { LogEntry } from './log/log.ts';

interface Known extends KnownEntry {
  readonly first: Position;
}

export class KnownMarks {
  readonly #maximum: number;
  #entries: Known[] = [];

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** @param entry follows on the one added before */
  add({ first, last, mark, origin, firstNumber, lastNumber }: LogEntry): void {
    this.#entries.push({ first, last, mark, origin, firstNumber, lastNumber });
    // Cut in halves: shifting one at a time would copy the whole each time.
    if (this.#entries.length >= 2 * this.#maximum) this.#entries = this.#entries.slice(-this.#maximum);
  }

  /** The mark of the entry in which a position is; undefined where it is not known (any more). */
  at(position: Position): Mark | undefined {
    const entry = this.#entries[this.#indexOf(position)];
    return entry && entry.first <= position ? entry.mark : undefined;
  }

  /** Entries that end after one position, up to another. */
  between(after: Position, upTo: Position): readonly KnownEntry[] {
    return this.#entries.slice(this.#indexOf(after + 1), this.#indexOf(upTo + 1));
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
