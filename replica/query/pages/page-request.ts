/** Page requests and pages: the arguments of a paginated query, and its result. */

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

/** The properties beside `documents` may cost more than they do, so they are computed when read. */
export interface Page {
  readonly documents: readonly StoredDocument[];
  readonly order: readonly OrderField[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly totalCount: number;
}

/** The limits of a page, with parsed cursors. */
export interface PageCut {
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly after: Cursor | undefined;
  readonly before: Cursor | undefined;
}
