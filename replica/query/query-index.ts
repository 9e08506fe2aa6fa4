/**
 * Which live queries a turn's changes may concern: those of the collection, and where a filter says which ids it can match,
 * only those of the id. So watchers of single documents cost nothing when others are written to.
 */
import { type Filter, pinnedIds } from './filter.ts';
import type { DocumentChange } from './live-query.ts';

interface CollectionQueries<Query> {
  readonly byId: Map<string, Set<Query>>;
  /** Those that any document may match. */
  readonly unpinned: Set<Query>;
}

export class QueryIndex<Query> {
  readonly #collections = new Map<string, CollectionQueries<Query>>();

  add(query: Query, collection: string, filter: Filter | undefined): void {
    const queries = this.#collections.get(collection) ?? { byId: new Map(), unpinned: new Set() };
    this.#collections.set(collection, queries);
    const ids = pinnedIds(filter);
    if (ids === undefined) queries.unpinned.add(query);
    else
      for (const id of ids) {
        const ofId = queries.byId.get(id);
        if (ofId === undefined) queries.byId.set(id, new Set([query]));
        else ofId.add(query);
      }
  }

  /** With what it was added with. */
  delete(query: Query, collection: string, filter: Filter | undefined): void {
    const queries = this.#collections.get(collection);
    if (queries === undefined) return;
    queries.unpinned.delete(query);
    for (const id of pinnedIds(filter) ?? []) {
      const ofId = queries.byId.get(id);
      ofId?.delete(query);
      if (ofId?.size === 0) queries.byId.delete(id);
    }
    if (queries.unpinned.size + queries.byId.size === 0) this.#collections.delete(collection);
  }

  /** For each query that may be concerned, the changes to show it, in their order. */
  concerned(changes: readonly DocumentChange[]): ReadonlyMap<Query, readonly DocumentChange[]> {
    const byCollection = new Map<string, DocumentChange[]>();
    for (const change of changes) append(byCollection, change.collection, change);
    const concerned = new Map<Query, DocumentChange[]>();
    for (const [collection, ofCollection] of byCollection) {
      const queries = this.#collections.get(collection);
      if (queries === undefined) continue;
      for (const query of queries.unpinned) concerned.set(query, ofCollection);
      if (queries.byId.size === 0) continue;
      for (const change of ofCollection) {
        for (const query of queries.byId.get(change.id) ?? []) append(concerned, query, change);
      }
    }
    return concerned;
  }
}

function append<Key, Member>(lists: Map<Key, Member[]>, key: Key, member: Member): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [member]);
  else list.push(member);
}
