/**
 * Query plans: a query finds its documents by the keys that its filter can hold for, by an index that has its order,
 * or, if no index helps, by scanning the collection.
 * L21. Results do not depend on which indexes exist.
 */
import type { Path } from '../../values/keypath.ts';
import { isIdPath } from '../filters/fields.ts';
import { compileFilter, type Filter, type Predicate } from '../filters/filter.ts';
import { keysOfFilter, type Piece } from '../filters/filter-keys.ts';
import { isBefore, type Key, type KeySet, soleKeyOf } from '../filters/key-set.ts';
import { type OrderField, sortDocuments } from '../filters/order.ts';
import type { StoredDocument } from '../stored-document.ts';
import type { DocumentReader } from './document-reader.ts';
import { OrderedEntries, type Segment } from './ordered-entries.ts';
import type { SortedIndex } from './sorted-index.ts';

/** Entries in the order of the query. `isMatch` is undefined if all of them match. */
export interface OrderedPlan {
  readonly entries: OrderedEntries;
  readonly isMatch: Predicate | undefined;
}

/** All matching documents of a collection, in arbitrary order. */
export function* matching(
  reader: DocumentReader,
  collection: string,
  filter: Filter | undefined,
): Generator<StoredDocument, void, undefined> {
  const indexOf = indexesOf(reader, collection);
  const keys = keysOfFilter(filter, costsBy(indexOf));
  if (keys.kind === 'none') return;
  const isMatch = compileFilter(filter);
  const pieces = keys.kind === 'some' ? keys.cover?.pieces : undefined;
  if (pieces === undefined) {
    reader.noteQuery('scan');
    for (const document of reader.all(collection)) if (isMatch(document)) yield document;
    return;
  }
  reader.noteQuery('index');
  const met = new Set<string>();
  for (const piece of pieces) {
    for (const id of idsOf(piece, indexOf)) {
      // A document has one key per keypath, but may have keys in several pieces.
      if (pieces.length > 1 && met.has(id)) continue;
      if (pieces.length > 1) met.add(id);
      const document = reader.get(collection, id);
      if (document !== undefined && isMatch(document)) yield document;
    }
  }
}

/**
 * Undefined if no index has the order, or if the matches are so few that sorting them is cheaper.
 * @param wanted the maximum number of documents that will be read
 */
export function orderedPlan(
  reader: DocumentReader,
  collection: string,
  filter: Filter | undefined,
  order: readonly OrderField[],
  wanted: number,
): OrderedPlan | undefined {
  const [{ path, direction } = { path: idPath, direction: 'ASC' as const }, second, ...more] = order;
  if (more.length > 0 || (second !== undefined && !isTie(second))) return undefined;
  const isFalling = direction === 'DESC';
  const indexOf = indexesOf(reader, collection);
  const keys = keysOfFilter(filter, costsBy(indexOf));
  if (keys.kind === 'none') return undefined;

  const exactly = keys.kind === 'some' ? keys.exactly : undefined;
  if (exactly !== undefined && (samePath(exactly, path) || (order.length === 0 && hasSoleKey(exactly)))) {
    if (isById(exactly)) return undefined;
    const index = indexOf(exactly.path);
    if (index !== undefined)
      return { entries: new OrderedEntries(index, segmentsOf(index, exactly.keys), isFalling), isMatch: undefined };
  }

  const count = reader.count(collection);
  const candidates = keys.kind === 'some' ? (keys.cover?.cost ?? count) : count;
  // In index order, one entry in count / candidates is a candidate, so finding `wanted` takes wanted * count /
  // candidates steps.
  if (candidates < count && candidates * candidates < wanted * count) return undefined;
  const index = indexOf(path);
  if (index === undefined) return undefined;
  const entries = new OrderedEntries(index, [[0, index.length]], isFalling);
  return { entries, isMatch: keys.kind === 'all' ? undefined : compileFilter(filter) };
}

/** All matching documents, sorted. */
export function sortedMatches(
  reader: DocumentReader,
  collection: string,
  filter: Filter | undefined,
  order: readonly OrderField[],
): StoredDocument[] {
  const plan = orderedPlan(reader, collection, filter, order, Number.POSITIVE_INFINITY);
  if (plan === undefined) return sortDocuments(matching(reader, collection, filter), order);
  reader.noteQuery('index');
  const documents: StoredDocument[] = [];
  for (const id of plan.entries.ids(0, plan.entries.length)) {
    const document = reader.get(collection, id);
    if (document !== undefined && (plan.isMatch?.(document) ?? true)) documents.push(document);
  }
  return documents;
}

type IndexOf = (path: Path) => SortedIndex | undefined;

/** Asks the reader for each index once, as it may have to build an overlay. */
function indexesOf(reader: DocumentReader, collection: string): IndexOf {
  const known = new Map<string, SortedIndex | undefined>();
  return (path) => {
    const text = JSON.stringify(path);
    if (!known.has(text)) known.set(text, reader.index(collection, path));
    return known.get(text);
  };
}

const idPath = ['_id'];

const isTie = ({ path, direction }: OrderField): boolean => isIdPath(path) && direction === 'ASC';

const samePath = ({ path }: Piece, other: Path): boolean =>
  path.length === other.length && path.every((key, index) => key === other[index]);

/** Entries that share one key are sorted by id. */
const hasSoleKey = ({ keys: [only, ...others] }: Piece): boolean =>
  only !== undefined && others.length === 0 && soleKeyOf(only) !== undefined;

/** Whether the piece lists ids: such documents are read one by one. */
const isById = ({ path, keys }: Piece): boolean => isIdPath(path) && solesOf(keys) !== undefined;

/** The number of documents that a piece leads to; infinite if there is no index for it. */
const costsBy =
  (indexOf: IndexOf) =>
  (piece: Piece): number => {
    if (isById(piece)) return piece.keys.length;
    const index = indexOf(piece.path);
    if (index === undefined) return Number.POSITIVE_INFINITY;
    return segmentsOf(index, piece.keys).reduce((sum, [from, to]) => sum + to - from, 0);
  };

function* idsOf(piece: Piece, indexOf: IndexOf): Generator<string> {
  if (isById(piece)) {
    for (const key of solesOf(piece.keys) ?? []) if (typeof key === 'string') yield key;
    return;
  }
  const index = indexOf(piece.path);
  if (index === undefined) return;
  for (const [from, to] of segmentsOf(index, piece.keys)) yield* index.ids(from, to);
}

/** The keys, if every interval contains a single key. */
function solesOf(keys: KeySet): readonly Key[] | undefined {
  const soles: Key[] = [];
  for (const interval of keys) {
    const sole = soleKeyOf(interval);
    if (sole === undefined) return undefined;
    soles.push(sole.key);
  }
  return soles;
}

function segmentsOf(index: SortedIndex, keys: KeySet): readonly Segment[] {
  return keys.map(({ from, to }) => [
    index.countWhile((key) => isBefore(key, from)),
    to === undefined ? index.length : index.countWhile((key) => isBefore(key, to)),
  ]);
}
