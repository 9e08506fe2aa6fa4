/**
 * Cuts causal contexts for another history. A context names a position in a log. Where a log went back, two histories
 * share one log id, and the same position means different transactions in each. So a transaction that is handed on to
 * another history has its context cut to the position where the two branch; what it had seen after that is named by
 * origin instead. docs/internals/protocol.md, P42.
 *
 * This preserves the meaning: a log keeps each origin's transactions in the order of their numbers, so a writer that
 * saw one of them saw all before it.
 */
import type { Delta } from '../crdt/delta.ts';
import type { Context, Head, LogId, Mark, Origin, Position } from '../crdt/version.ts';
import type { KnownBase, KnownEntry } from '../log/journal.ts';

/** The history for which contexts are cut. */
export interface OtherHistory {
  /** Whether this log or an ancestor of it has this chain hash at this position. False if that is not known. */
  has(log: LogId, position: Position, mark: Mark): boolean;
}

/**
 * Returns a transaction's context for the other history. `at` is the context's position and chain hash in its own
 * history, or the next later position whose hash is known; the cut context may then name transactions up to there.
 */
export type CutContext = (delta: Pick<Delta, 'origin' | 'context'>, at: Head) => Context;

interface Cut {
  /** The last position that both histories share; undefined: none is known. */
  readonly shared: Position | undefined;
  /** What was seen after that position: the last sequence number of each origin. */
  readonly names: ReadonlyMap<Origin, number>;
}

const noNames: ReadonlyMap<Origin, number> = new Map();

/**
 * The known histories in which waiting transactions were made. Entries are found by chain hash, in whichever log they
 * are.
 */
export class SeenHistories {
  readonly #entries = new Map<Mark, KnownEntry>();
  readonly #bases = new Map<Mark, ReadonlyMap<Origin, number>>();

  addEntries(entries: Iterable<KnownEntry>): void {
    for (const entry of entries) this.#entries.set(entry.mark, entry);
  }

  /** @param origins the last number of each origin at the position with this chain hash; nothing before it is known */
  addBase(mark: Mark, origins: ReadonlyMap<Origin, number>): void {
    this.#bases.set(mark, origins);
  }

  /** Adds all that is known of a log that this replica followed. */
  addPrefix({ base, entries }: { readonly base: KnownBase; readonly entries: Iterable<KnownEntry> }): void {
    this.addBase(base.mark, base.origins);
    this.addEntries(entries);
  }

  /** Whether the history before a chain hash is known, at least by origin. */
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
      // `at` may be later than what the transaction saw, and so may be the shared position.
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
    // The history before this is unknown: name every number seen at its base. The base of a descendant includes its
    // ancestors.
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
