/**
 * Finds the live queries that the changes of a turn may concern: those whose filters can hold for a document's state
 * before or after.
 * L12. A change is passed only to queries of its collection whose filters can hold for it. Each query is filed under
 * the keys of
 *      one cover of its filter: single keys in a map, intervals in a tree. So a change costs as many steps as it
 * concerns
 *      queries, however many there are.
 */
import { limits } from '../../../limits.ts';
import type { Path } from '../../values/keypath.ts';
import { type FieldReader, fieldReader } from '../filters/fields.ts';
import type { Filter } from '../filters/filter.ts';
import { keysOfFilter, type Piece } from '../filters/filter-keys.ts';
import { type Identity, type Interval, identityOf, type Key, soleKeyOf } from '../filters/key-set.ts';
import { SmallSet } from '../structures/small-set.ts';
import { IntervalTree } from './interval-tree.ts';
import type { DocumentChange } from './result-change.ts';

export class QueryIndex<Query extends NonNullable<unknown>> {
  readonly #collections = new Map<string, CollectionQueries<Query>>();

  add(query: Query, collection: string, filter: Filter | undefined): void {
    const queries = this.#collections.get(collection) ?? new CollectionQueries();
    this.#collections.set(collection, queries);
    queries.add(query, filter);
  }

  delete(query: Query, collection: string): void {
    const queries = this.#collections.get(collection);
    if (queries === undefined) return;
    queries.delete(query);
    if (queries.isEmpty) this.#collections.delete(collection);
  }

  /** For each query that may be concerned: its changes, in order. */
  concerned(changes: readonly DocumentChange[]): ReadonlyMap<Query, readonly DocumentChange[]> {
    const byCollection = new Map<string, DocumentChange[]>();
    for (const change of changes) append(byCollection, change.collection, change);
    const concerned = new Map<Query, readonly DocumentChange[]>();
    for (const [collection, ofCollection] of byCollection) {
      this.#collections.get(collection)?.concerned(ofCollection, concerned);
    }
    return concerned;
  }
}

/** The live queries of one collection. */
class CollectionQueries<Query extends NonNullable<unknown>> {
  /** Where each query is filed; no places if its filter never holds. */
  readonly #places = new Map<Query, readonly Place<Query>[] | 'everywhere'>();
  /** Queries that any document may match. */
  readonly #everywhere = new Set<Query>();
  readonly #byPath = new Map<string, PathQueries<Query>>();

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  add(query: Query, filter: Filter | undefined): void {
    const found = keysOfFilter(filter, (piece) => this.#costOf(piece));
    const pieces = found.kind === 'some' ? found.cover?.pieces : found.kind === 'none' ? [] : undefined;
    if (pieces === undefined) {
      this.#places.set(query, 'everywhere');
      this.#everywhere.add(query);
      return;
    }
    const places = pieces.flatMap(({ path, keys }) => {
      const queries = this.#queriesAt(path);
      return keys.map((interval): Place<Query> => ({ queries, at: spotOf(interval) }));
    });
    this.#places.set(query, places);
    for (const { queries, at } of places) queries.add(at, query);
  }

  delete(query: Query): void {
    const places = this.#places.get(query);
    this.#places.delete(query);
    if (places === 'everywhere') this.#everywhere.delete(query);
    else
      for (const { queries, at } of places ?? []) {
        queries.delete(at, query);
        if (queries.isEmpty) this.#byPath.delete(queries.text);
      }
  }

  concerned(changes: readonly DocumentChange[], concerned: Map<Query, readonly DocumentChange[]>): void {
    for (const query of this.#everywhere) concerned.set(query, changes);
    if (this.#byPath.size === 0) return;
    const met = new Map<Query, DocumentChange[]>();
    for (const change of changes) {
      const meet = (query: Query): void => {
        const shown = met.get(query);
        if (shown === undefined) met.set(query, [change]);
        else if (shown.at(-1) !== change) shown.push(change);
      };
      for (const queries of this.#byPath.values()) queries.meet(change, meet);
    }
    for (const [query, shown] of met) concerned.set(query, shown);
  }

  #queriesAt(path: Path): PathQueries<Query> {
    const text = JSON.stringify(path);
    const queries = this.#byPath.get(text) ?? new PathQueries(path, text);
    this.#byPath.set(text, queries);
    return queries;
  }

  /**
   * About how many queries a write would notify in vain: those already filed under the same keys, and those on wide
   * ranges.
   */
  #costOf({ path, keys }: Piece): number {
    if (keys.length > limits.liveQueryKeys) return Number.POSITIVE_INFINITY;
    if (keys.length > aCrowd) return keys.length;
    const queries = this.#byPath.get(JSON.stringify(path));
    let cost = 0;
    for (const interval of keys) cost += widthOf(interval) * (1 + (queries?.crowdAt(interval) ?? 0));
    return cost;
  }
}

/** A single key of a keypath, or an interval of keys. */
type Spot = { readonly identity: Identity } | { readonly interval: Interval };

function spotOf(interval: Interval): Spot {
  const identity = soleIdentityOf(interval);
  return identity === undefined ? { interval } : { identity };
}

interface Place<Query extends NonNullable<unknown>> {
  readonly queries: PathQueries<Query>;
  readonly at: Spot;
}

/** The estimated share of writes whose key is in the interval, relative to a single key. */
function widthOf(interval: Interval): number {
  if (soleKeyOf(interval) !== undefined) return 1;
  const { from, to } = interval;
  if (to === undefined) return from.key === undefined && !from.isBehind ? Number.POSITIVE_INFINITY : widest;
  const hasBothEnds = typeof from.key === typeof to.key && from.key !== '' && to.key !== '';
  return hasBothEnds ? 4 : widest / 4;
}

const widest = 256;
/** Counting stops here: more queries would not change the choice of a cover. */
const aCrowd = 64;

/** The live queries filed under the keys of one keypath. */
class PathQueries<Query extends NonNullable<unknown>> {
  readonly #read: FieldReader;
  readonly #bySoleKey = new Map<Identity, SmallSet<Query>>();
  readonly #byInterval = new IntervalTree<Query>();

  /** The keypath as text. */
  readonly text: string;

  constructor(path: Path, text: string) {
    this.text = text;
    this.#read = fieldReader(path);
  }

  get isEmpty(): boolean {
    return this.#bySoleKey.size === 0 && this.#byInterval.isEmpty;
  }

  add(at: Spot, query: Query): void {
    if ('interval' in at) {
      this.#byInterval.add(at.interval, query);
      return;
    }
    const queries = this.#bySoleKey.get(at.identity) ?? new SmallSet();
    this.#bySoleKey.set(at.identity, queries);
    queries.add(query);
  }

  delete(at: Spot, query: Query): void {
    if ('interval' in at) {
      this.#byInterval.delete(at.interval, query);
      return;
    }
    const queries = this.#bySoleKey.get(at.identity);
    queries?.delete(query);
    if (queries?.size === 0) this.#bySoleKey.delete(at.identity);
  }

  /** The number of queries filed where an interval starts, counted up to aCrowd. */
  crowdAt(interval: Interval): number {
    const identity = soleIdentityOf(interval);
    let count = identity === undefined ? 0 : (this.#bySoleKey.get(identity)?.size ?? 0);
    this.#byInterval.visit(interval.from.key, ({ size }) => {
      count += size;
      return count > aCrowd ? 'enough' : undefined;
    });
    return Math.min(count, aCrowd);
  }

  /** Calls `met` for each query filed under the document's key before or after the change; for some queries twice. */
  meet({ before, after }: DocumentChange, met: (query: Query) => void): void {
    if (before !== undefined) this.#meetAt(this.#read(before), met);
    if (after === undefined || (before !== undefined && this.#read(before) === this.#read(after))) return;
    this.#meetAt(this.#read(after), met);
  }

  #meetAt(key: Key, met: (query: Query) => void): void {
    const identity = identityOf(key);
    if (identity !== undefined) for (const query of this.#bySoleKey.get(identity) ?? []) met(query);
    this.#byInterval.visit(key, (queries) => {
      for (const query of queries) met(query);
      return undefined;
    });
  }
}

function soleIdentityOf(interval: Interval): Identity | undefined {
  const sole = soleKeyOf(interval);
  return sole && identityOf(sole.key);
}

function append<Name, Member>(lists: Map<Name, Member[]>, name: Name, member: Member): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [member]);
  else list.push(member);
}
