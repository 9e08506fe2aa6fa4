/**
 * Cutting contexts. A context names a position in a log; where a log went back there are two histories under one id, and what
 * was seen in the one is not what stands in the other. So whatever is handed on to another history has its context cut where
 * the two part, and what it saw after that named by origin. docs/internals/protocol.md, P42.
 *
 * Why that is the same: a log's order keeps an origin's transactions in the order of their numbers, so who saw one of them saw
 * all before it.
 */
import type { Delta } from '../crdt/delta.ts';
import type { Context, Head, LogId, Mark, Origin, Position } from '../crdt/version.ts';
import type { KnownBase, KnownEntry } from '../log/journal.ts';

/** The history that contexts are cut for. */
export interface OtherHistory {
  /** Whether its log, or a log that it grew from, has this mark at this position. False where that is not known. */
  has(log: LogId, position: Position, mark: Mark): boolean;
}

/**
 * Gives a transaction's context for the other history. `at`: position and mark of the context in its own; or the next after it
 * whose mark is known, and then what was seen up to there may be named.
 */
export type CutContext = (delta: Pick<Delta, 'origin' | 'context'>, at: Head) => Context;

interface Cut {
  /** Up to where both histories are the same; undefined: they are not known to be from anywhere on. */
  readonly shared: Position | undefined;
  /** What was seen after that. */
  readonly names: ReadonlyMap<Origin, number>;
}

const noNames: ReadonlyMap<Origin, number> = new Map();

/** What is known of the histories that waiting transactions were made in. An entry is found by its mark, whatever its log. */
export class SeenHistories {
  readonly #entries = new Map<Mark, KnownEntry>();
  readonly #bases = new Map<Mark, ReadonlyMap<Origin, number>>();

  addEntries(entries: Iterable<KnownEntry>): void {
    for (const entry of entries) this.#entries.set(entry.mark, entry);
  }

  /** @param origins last number by origin, as of where a history has this mark: what is known of it begins there */
  addBase(mark: Mark, origins: ReadonlyMap<Origin, number>): void {
    this.#bases.set(mark, origins);
  }

  /** Takes all that is known of a log that was followed. */
  addPrefix({ base, entries }: { readonly base: KnownBase; readonly entries: Iterable<KnownEntry> }): void {
    this.addBase(base.mark, base.origins);
    this.addEntries(entries);
  }

  /** Whether what came before a mark is known, at least by origin. */
  knows(mark: Mark): boolean {
    return this.#entries.has(mark) || this.#bases.has(mark);
  }

  clear(): void {
    this.#entries.clear();
    this.#bases.clear();
  }

  cutterFor(other: OtherHistory): CutContext {
    const cuts = new Map<Mark, Cut>();
    return ({ origin: own, context }, at) => {
      const { shared, names } = this.#cut(at, other, cuts);
      // Where `at` is after what it saw, what is shared may be, too.
      if (shared !== undefined && shared >= context.position) return context;
      const others = new Map(context.others);
      for (const [origin, number] of names)
        if (origin !== own) others.set(origin, Math.max(number, others.get(origin) ?? 0));
      return { log: context.log, position: shared ?? 0, numberBefore: context.numberBefore, others };
    };
  }

  #cut({ log, position, mark }: Head, other: OtherHistory, cuts: Map<Mark, Cut>): Cut {
    const after: KnownEntry[] = [];
    let at: { readonly position: Position; readonly mark: Mark } = { position, mark };
    let found: Cut | undefined;
    for (;;) {
      found = cuts.get(at.mark);
      if (found) break;
      if (other.has(log, at.position, at.mark)) found = { shared: at.position, names: noNames };
      const entry = found ? undefined : this.#entries.get(at.mark);
      if (!entry) break;
      after.push(entry);
      at = { position: entry.first - 1, mark: entry.before };
    }
    // Of what is not known any more all is named that was seen as of there; a log that grew from another began with that.
    found ??= { shared: undefined, names: this.#bases.get(at.mark) ?? noNames };
    if (after.length > 0) {
      const names = new Map(found.names);
      for (const { origin, lastNumber } of after.reverse()) names.set(origin, lastNumber);
      found = { shared: found.shared, names };
    }
    cuts.set(mark, found);
    return found;
  }
}
