/**
 * Orders over documents: by values at keypaths, across types, with ties broken by `_id` (by code point), so no two
 * documents of a collection compare equal.
 * L8. The order is total: nothing there, null, false, true, numbers, strings by code point, arrays, objects,
 * attachments;
 *     DESC reverses that; ties go by `_id`, ascending in either direction.
 */
import type { Path } from '../../values/keypath.ts';
import { compareValues, type Value } from '../../values/value.ts';
import type { StoredDocument } from '../stored-document.ts';
import { fieldReader } from './fields.ts';

export interface OrderField {
  readonly path: Path;
  readonly direction: 'ASC' | 'DESC';
}

/** The values at the order's keypaths; undefined where a document has none. */
export type OrderKeys = readonly (Value | undefined)[];

/** A document with its sort keys, read once for many comparisons. */
export interface Ranked {
  readonly document: StoredDocument;
  readonly keys: OrderKeys;
}

const noKeys: OrderKeys = [];

export function compileKeys(order: readonly OrderField[]): (document: StoredDocument) => OrderKeys {
  if (order.length === 0) return () => noKeys;
  const readers = order.map(({ path }) => fieldReader(path));
  return (document) => readers.map((read) => read(document));
}

export function compileRankedOrder(order: readonly OrderField[]): (a: Ranked, b: Ranked) => number {
  const descending = order.map(({ direction }) => direction === 'DESC');
  return (a, b) => {
    for (let field = 0; field < descending.length; field += 1) {
      const compared = compareValues(a.keys[field], b.keys[field]);
      if (compared !== 0) return descending[field] ? -compared : compared;
    }
    return compareValues(a.document.id, b.document.id);
  };
}

/** Makes a test for one document: whether another document is before it. */
export type Precedes = (document: StoredDocument) => (other: StoredDocument) => boolean;

export function compilePrecedes(order: readonly OrderField[]): Precedes {
  const fields = order.map(({ path, direction }) => ({ read: fieldReader(path), descending: direction === 'DESC' }));
  return (document) => {
    const keys = fields.map(({ read }) => read(document));
    return (other) => {
      for (const [index, { read, descending }] of fields.entries()) {
        const compared = compareValues(read(other), keys[index]);
        if (compared !== 0) return compared < 0 !== descending;
      }
      return compareValues(other.id, document.id) < 0;
    };
  };
}

export function sortDocuments(documents: Iterable<StoredDocument>, order: readonly OrderField[]): StoredDocument[] {
  const keysOf = compileKeys(order);
  const ranked: Ranked[] = [];
  for (const document of documents) ranked.push({ document, keys: keysOf(document) });
  return ranked.sort(compileRankedOrder(order)).map(({ document }) => document);
}
