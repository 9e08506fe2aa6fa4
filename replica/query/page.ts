/** One page of a query over a reader: filter, sort, cut by cursors. Cursors hold the order's values and the `_id`, so that they stay good when documents come and go. */
import type { DocumentReader, StoredDocument } from '../documents.ts';
import type { Filter } from './filter.ts';
import type { OrderField } from './order.ts';

export interface PageRequest {
  readonly collection: string;
  readonly filter: Filter | undefined;
  readonly order: readonly OrderField[];
  readonly first?: number | undefined;
  readonly after?: string | undefined;
  readonly last?: number | undefined;
  readonly before?: string | undefined;
}

export interface Page {
  readonly documents: readonly StoredDocument[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly totalCount: number;
}

/** @throws {BadUserInputError} naming `after` or `before` where a cursor is none of this order */
export function readPage(_reader: DocumentReader, _request: PageRequest): Page {
  throw new Error('pending');
}

export function cursorOf(_document: StoredDocument, _order: readonly OrderField[]): string {
  throw new Error('pending');
}
