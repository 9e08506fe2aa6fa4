/** Pages of what changed in a collection, for clients that keep a copy. */

import type { Filter } from './query/filters/filter.ts';
import type { StoredDocument } from './query/stored-document.ts';

export interface ChangesRequest {
  readonly collection: string;
  readonly filter: Filter | undefined;
  /** Documents on a page, removed ones among them. */
  readonly first: number;
  /** A token. Undefined: all there is. */
  readonly after: string | undefined;
}

export interface ChangesPage {
  /** What follows, on this page and those after it, is everything. */
  readonly initial: boolean;
  readonly documents: readonly StoredDocument[];
  /** Ids of documents that are not there, or do not match. */
  readonly removed: readonly string[];
  readonly token: string;
  readonly hasMore: boolean;
}
