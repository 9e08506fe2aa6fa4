/**
 * The reader of documents at one version. Queries read it, views overlay one with another, and the rooms above receive
 * it.
 */

import type { Path } from '../../values/keypath.ts';
import type { StoredDocument } from '../stored-document.ts';
import type { SortedIndex } from './sorted-index.ts';

/** Shows only documents that exist and are not evicted. */
export interface DocumentReader {
  get(collection: string, id: string): StoredDocument | undefined;
  /** All documents of a collection, in arbitrary order. */
  all(collection: string): Iterable<StoredDocument>;
  /** The names of all non-empty collections, including system collections (`__…`), in arbitrary order. */
  collections(): Iterable<string>;
  count(collection: string): number;
  /** The sorted index on a keypath, as of this version; undefined if there is none. */
  index(collection: string, path: Path): SortedIndex | undefined;
  /** Called once per query, for metrics: says whether it used an index or scanned the collection. */
  noteQuery(how: 'index' | 'scan'): void;
}
