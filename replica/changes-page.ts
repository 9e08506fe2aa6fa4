/** Pages of the changes of a collection, for clients that keep a copy. */

import type { Filter } from './query/filters/filter.ts';
import type { StoredDocument } from './query/stored-document.ts';

export interface ChangesRequest {
  readonly collection: string;
  readonly filter: Filter | undefined;
  /** The maximum number of documents on a page, removed ones included. */
  readonly first: number;
  /** A token; undefined to start from nothing. */
  readonly after: string | undefined;
}

export interface ChangesPage {
  /** True if this page and those after it contain the whole collection, not only changes. */
  readonly initial: boolean;
  readonly documents: readonly StoredDocument[];
  /** The ids of documents that were removed or no longer match. */
  readonly removed: readonly string[];
  readonly token: string;
  readonly hasMore: boolean;
}
