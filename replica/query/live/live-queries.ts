/**
 * All live queries of a replica. Equal queries are shared, and a change is passed only to those that it may concern.
 * L12. Readers of equal definitions share one result. Each is notified of every change of it in the turn of `apply`,
 * after all
 *      results have reached the new version; a closed reader is not notified any more, and one that was opened
 * meanwhile is not
 *      notified of changes that its result already shows.
 */
import { jsonFromValue } from '../../values/json.ts';
import type { DocumentReader } from '../access/document-reader.ts';
import type { Filter } from '../filters/filter.ts';
import type { DocumentList } from './document-list.ts';
import { type LiveQuery, openLiveQuery } from './live-query.ts';
import { QueryIndex } from './query-index.ts';
import type { DocumentChange, LiveQueryDefinition, ResultChange } from './result-change.ts';

export interface LiveReader {
  readonly result: DocumentList;
  /** The change from the result before `changes`, which have been applied, to the present result. */
  since(changes: readonly DocumentChange[]): ResultChange;
  close(): void;
}

/** A live query and its readers. */
interface SharedQuery {
  readonly query: LiveQuery;
  readonly readers: Set<Reader>;
}

interface Told {
  readonly shared: SharedQuery;
  readonly change: ResultChange;
  /** The readers that were open when the change was made. */
  readonly readers: readonly Reader[];
}

export class LiveQueries {
  readonly #reader: DocumentReader;
  readonly #sharedByKey = new Map<string, SharedQuery>();
  readonly #index = new QueryIndex<SharedQuery>();
  #readers = 0;

  /** @param reader the durable state */
  constructor(reader: DocumentReader) {
    this.#reader = reader;
  }

  /**
   * @param changed called in the turn of `apply`; must not throw
   * @throws {BadUserInputError} if `first` is below 0
   */
  open(definition: LiveQueryDefinition, changed: (change: ResultChange) => void): LiveReader {
    const key = keyOf(definition);
    const shared = this.#sharedByKey.get(key) ?? this.#share(key, definition);
    this.#readers += 1;
    return new Reader(shared, changed, () => this.#left(key, shared));
  }

  /** Applies all changes of one turn at once; the reader must already show them. */
  apply(changes: readonly DocumentChange[]): void {
    if (this.#sharedByKey.size === 0) return;
    const events: Told[] = [];
    for (const [shared, concerning] of this.#index.concerned(changes)) {
      const change = shared.query.apply(concerning);
      if (change !== undefined) events.push({ shared, change, readers: [...shared.readers] });
    }
    tell(events);
  }

  /** The number of distinct live queries, and of their readers. */
  get size(): { readonly queries: number; readonly readers: number } {
    return { queries: this.#sharedByKey.size, readers: this.#readers };
  }

  #left(key: string, shared: SharedQuery): void {
    this.#readers -= 1;
    if (shared.readers.size > 0) return;
    this.#sharedByKey.delete(key);
    this.#index.delete(shared, shared.query.definition.collection);
  }

  #share(key: string, definition: LiveQueryDefinition): SharedQuery {
    const shared: SharedQuery = { query: openLiveQuery(definition, this.#reader), readers: new Set() };
    this.#sharedByKey.set(key, shared);
    this.#index.add(shared, definition.collection, definition.filter);
    return shared;
  }
}

function tell(events: readonly Told[]): void {
  for (const { change, readers } of events) for (const reader of readers) reader.tell(change);
}

class Reader implements LiveReader {
  readonly #shared: SharedQuery;
  readonly #changed: (change: ResultChange) => void;
  readonly #left: () => void;

  constructor(shared: SharedQuery, changed: (change: ResultChange) => void, left: () => void) {
    this.#shared = shared;
    this.#changed = changed;
    this.#left = left;
    shared.readers.add(this);
  }

  get result(): DocumentList {
    return this.#shared.query.result;
  }

  since(changes: readonly DocumentChange[]): ResultChange {
    return this.#shared.query.since(changes);
  }

  /** Does nothing after close. */
  tell(change: ResultChange): void {
    if (this.#shared.readers.has(this)) this.#changed(change);
  }

  close(): void {
    if (this.#shared.readers.delete(this)) this.#left();
  }
}

/** Equal for definitions that are spelt the same. */
function keyOf({ collection, filter, order, first }: LiveQueryDefinition): string {
  const fields = order.map(({ path, direction }) => [path, direction]);
  return JSON.stringify([collection, filter === undefined ? null : spellFilter(filter), fields, first ?? null]);
}

function spellFilter(filter: Filter): unknown {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return [filter.kind, filter.filters.map(spellFilter)];
    case 'not':
      return [filter.kind, spellFilter(filter.filter)];
    case 'in':
      return [filter.kind, filter.path, filter.values.map(jsonFromValue)];
    default:
      return [filter.kind, filter.path, jsonFromValue(filter.value)];
  }
}
