/**
 * Entries of the log that this replica applied, the newest ones up to so many bytes: what it hands on where a log that it loads
 * lacks them. docs/internals/protocol.md, P48.
 */
import type { Delta } from '../crdt/delta.ts';
import type { Head, LogId, Origin, Position } from '../crdt/version.ts';
import { bytesOf, deltasOf } from '../log/entry.ts';
import type { KnownBase, KnownEntry } from '../log/journal.ts';
import type { LogEntry } from '../log/log.ts';

/** The history that an entry was applied in. */
export interface AppliedHistory {
  /** The mark at a position of its log or of one that it grew from, or the next after it that is known. */
  head(log: string, position: number): Head | undefined;
  /** What contexts that name its log are cut by. */
  readonly marks: { readonly base: KnownBase; readonly entries: Iterable<KnownEntry> };
}

interface Kept {
  readonly entry: LogEntry;
  readonly history: AppliedHistory;
}

export interface KeptTransaction {
  readonly delta: Delta;
  /** Position and mark of its context; undefined where they are not known any more. */
  readonly context: Head | undefined;
}

export class KeptEntries {
  readonly #maximumBytes: number;
  readonly #log: LogId;
  /** Of the log that is followed now, what comes after this position is kept. */
  keptFrom: Position;
  /** Last number by origin as of before the oldest entry. */
  readonly #origins: Map<Origin, number>;
  #entries: Kept[] = [];
  #bytes = 0;

  /** @param head what is added first follows on it @param origins last number by origin as of there */
  constructor(maximumBytes: number, { log, position }: Head, origins: ReadonlyMap<Origin, number>) {
    this.#maximumBytes = maximumBytes;
    this.#log = log;
    this.keptFrom = position;
    this.#origins = new Map(origins);
  }

  add(entry: LogEntry, history: AppliedHistory): void {
    this.#entries.push({ entry, history });
    this.#bytes += bytesOf(entry);
    // Cut in halves: shifting one at a time would copy the whole each time.
    if (this.#bytes < 2 * this.#maximumBytes) return;
    let dropped = 0;
    while (this.#bytes > this.#maximumBytes) {
      const oldest = this.#entries[dropped]?.entry;
      if (!oldest) break;
      this.#bytes -= bytesOf(oldest);
      if (oldest.log === this.#log) this.keptFrom = oldest.last;
      this.#origins.set(oldest.origin, Math.max(oldest.lastNumber, this.#origins.get(oldest.origin) ?? 0));
      dropped += 1;
    }
    this.#entries = this.#entries.slice(dropped);
  }

  /** Entries of the log that is followed now which end after a position, as far as they are kept, rising. */
  after(position: Position): readonly LogEntry[] {
    let first = this.#entries.length;
    while (first > 0) {
      const { entry } = this.#entries[first - 1] ?? {};
      if (entry?.log !== this.#log || entry.last <= position) break;
      first -= 1;
    }
    return this.#entries.slice(first).map(({ entry }) => entry);
  }

  /** P42. The histories that what is kept was applied in: its contexts are cut by them, however often it was handed on. */
  histories(): ReadonlySet<AppliedHistory> {
    return new Set(this.#entries.map(({ history }) => history));
  }

  /** Keeps what these kept, too: they were applied before. What was loaded between the two is not kept. */
  goOnFrom(earlier: KeptEntries): void {
    const loaded = new Map(this.#origins);
    const later = this.#entries;
    this.#entries = [];
    this.#bytes = 0;
    this.#origins.clear();
    for (const [origin, number] of earlier.#origins) this.#origins.set(origin, number);
    const kept = new Map(earlier.#origins);
    for (const { entry, history } of earlier.#entries) {
      this.add(entry, history);
      kept.set(entry.origin, Math.max(entry.lastNumber, kept.get(entry.origin) ?? 0));
    }
    for (const [origin, number] of loaded) if (number > (kept.get(origin) ?? 0)) this.#origins.set(origin, number);
    for (const { entry, history } of later) this.add(entry, history);
  }

  /**
   * What a history with these origins lacks of what was applied here, each once, in the order in which it was applied.
   * @returns undefined where it lacks what is not kept any more
   */
  lackingFrom(origins: ReadonlyMap<Origin, number>): readonly KeptTransaction[] | undefined {
    for (const [origin, number] of this.#origins) if (number > (origins.get(origin) ?? 0)) return undefined;
    const found = new Map<Origin, number>(origins);
    const lacking: KeptTransaction[] = [];
    for (const { entry, history } of this.#entries) {
      if (entry.lastNumber <= (found.get(entry.origin) ?? 0)) continue;
      for (const delta of deltasOf(entry)) {
        if (delta.number <= (found.get(delta.origin) ?? 0)) continue;
        found.set(delta.origin, delta.number);
        lacking.push({ delta, context: history.head(delta.context.log, delta.context.position) });
      }
    }
    return lacking;
  }
}
