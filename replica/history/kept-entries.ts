/**
 * The newest entries that this replica applied, up to a number of bytes: it hands them on if it loads a log that lacks
 * them. docs/internals/protocol.md, P48.
 */
import type { Delta } from '../crdt/delta.ts';
import type { Head, LogId, Origin, Position } from '../crdt/version.ts';
import { bytesOf, deltasOf } from '../log/entry.ts';
import type { KnownBase, KnownEntry } from '../log/journal.ts';
import type { LogEntry } from '../log/log.ts';
import { Queue } from '../values/queue.ts';

/** The history in which an entry was applied. */
export interface AppliedHistory {
  /** The chain hash at a position of its log or of an ancestor, or at the next later position whose hash is known. */
  head(log: string, position: number): Head | undefined;
  /** The entries and base by which contexts that name its log are cut. */
  readonly marks: { readonly base: KnownBase; readonly entries: Iterable<KnownEntry> };
}

interface Kept {
  readonly entry: LogEntry;
  readonly history: AppliedHistory;
}

export interface KeptTransaction {
  readonly delta: Delta;
  /** Position and chain hash of its context; undefined if they are not known any more. */
  readonly context: Head | undefined;
}

export class KeptEntries {
  readonly #maximumBytes: number;
  readonly #log: LogId;
  /** Entries of the present log after this position are kept. */
  keptFrom: Position;
  /** The last number of each origin before the oldest entry. */
  readonly #origins: Map<Origin, number>;
  readonly #entries = new Queue<Kept>();
  #bytes = 0;

  /** @param head where the first added entry begins @param origins the last number of each origin there */
  constructor(maximumBytes: number, { log, position }: Head, origins: ReadonlyMap<Origin, number>) {
    this.#maximumBytes = maximumBytes;
    this.#log = log;
    this.keptFrom = position;
    this.#origins = new Map(origins);
  }

  add(entry: LogEntry, history: AppliedHistory): void {
    this.#entries.add({ entry, history });
    this.#bytes += bytesOf(entry);
    while (this.#bytes > this.#maximumBytes) this.#dropOldest();
  }

  /** The kept entries of the present log that end after a position, in order. */
  after(position: Position): readonly LogEntry[] {
    let first = this.#entries.size;
    while (first > 0) {
      const { entry } = this.#entries.at(first - 1) ?? {};
      if (entry?.log !== this.#log || entry.last <= position) break;
      first -= 1;
    }
    return this.#entries.slice(first).map(({ entry }) => entry);
  }

  /**
   * P42. The histories in which the kept entries were applied: contexts are cut by them, however often an entry was
   * handed on.
   */
  histories(): ReadonlySet<AppliedHistory> {
    return new Set(Array.from(this.#entries, ({ history }) => history));
  }

  /**
   * Puts the entries that were kept earlier before its own. Transactions that were loaded between the two are not kept.
   */
  goOnFrom(earlier: KeptEntries): void {
    const loaded = new Map(this.#origins);
    const later = [...this.#entries];
    this.#entries.clear();
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
   * The transactions applied here that a history with these origins lacks, each once, in the order in which they were
   * applied.
   * @returns undefined if it lacks some that are not kept any more
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

  #dropOldest(): void {
    const oldest = this.#entries.removeOldest()?.entry;
    if (oldest === undefined) return;
    this.#bytes -= bytesOf(oldest);
    if (oldest.log === this.#log) this.keptFrom = oldest.last;
    this.#origins.set(oldest.origin, Math.max(oldest.lastNumber, this.#origins.get(oldest.origin) ?? 0));
  }
}
