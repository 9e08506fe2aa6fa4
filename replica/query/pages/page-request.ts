/** What a page of a query is asked by, and what it holds. */

import type { Filter } from '../filters/filter.ts';
import type { OrderField } from '../filters/order.ts';
import type { StoredDocument } from '../stored-document.ts';
import type { Cursor } from './cursor.ts';

export interface PageRequest {
  readonly collection: string;
  readonly filter: Filter | undefined;
  readonly order: readonly OrderField[];
  readonly first?: number | undefined;
  readonly after?: string | undefined;
  readonly last?: number | undefined;
  readonly before?: string | undefined;
}

/** What is beside the documents may cost more than they do: it is worked out when it is read. */
export interface Page {
  readonly documents: readonly StoredDocument[];
  readonly order: readonly OrderField[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly totalCount: number;
}

/** A request with its cursors read. */
export interface PageCut {
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly after: Cursor | undefined;
  readonly before: Cursor | undefined;
}
