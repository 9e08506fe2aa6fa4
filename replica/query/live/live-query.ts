/**
 * One live query: the sorted result of (collection, filter, order, first). Pure: no clock, no I/O.
 * docs/internals/live-queries.md.
 * L1. After `apply`, `result` equals a fresh query over the same state.
 * L2. The change leads from the result before to the result after; undefined if these are equal.
 * L5. A document leaves a result with the reason that its last change gives: it was removed, was evicted here, or still
 * exists
 *     but no longer belongs to the result.
 * Why all matches are kept, including those past `first`: when a document leaves a full result, the next one is known
 * at once.
 */

import type { DocumentReader } from '../access/document-reader.ts';
import { sortedMatches } from '../access/query-plan.ts';
import { compileFilter, type Predicate } from '../filters/filter.ts';
import { compilePrecedes, type Precedes } from '../filters/order.ts';
import { checkCount } from '../pages/page.ts';
import type { StoredDocument } from '../stored-document.ts';
import { CountedList } from '../structures/counted-list.ts';
import { DocumentList } from './document-list.ts';
import type { DocumentChange, LiveQueryDefinition, RemovalReason, ResultChange } from './result-change.ts';
import { differenceOf } from './result-difference.ts';

export interface LiveQuery {
  readonly definition: LiveQueryDefinition;
  /** A new list after each change: an old list stays an old result. */
  readonly result: DocumentList;
  /** Applies all changes of one turn (usually of one transaction) at once. */
  apply(changes: readonly DocumentChange[]): ResultChange | undefined;
  /**
   * The change from the result before `changes`, which have been applied, to the present result; empty if these are
   * equal.
   */
  since(changes: readonly DocumentChange[]): ResultChange;
}

/** @throws {BadUserInputError} if `first` is below 0 */
export function openLiveQuery(definition: LiveQueryDefinition, reader: DocumentReader): LiveQuery {
  checkCount(definition.first, 'first');
  const matches = sortedMatches(reader, definition.collection, definition.filter, definition.order);
  return new SortedResult(definition, new CountedList(matches));
}

/** The whole result as a change from nothing: the first event of a reader. */
export const wholeResult = (result: DocumentList): ResultChange => ({
  before: DocumentList.of([]),
  after: result,
  inserted: Array.from(result, (document, index) => ({ index, document })),
  updated: [],
  removed: [],
  moved: [],
});

class SortedResult implements LiveQuery {
  readonly definition: LiveQueryDefinition;
  readonly #isMatch: Predicate;
  readonly #precedes: Precedes;
  readonly #matches: CountedList<StoredDocument>;
  #result: DocumentList;

  constructor(definition: LiveQueryDefinition, matches: CountedList<StoredDocument>) {
    this.definition = definition;
    this.#isMatch = compileFilter(definition.filter);
    this.#precedes = compilePrecedes(definition.order);
    this.#matches = matches;
    this.#result = new DocumentList(this.#matches.freeze(), definition.first);
  }

  get result(): DocumentList {
    return this.#result;
  }

  apply(changes: readonly DocumentChange[]): ResultChange | undefined {
    const changesById = this.#byId(changes);
    const first = this.#edit(changesById.values());
    if (first >= (this.definition.first ?? Number.POSITIVE_INFINITY)) return undefined;
    const before = this.#result;
    this.#result = new DocumentList(this.#matches.freeze(), this.definition.first);
    return differenceOf(
      before,
      this.#result,
      (id) => changesById.has(id),
      (id) => reasonOf(changesById.get(id)),
    );
  }

  since(changes: readonly DocumentChange[]): ResultChange {
    const former = new SortedResult(this.definition, this.#matches.fork());
    former.apply(changes.map((change) => ({ ...change, before: change.after, after: change.before })));
    const changesById = this.#byId(changes);
    const before = former.result;
    const after = this.#result;
    const change = differenceOf(
      before,
      after,
      (id) => changesById.has(id),
      (id) => reasonOf(changesById.get(id)),
    );
    return change ?? { before, after, inserted: [], updated: [], removed: [], moved: [] };
  }

  /** Merges the changes of each document into one: from its state before the first to its state after the last. */
  #byId(changes: readonly DocumentChange[]): ReadonlyMap<string, DocumentChange> {
    const changesById = new Map<string, DocumentChange>();
    for (const change of changes) {
      if (change.collection !== this.definition.collection) continue;
      const earlier = changesById.get(change.id);
      changesById.set(change.id, earlier === undefined ? change : { ...change, before: earlier.before });
    }
    return changesById;
  }

  /** @returns the lowest index at which a document left or entered; infinite if none did */
  #edit(changes: Iterable<DocumentChange>): number {
    let first = Number.POSITIVE_INFINITY;
    const arriving: StoredDocument[] = [];
    // A leaving document is found by binary search, which needs the old order: remove all before inserting any.
    for (const { before, after } of changes) {
      if (after !== undefined && this.#isMatch(after)) arriving.push(after);
      if (before === undefined || !this.#isMatch(before)) continue;
      const place = this.#placeOf(before);
      this.#matches.deleteAt(place);
      first = Math.min(first, place);
    }
    for (const document of arriving) {
      const place = this.#placeOf(document);
      this.#matches.insertAt(place, document);
      first = Math.min(first, place);
    }
    return first;
  }

  #placeOf(document: StoredDocument): number {
    return this.#matches.countWhile(this.#precedes(document));
  }
}

function reasonOf(change: DocumentChange | undefined): RemovalReason {
  if (change === undefined || change.after !== undefined) return 'LEFT_RESULT';
  return change.evicted ? 'EVICTED' : 'REMOVED';
}
