/** Documents as somebody sees them at one version: what queries read, views lay over each other, and upper rooms are handed. */

import type { Path } from '../../values/keypath.ts';
import type { StoredDocument } from '../stored-document.ts';
import type { SortedIndex } from './sorted-index.ts';

/** Only documents that exist and are not evicted. */
export interface DocumentReader {
  get(collection: string, id: string): StoredDocument | undefined;
  /** All of a collection, in no order that means anything. */
  all(collection: string): Iterable<StoredDocument>;
  /** Names of collections with documents in them, system collections (`__…`) too; in no order that means anything. */
  collections(): Iterable<string>;
  count(collection: string): number;
  /** The sorted index on a keypath, as it is seen here and now; undefined where none is kept. */
  index(collection: string, path: Path): SortedIndex | undefined;
  /** Told how a query finds its documents, for metrics: by an index, or by looking at all of a collection. */
  noteQuery(how: 'index' | 'scan'): void;
}
