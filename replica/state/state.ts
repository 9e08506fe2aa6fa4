/**
 * The state of a replica in memory: the prefix of its log, journaled transactions over it (together: what is durable,
 * and what readers are shown), pending ones over both (what staging sees). Every change goes through here, in one turn,
 * and comes out as changes of what is durable.
 */

import { documentExists, showsSame } from '../crdt/document.ts';
import type { DocumentState } from '../crdt/document-node.ts';
import type { Head, Mark, Origin, Position } from '../crdt/version.ts';
import type { StagedTransaction } from '../history/staged.ts';
import type { Eviction, KnownHistory } from '../log/journal.ts';
import { type IndexedPath, Indexes } from '../query/access/indexes.ts';
import type { DocumentChange, RemovalReason } from '../query/live/result-change.ts';
import type { StoredDocument } from '../query/stored-document.ts';
import { encodeToken, type Told, tokenMarkDigits } from '../token.ts';
import { DocumentMap } from './document-map.ts';
import { Evictions } from './evictions.ts';
import { JournaledNumbers, noNumbers } from './journaled-numbers.ts';
import { Overlay } from './overlay.ts';
import type { Missing, Prefix, PreparedTransaction } from './prefix.ts';
import type { LogPlace, Shown } from './roles.ts';
import { CurrentReader, countAbove, type Hides, indexAbove, Views } from './views.ts';

interface Key {
  readonly collection: string;
  readonly id: string;
}

export interface StateOptions {
  readonly prefix: Prefix;
  readonly now: () => number;
  readonly viewMilliseconds: number;
  /** Keypaths to keep an index on. */
  readonly indexes: readonly IndexedPath[];
}

/** Learns each change of the state in the turn in which it happens. */
export interface StateWatcher {
  /** The durable state changed. `changes` is empty if readers see no difference. */
  changed?(changes: readonly DocumentChange[]): void;
  /** A transaction of the log is in its place. */
  applied?(transaction: PreparedTransaction, at: Head): void;
  /** An evicted document was written to again: its mark may go, once that is where the replica would begin again. */
  shownAgain?(mark: Eviction): void;
}

export class ReplicaState implements LogPlace, Shown {
  readonly durable: CurrentReader;
  readonly staging: CurrentReader;
  readonly durableViews: Views;
  readonly stagingViews: Views;
  #prefix: Prefix;
  readonly #journaled: Overlay;
  readonly #pending: Overlay;
  readonly #evictions = new Evictions();
  /** Marks of touches that were not here when the process began: its disk may be behind the log. */
  readonly #awaited = new Evictions();
  readonly #watchers: StateWatcher[] = [];
  /** Up to where what is durable is shown: also between the transactions of one entry. */
  #shownAt: Head;
  #token: string | undefined;
  /** The numbers of transactions that are shown here and not in the log yet. */
  readonly #journaledNumbers = new JournaledNumbers();
  readonly #counts = new Map<string, number>();
  readonly #indexes: Indexes;
  /** Queries so far, by how they found their documents. */
  readonly queries = { index: 0, scan: 0 };
  /** Raised whenever staging sees something else. */
  stagingVersion = 0;

  constructor(options: StateOptions) {
    this.#prefix = options.prefix;
    this.#shownAt = options.prefix.head;
    this.#journaled = new Overlay(this.#prefix, this.#prefix.ancestry);
    this.#pending = new Overlay(this.#journaled, this.#prefix.ancestry);
    const hides: Hides = (collection, id, state) => this.#evictions.hides(collection, id, state);
    const noteQuery = (how: 'index' | 'scan') => {
      this.queries[how] += 1;
    };
    this.durable = new CurrentReader(this.#journaled, hides, {
      count: (collection) => this.#counts.get(collection) ?? 0,
      index: (collection, path) => this.#indexes.get(collection, path),
      noteQuery,
    });
    this.staging = new CurrentReader(this.#pending, hides, {
      count: (collection) => countAbove(this.durable, this.staging, this.#pending.touched(collection), collection),
      index: (collection, path) =>
        indexAbove(this.durable, this.staging, this.#pending.touched(collection), collection, path),
      noteQuery,
    });
    this.durableViews = new Views(this.durable, options.now, options.viewMilliseconds);
    this.stagingViews = new Views(this.staging, options.now, options.viewMilliseconds);
    for (const collection of this.durable.collections())
      for (const _ of this.durable.all(collection))
        this.#counts.set(collection, (this.#counts.get(collection) ?? 0) + 1);
    this.#indexes = new Indexes(this.durable, options.indexes);
  }

  watch(watcher: StateWatcher): void {
    this.#watchers.push(watcher);
  }

  get prefix(): Prefix {
    return this.#prefix;
  }

  get head(): Head {
    return this.#prefix.head;
  }

  markAt(position: Position): Mark | undefined {
    return this.#prefix.marks.at(position);
  }

  knownSince(since: Head | undefined): KnownHistory {
    return this.#prefix.marks.known(since, this.#prefix.head.position);
  }

  /** Documents shown, by collection. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Whether a transaction is shown here, and in no log yet. */
  holdsJournaled(origin: Origin, number: number): boolean {
    return this.#journaledNumbers.has(origin, number);
  }

  /** Up to where what is durable is shown. */
  get shownAt(): Head {
    return this.#shownAt;
  }

  /** Made when it is asked for first after a change. */
  get token(): string {
    this.#token ??= this.tokenOf(undefined);
    return this.#token;
  }

  /** The token of a reader that was told a part of it. */
  tokenOf(told: Told | undefined): string {
    const { log, position, mark } = this.#shownAt;
    return encodeToken({
      log,
      position,
      mark: mark.slice(0, tokenMarkDigits),
      // A reader of a part saw the log's states alone.
      journaled: told?.place ? noNumbers : this.#journaledNumbers.highest,
      evicted: this.#evictions.size > 0,
      told,
    });
  }

  /** A document as the log has it, without what lies over that. */
  logged(collection: string, id: string): StoredDocument | undefined {
    const state = this.prefix.state(collection, id);
    return documentExists(state) && !this.#evictions.hides(collection, id, state)
      ? { collection, id, state }
      : undefined;
  }

  /** Ids of documents that are shown otherwise than the log has them. */
  journaledIds(collection: string): Iterable<string> {
    return this.#journaled.touched(collection);
  }

  get evictions(): Pick<Evictions, 'added' | 'addedSince'> {
    return this.#evictions;
  }

  /**
   * The changes from the log's state at a position to the state that is shown now; undefined if they are not known any more.
   * @param position at or before the head's
   */
  changesSince(collection: string, position: Position): readonly DocumentChange[] | undefined {
    const formers = this.prefix.recent.since(collection, position);
    if (formers === undefined) return undefined;
    const changes: DocumentChange[] = [];
    const compare = (id: string, state: DocumentState | undefined) => {
      const before = documentExists(state) ? { collection, id, state } : undefined;
      const after = this.durable.get(collection, id);
      if (showsSame(before?.state, after?.state)) return;
      const evicted = after === undefined && documentExists(this.#journaled.state(collection, id));
      changes.push({ collection, id, before, after, evicted });
    };
    for (const [id, state] of formers) compare(id, state);
    // Neither what lies over the log nor what is hidden here was seen by who saw the log alone.
    const shownOtherwise = new Set([
      ...this.#journaled.touched(collection),
      ...this.#evictions.ofCollection(collection),
    ]);
    for (const id of shownOtherwise) if (!formers.has(id)) compare(id, this.prefix.state(collection, id));
    return changes;
  }

  /** Why a document is in a result no more. */
  reasonToBeMissing(collection: string, id: string): RemovalReason {
    const state = this.#journaled.state(collection, id);
    if (!documentExists(state)) return 'REMOVED';
    return this.#evictions.hides(collection, id, state) ? 'EVICTED' : 'LEFT_RESULT';
  }

  stage(transaction: StagedTransaction): void {
    for (const { collection, id } of transaction.delta.operations) this.stagingViews.keep(collection, id);
    this.#pending.add(transaction);
    this.stagingVersion += 1;
  }

  /** Takes back what was refused: it was never shown. */
  unstage(transaction: StagedTransaction): void {
    for (const { collection, id } of transaction.delta.operations) this.stagingViews.keep(collection, id);
    this.#pending.remove(transaction);
    this.stagingVersion += 1;
  }

  /** Takes back what came too late for the log, durable or pending. */
  drop(transaction: StagedTransaction): void {
    if (!this.holdsJournaled(transaction.origin, transaction.number)) {
      this.unstage(transaction);
      return;
    }
    const { operations } = transaction.delta;
    for (const { collection, id } of operations) this.stagingViews.keep(collection, id);
    this.#change(operations, this.prefix.head, () => {
      this.#journaledNumbers.delete(transaction.origin, transaction.number);
      this.#journaled.remove(transaction);
      for (const { collection, id } of operations) this.#pending.invalidate(collection, id);
    });
    this.stagingVersion += 1;
  }

  /** Shows a transaction that the journal holds. @param isStaged whether it was pending before */
  journal(transaction: StagedTransaction, isStaged: boolean): void {
    this.#change(transaction.delta.operations, this.prefix.head, () => {
      if (isStaged) this.#pending.remove(transaction);
      this.#journaled.add(transaction);
      for (const { collection, id } of transaction.delta.operations) this.#pending.invalidate(collection, id);
      this.#journaledNumbers.add(transaction.origin, transaction.number);
    });
    if (!isStaged) this.stagingVersion += 1;
  }

  /**
   * Puts a transaction of the log in its place.
   * @param own the same transaction where it was pending or journaled here
   * @returns numbers by origin that it names and the log lacks, see Prefix.put
   */
  apply(transaction: PreparedTransaction, at: Head, own: StagedTransaction | undefined): Missing {
    const missing =
      own && this.holdsJournaled(own.origin, own.number) && this.#journaled.isLowest(own)
        ? this.#sink(transaction, own, at)
        : this.#put(transaction, at, own);
    for (const watcher of this.#watchers) watcher.applied?.(transaction, at);
    return missing;
  }

  #put(transaction: PreparedTransaction, at: Head, own: StagedTransaction | undefined): Missing {
    let missing: Missing = [];
    if (!own) for (const { collection, id } of transaction.after) this.stagingViews.keep(collection, id);
    this.#change(transaction.after, at, () => {
      missing = this.prefix.put(transaction);
      for (const { collection, id } of transaction.after) this.#journaled.invalidate(collection, id);
      for (const { collection, id } of transaction.after) this.#pending.invalidate(collection, id);
      if (own) this.#comeBack(own);
    });
    if (!own) this.stagingVersion += 1;
    return missing;
  }

  /**
   * P31. Puts a prefix that was loaded beside this one in its place, and other transactions over it.
   * @param changed all documents that differ between the two, or may
   * @param journaled durable, and not in it @param pending staged over those
   */
  swap(
    prefix: Prefix,
    changed: Iterable<readonly [collection: string, id: string]>,
    journaled: readonly StagedTransaction[],
    pending: readonly StagedTransaction[],
  ): void {
    const keys = new DocumentMap<Key>();
    for (const some of [changed, this.#journaled.keys(), this.#pending.keys()])
      for (const [collection, id] of some) keys.set(collection, id, { collection, id });
    for (const { delta } of journaled)
      for (const { collection, id } of delta.operations) keys.set(collection, id, { collection, id });
    const changing = Array.from(keys, ([, , key]) => key);
    for (const { collection, id } of changing) this.stagingViews.keep(collection, id);
    this.#change(changing, prefix.head, () => {
      this.#prefix = prefix;
      this.#journaled.rebase(prefix, prefix.ancestry, journaled);
      this.#pending.rebase(this.#journaled, prefix.ancestry, pending);
      this.#journaledNumbers.clear();
      for (const transaction of journaled) this.#journaledNumbers.add(transaction.origin, transaction.number);
    });
    this.stagingVersion += 1;
  }

  /** Like `evict`, but waits for the write that the mark names, if it is not here yet. */
  expectEviction(mark: Eviction): void {
    if (this.#hasLastWriter(mark)) this.evict(mark);
    else this.#awaited.add(mark);
  }

  /** Hides a document while the mark's touch is its last. */
  evict(mark: Eviction): void {
    if (!this.#hasLastWriter(mark)) return;
    this.stagingViews.keep(mark.collection, mark.id);
    this.#change([mark], this.prefix.head, () => this.#evictions.add(mark), true);
    this.stagingVersion += 1;
  }

  /** A journaled transaction comes back: what was shown over the prefix is shown in it, and nothing changes for readers. */
  #sink(transaction: PreparedTransaction, own: StagedTransaction, at: Head): Missing {
    const missing = this.prefix.put(transaction);
    this.#journaledNumbers.delete(own.origin, own.number);
    this.#journaled.sink(own);
    for (const { collection, id } of transaction.after) this.#pending.markStale(collection, id);
    this.#tell([], at);
    return missing;
  }

  #comeBack(own: StagedTransaction): void {
    if (this.#journaledNumbers.delete(own.origin, own.number)) this.#journaled.remove(own);
    else this.#pending.remove(own);
  }

  #change(keys: readonly Key[], at: Head, make: () => void, evicted = false): void {
    const before = keys.map(({ collection, id }) => {
      this.durableViews.keep(collection, id);
      return this.durable.get(collection, id);
    });
    make();
    const changes: DocumentChange[] = [];
    keys.forEach(({ collection, id }, index) => {
      const former = before[index];
      const arrived = this.#awaited.size > 0 && this.#takeAwaited({ collection, id });
      const after = this.durable.get(collection, id);
      this.#count(collection, former, after);
      this.#indexes.change(collection, former, after);
      if (!evicted) this.#forgetEviction({ collection, id });
      if (former === undefined && after === undefined) return;
      if (former && after && showsSame(former.state, after.state)) return;
      changes.push({ collection, id, before: former, after, evicted: evicted || arrived });
    });
    this.#tell(changes, at);
  }

  #tell(changes: readonly DocumentChange[], at: Head): void {
    this.#shownAt = at;
    this.#token = undefined;
    for (const watcher of this.#watchers) watcher.changed?.(changes);
  }

  #takeAwaited({ collection, id }: Key): boolean {
    const mark = this.#awaited.get(collection, id);
    if (!mark || !this.#hasLastWriter(mark) || this.#mayComeLast(this.#evictions.get(collection, id))) return false;
    this.#awaited.delete(collection, id);
    this.#evictions.add(mark);
    return true;
  }

  #forgetEviction({ collection, id }: Key): void {
    const mark = this.#evictions.get(collection, id);
    if (!mark || this.#mayComeLast(mark)) return;
    this.#evictions.delete(collection, id);
    for (const watcher of this.#watchers) watcher.shownAgain?.(mark);
  }

  /**
   * Whether the mark's touch is the last in the prefix, or with the journaled or the pending over it. A mark stays for as
   * long: what lies over it may be refused, and what made it may be overtaken in the log and come last again.
   */
  #hasLastWriter({ collection, id, lastWriter }: Eviction): boolean {
    return [this.prefix, this.#journaled, this.#pending].some((states) => {
      const last = states.state(collection, id)?.lastWriter;
      return last?.origin === lastWriter.origin && last.number === lastWriter.number;
    });
  }

  /** Whether a mark's touch is the last, or on its way into the log: what lies over it now may come before it there. */
  #mayComeLast(mark: Eviction | undefined): boolean {
    return (
      mark !== undefined &&
      (this.#hasLastWriter(mark) || this.holdsJournaled(mark.lastWriter.origin, mark.lastWriter.number))
    );
  }

  #count(collection: string, before: StoredDocument | undefined, after: StoredDocument | undefined): void {
    if ((before === undefined) === (after === undefined)) return;
    const count = (this.#counts.get(collection) ?? 0) + (after ? 1 : -1);
    if (count > 0) this.#counts.set(collection, count);
    else this.#counts.delete(collection);
  }
}
