/** Live query definitions, and the changes of their results. */

import type { Filter } from '../filters/filter.ts';
import type { OrderField } from '../filters/order.ts';
import type { StoredDocument } from '../stored-document.ts';
import type { DocumentList } from './document-list.ts';

export interface LiveQueryDefinition {
  readonly collection: string;
  readonly filter: Filter | undefined;
  readonly order: readonly OrderField[];
  readonly first: number | undefined;
}

export type RemovalReason = 'REMOVED' | 'EVICTED' | 'LEFT_RESULT' | 'ACCESS_LOST';

/** The change of one document in one turn, in the durable state. */
export interface DocumentChange {
  readonly collection: string;
  readonly id: string;
  readonly before: StoredDocument | undefined;
  readonly after: StoredDocument | undefined;
  /** True if `after` is undefined because the document was evicted here. */
  readonly evicted: boolean;
}

/**
 * As the schema's LiveDocuments documents it. The indexes of `removed` and `moved.from` refer to `before`, all others
 * to `after`.
 */
export interface ResultChange {
  readonly before: DocumentList;
  readonly after: DocumentList;
  readonly inserted: readonly { readonly index: number; readonly document: StoredDocument }[];
  readonly updated: readonly { readonly index: number; readonly document: StoredDocument }[];
  readonly removed: readonly { readonly index: number; readonly id: string; readonly reason: RemovalReason }[];
  readonly moved: readonly { readonly id: string; readonly from: number; readonly to: number }[];
}
