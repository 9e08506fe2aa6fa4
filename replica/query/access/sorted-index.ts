/**
 * Sorted indexes: the documents of a collection by the key at one keypath (L8), with ties by `_id`.
 * L19. An index has each document that its readers see exactly once, also those with nothing at the keypath, and no
 * others.
 * L20. Some readers (an open view, a transaction, staging) see other documents; for them an overlay is put over the
 * index. It hides the
 *      entries of these documents and adds those that the readers see. The index itself is never copied.
 */
import { partitionPoint } from '../../values/binary-search.ts';
import { compareValues, sortStrings, sortValues, type Value } from '../../values/value.ts';
import type { FieldReader } from '../filters/fields.ts';
import type { Key } from '../filters/key-set.ts';
import type { StoredDocument } from '../stored-document.ts';
import { CountedList } from '../structures/counted-list.ts';

export interface SortedIndex {
  readonly length: number;
  /** Undefined if the place is out of range. */
  idAt(place: number): string | undefined;
  keyAt(place: number): Key;
  /** The ids at the places in [from, to). */
  ids(from: number, to: number): Iterable<string>;
  /**
   * The length of the prefix that passes the test. The test must hold for a prefix of the index and for nothing after
   * it.
   */
  countWhile(test: (key: Key, id: string) => boolean): number;
}

export interface IndexEntry {
  readonly key: Key;
  readonly id: string;
}

export function compareEntries(a: IndexEntry, b: IndexEntry): number {
  return compareValues(a.key, b.key) || compareValues(a.id, b.id);
}

const standsBefore =
  (entry: IndexEntry) =>
  (key: Key, id: string): boolean =>
    (compareValues(key, entry.key) || compareValues(id, entry.id)) < 0;

/** The index of the present version; it is updated with every change. */
export class KeptIndex implements SortedIndex {
  readonly #entries: CountedList<string, Key>;
  /** In the index on `_id` the ids are the keys. */
  readonly #isById: boolean;

  /** @param keys parallel to the ids; undefined for the index on `_id` */
  constructor(ids: readonly string[], keys?: readonly Key[]) {
    this.#isById = keys === undefined;
    this.#entries = keys ? sortedEntries(ids, keys) : new CountedList(sortStrings([...ids]));
  }

  get length(): number {
    return this.#entries.length;
  }

  idAt(place: number): string | undefined {
    return this.#entries.at(place);
  }

  keyAt(place: number): Key {
    return this.#isById ? this.#entries.at(place) : this.#entries.keyAt(place);
  }

  ids(from: number, to: number): Iterable<string> {
    return this.#entries.between(from, to);
  }

  countWhile(test: (key: Key, id: string) => boolean): number {
    return this.#isById
      ? this.#entries.countWhile((id) => test(id, id))
      : this.#entries.countWhile((id, key) => test(key, id));
  }

  add(entry: IndexEntry): void {
    this.#entries.insertAt(this.countWhile(standsBefore(entry)), entry.id, this.#isById ? undefined : entry.key);
  }

  /** @param entry must be in the index */
  delete(entry: IndexEntry): void {
    this.#entries.deleteAt(this.countWhile(standsBefore(entry)));
  }
}

/** Groups ids by key first: many documents share few keys, and within a group only ids are compared. */
function sortedEntries(ids: readonly string[], keys: readonly Key[]): CountedList<string, Key> {
  const idsByKey = new Map<Key, string[]>();
  for (const [at, id] of ids.entries()) {
    const same = idsByKey.get(keys[at]);
    if (same) same.push(id);
    else idsByKey.set(keys[at], [id]);
  }
  const groups: { readonly key: Key; readonly ids: string[] }[] = [];
  for (const key of inOrder(idsByKey.keys())) {
    const same = idsByKey.get(key) ?? [];
    const last = groups.at(-1);
    // Equal keys may be distinct objects, or a number and a bigint.
    if (last && compareValues(last.key, key) === 0) for (const id of same) last.ids.push(id);
    else groups.push({ key, ids: same });
  }
  const items: string[] = [];
  const keysOfItems: Key[] = [];
  for (const group of groups)
    for (const id of sortStrings(group.ids)) {
      items.push(id);
      keysOfItems.push(group.key);
    }
  return new CountedList(items, keysOfItems);
}

function* inOrder(keys: Iterable<Key>): Generator<Key> {
  const values: Value[] = [];
  let hasNothing = false;
  for (const key of keys) {
    if (key === undefined) hasNothing = true;
    else values.push(key);
  }
  if (hasNothing) yield undefined;
  yield* sortValues(values);
}

/** One document as the reader below the overlay and the reader above it see it. */
export type SeenOtherwise = readonly [beneath: StoredDocument | undefined, above: StoredDocument | undefined];

/** The index as the reader above the overlay sees it. */
export function layOver(index: SortedIndex, read: FieldReader, documents: Iterable<SeenOtherwise>): SortedIndex {
  const gone: IndexEntry[] = [];
  const come: IndexEntry[] = [];
  for (const [beneath, above] of documents) {
    const was = beneath && { key: read(beneath), id: beneath.id };
    const is = above && { key: read(above), id: above.id };
    if (was !== undefined && is !== undefined && compareEntries(was, is) === 0) continue;
    if (was !== undefined) gone.push(was);
    if (is !== undefined) come.push(is);
  }
  return gone.length + come.length === 0 ? index : new LaidOverIndex(index, gone, come);
}

class LaidOverIndex implements SortedIndex {
  readonly #beneath: SortedIndex;
  readonly #come: readonly IndexEntry[];
  readonly #gone: readonly IndexEntry[];
  /** The places of added entries in this index, and of hidden entries in the index below. */
  readonly #comePlaces: readonly number[];
  readonly #gonePlaces: readonly number[];

  constructor(beneath: SortedIndex, gone: IndexEntry[], come: IndexEntry[]) {
    this.#beneath = beneath;
    this.#gone = gone.sort(compareEntries);
    this.#come = come.sort(compareEntries);
    this.#gonePlaces = gone.map((entry) => beneath.countWhile(standsBefore(entry)));
    this.#comePlaces = come.map((entry) => this.countWhile(standsBefore(entry)));
  }

  get length(): number {
    return this.#beneath.length - this.#gone.length + this.#come.length;
  }

  idAt(place: number): string | undefined {
    const { come, beneath } = this.#find(place);
    return come === undefined ? this.#beneath.idAt(beneath) : come.id;
  }

  keyAt(place: number): Key {
    const { come, beneath } = this.#find(place);
    return come === undefined ? this.#beneath.keyAt(beneath) : come.key;
  }

  *ids(from: number, to: number): Iterable<string> {
    for (let place = from; place < to; place += 1) {
      const id = this.idAt(place);
      if (id !== undefined) yield id;
    }
  }

  countWhile(test: (key: Key, id: string) => boolean): number {
    const holds = ({ key, id }: IndexEntry) => test(key, id);
    return this.#beneath.countWhile(test) - countOf(this.#gone, holds) + countOf(this.#come, holds);
  }

  #find(place: number): { readonly come: IndexEntry | undefined; readonly beneath: number } {
    const before = countOf(this.#comePlaces, (other) => other < place);
    if (this.#comePlaces[before] === place) return { come: this.#come[before], beneath: -1 };
    const kept = place - before;
    const gone = countOf(this.#gonePlaces, (other, index) => other - index <= kept);
    return { come: undefined, beneath: kept + gone };
  }
}

/** The length of the prefix that passes the test. */
function countOf<Item>(sorted: readonly Item[], test: (item: Item, index: number) => boolean): number {
  return partitionPoint(0, sorted.length, (index) => {
    const item = sorted[index];
    return item !== undefined && test(item, index);
  });
}
