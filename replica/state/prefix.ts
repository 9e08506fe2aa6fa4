/** The state of a log up to a position: the same at every replica that stands there. */

import { limits } from '../../limits.ts';
import type { Delta } from '../crdt/delta.ts';
import { applyOperations, documentExists, touchPosition } from '../crdt/document.ts';
import type { DocumentState } from '../crdt/document-node.ts';
import type { Ancestry, Head, Origin, Position } from '../crdt/version.ts';
import { DeltaWriter } from '../crdt/writers.ts';
import { ancestryOf, LogHistory } from '../history/closed-logs.ts';
import { type AppliedHistory, KeptEntries } from '../history/kept-entries.ts';
import { KnownMarks } from '../history/known-marks.ts';
import { deltasOf, type EntryPlace } from '../log/entry.ts';
import type { DocumentRecord, LogEntry, RemovedDocument } from '../log/log.ts';
import type { ClosedLog, SkippedNumbers } from '../log/snapshots.ts';
import { DocumentMap } from './document-map.ts';
import type { States } from './overlay.ts';
import { RecentHistory } from './recent-history.ts';
import { RemovedDocuments } from './removed-documents.ts';

/** The effect of one transaction of an entry on the prefix, computed but not yet applied. */
export interface PreparedTransaction {
  readonly delta: Delta;
  readonly position: number;
  /** A document each. */
  readonly after: readonly DocumentRecord[];
}

export interface PreparedEntry {
  readonly entry: LogEntry;
  readonly transactions: readonly PreparedTransaction[];
}

/** Numbers by origin that a transaction names and the log lacks: up to there all counts as in from now on. */
export type Missing = readonly (readonly [Origin, number])[];

const nothingMissing: Missing = [];
/** Learns each change of the prefix in the turn in which it happens. */
export interface PrefixWatcher {
  /** @param isNew nothing was left of the document before */
  put(record: DocumentRecord, isNew: boolean): void;
  /** An origin stands at this number now. */
  raised?(origin: Origin, number: number): void;
}

/** Entries that lead to where a prefix stands; and where they begin, with the last number by origin as of there. */
export interface EarlierEntries {
  readonly head: Head;
  readonly origins: ReadonlyMap<Origin, number>;
  readonly entries: readonly LogEntry[];
}

export class Prefix implements States {
  readonly #documents = new DocumentMap<DocumentState>();
  /** Logs that were closed before its own began, oldest first. */
  readonly closedLogs: readonly ClosedLog[];
  readonly ancestry: Ancestry;
  readonly history: LogHistory;
  /** The newest entries, which this replica hands on if the log goes back. */
  readonly kept: KeptEntries;
  readonly marks: KnownMarks;
  /** The documents that changed lately, with their former states. */
  readonly recent: RecentHistory;
  readonly removed = new RemovedDocuments();
  /** Held by what is kept, longer than the prefix may be: it holds nothing of the documents. */
  readonly #applied: AppliedHistory;
  readonly #watchers = new Set<PrefixWatcher>();
  /** Last number in the log, by origin. */
  readonly origins: Map<Origin, number>;
  #skipped: readonly SkippedNumbers[];
  #head: Head;

  constructor(
    head: Head,
    closedLogs: readonly ClosedLog[],
    records: Iterable<DocumentRecord>,
    origins: ReadonlyMap<Origin, number>,
    skipped: readonly SkippedNumbers[] = [],
    earlier: EarlierEntries = { head, origins, entries: [] },
  ) {
    this.#skipped = skipped;
    this.#head = head;
    this.recent = new RecentHistory(head.position, limits.recentHistory);
    this.closedLogs = closedLogs;
    this.ancestry = ancestryOf(head.log, closedLogs);
    this.origins = new Map(origins);
    const marks = new KnownMarks(limits.knownMarks, earlier.head, earlier.origins);
    const history = new LogHistory(head.log, (position) => marks.at(position), closedLogs);
    this.marks = marks;
    this.history = history;
    const next = (log: string, position: number): Head | undefined =>
      log === head.log
        ? { log, position: marks.base.position, mark: marks.base.mark }
        : history.closedFrom(log, position);
    this.#applied = { head: (log, position) => history.head(log, position) ?? next(log, position), marks };
    this.kept = new KeptEntries(limits.keptEntryBytes, earlier.head, earlier.origins);
    for (const entry of earlier.entries) {
      marks.add(entry);
      this.kept.add(entry, this.#applied);
    }
    for (const record of records) this.take(record);
  }

  get head(): Head {
    return this.#head;
  }

  /** Whether the entry at a place is one that was applied here, as far as that is still known. */
  knows(place: EntryPlace): boolean {
    return place.log === this.#head.log && this.marks.has(place);
  }

  state(collection: string, id: string): DocumentState | undefined {
    return this.#documents.get(collection, id);
  }

  states(collection: string): Iterable<readonly [string, DocumentState]> {
    return this.#documents.ofCollection(collection);
  }

  collections(): Iterable<string> {
    return this.#documents.collections();
  }

  /** How many documents it has, those too that exist no more and of which something is left. */
  get size(): number {
    return this.#documents.size;
  }

  /** Every document, in any order; who asks on in a later turn is given those too that were put in place meanwhile. */
  *keys(): Generator<readonly [collection: string, id: string]> {
    for (const collection of this.#documents.collections())
      for (const [id] of this.#documents.ofCollection(collection)) yield [collection, id];
  }

  watch(watcher: PrefixWatcher): Disposable {
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => this.#watchers.delete(watcher) };
  }

  /** Takes what a snapshot or a disk holds of a document. */
  take({ collection, id, state }: DocumentRecord): void {
    if (!state) return;
    this.#documents.set(collection, id, state);
    this.removed.sees(state.lastStamp.time);
  }

  /** Takes where a document was removed, once it has all that is there. */
  takeRemoved(removed: RemovedDocument): void {
    this.removed.sees(removed.time);
    if (!documentExists(this.state(removed.collection, removed.id))) this.removed.add(removed);
  }

  /** L50. Where a document was touched last; of one of which nothing is left, where it was removed. */
  touchPosition(collection: string, id: string): Position | undefined {
    const state = this.#documents.get(collection, id);
    return state ? touchPosition(state, this.#head.log) : this.removed.positionOf(collection, id);
  }

  /** Ids of what is there, and of what was removed lately. */
  *touchedIds(collection: string): Generator<string> {
    yield* this.#documents.idsOf(collection);
    for (const [id] of this.removed.ofCollection(collection)) yield id;
  }

  /**
   * @param entry follows on the head
   * @param isCovered whether a document is as of that position or a later one already, and is left alone
   * @param deltas what its body says, where that is known
   * @throws {MalformedBytesError} @throws {UnknownFormatError} a delta in it does not decode
   */
  prepare(
    entry: LogEntry,
    isCovered?: (collection: string, id: string, position: number) => boolean,
    deltas: readonly Delta[] = deltasOf(entry),
  ): PreparedEntry {
    const states = new DocumentMap<DocumentRecord>();
    const transactions = deltas.map((delta, index): PreparedTransaction => {
      const position = entry.first + index;
      const writer = new DeltaWriter(delta, this.ancestry, delta.placed ?? { log: entry.log, position });
      const touched = isCovered
        ? delta.operations.filter(({ collection, id }) => !isCovered(collection, id, position))
        : delta.operations;
      const after = touched.map(({ collection, id, operations }): DocumentRecord => {
        const earlier = states.get(collection, id);
        const state = applyOperations(earlier ? earlier.state : this.state(collection, id), operations, writer);
        const record = { collection, id, state };
        states.set(collection, id, record);
        return record;
      });
      return { delta, position, after };
    });
    return { entry, transactions };
  }

  /**
   * Puts one transaction's documents in place.
   * @returns what the log went on without
   */
  put({ delta, position, after }: PreparedTransaction): Missing {
    const missing = this.#raise(delta);
    this.removed.sees(delta.time);
    for (const record of after) {
      const { collection, id, state } = record;
      const before = this.#documents.get(collection, id);
      this.recent.record(position, collection, id, before, state);
      if (documentExists(state)) this.removed.delete(collection, id);
      // A write to a document that stays removed is recorded again: nothing else says when it was written last.
      else if (before !== undefined || this.removed.has(collection, id))
        this.removed.add({ collection, id, position, time: this.removed.newest });
      if (state) this.#documents.set(collection, id, state);
      else this.#documents.delete(collection, id);
      for (const watcher of this.#watchers) watcher.put(record, before === undefined);
    }
    this.#setNumber(delta.origin, delta.number);
    return missing;
  }

  /** P41. What the log went on without, oldest first: the newest of it. */
  get skipped(): readonly SkippedNumbers[] {
    return this.#skipped;
  }

  /** P41. Whether the log went on without a transaction. */
  wentOnWithout(origin: Origin, number: number): boolean {
    return this.#skipped.some((one) => one.origin === origin && number > one.after && number <= one.upTo);
  }

  /** P41. What a context names counts as in once it is in the log. */
  #raise({ origin: own, context: { numberBefore, others } }: Delta): Missing {
    if (others.size === 0 && numberBefore <= (this.origins.get(own) ?? 0)) return nothingMissing;
    let missing: [Origin, number][] | undefined;
    for (const [origin, number] of [[own, numberBefore] as const, ...others]) {
      if (number <= (this.origins.get(origin) ?? 0)) continue;
      missing ??= [];
      missing.push([origin, number]);
      const after = this.origins.get(origin) ?? 0;
      this.#skipped = [...this.#skipped, { origin, after, upTo: number }].slice(-limits.skippedNumbers);
      this.#setNumber(origin, number);
    }
    return missing ?? nothingMissing;
  }

  #setNumber(origin: Origin, number: number): void {
    this.origins.set(origin, number);
    for (const watcher of this.#watchers) watcher.raised?.(origin, number);
  }

  /** Moves the head, once all transactions of an entry are applied. */
  advance(entry: LogEntry): void {
    this.#head = { log: entry.log, position: entry.last, mark: entry.mark };
    this.marks.add(entry);
    this.kept.add(entry, this.#applied);
  }
}
