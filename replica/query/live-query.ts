/**
 * One live query: the sorted result of (collection, filter, order, first). Pure: no clock, no I/O. docs/live-queries.md.
 * L1. After `apply`, `result` equals a fresh query over the same state.
 * L2. The change leads from the result before to the result after; undefined where these are equal.
 * L3. `mergeChanges` is associative: however much a slow reader left unread, it is one change.
 */
import type { DocumentReader, StoredDocument } from '../documents.ts';
import type { Filter } from './filter.ts';
import type { OrderField } from './order.ts';

export interface LiveQueryDefinition {
  readonly collection: string;
  readonly filter: Filter | undefined;
  readonly order: readonly OrderField[];
  readonly first: number | undefined;
}

export type RemovalReason = 'REMOVED' | 'EVICTED' | 'LEFT_RESULT' | 'ACCESS_LOST';

/** What happened to one document in one turn, as what is durable here shows it. */
export interface DocumentChange {
  readonly collection: string;
  readonly id: string;
  readonly before: StoredDocument | undefined;
  readonly after: StoredDocument | undefined;
  /** True where `after` is undefined because it was evicted here. */
  readonly evicted: boolean;
}

/** As the contract's LiveDocuments says; indexes of `removed` and `moved.from` are of `before`, all others of `after`. */
export interface ResultChange {
  readonly before: readonly StoredDocument[];
  readonly after: readonly StoredDocument[];
  readonly inserted: readonly { readonly index: number; readonly document: StoredDocument }[];
  readonly updated: readonly { readonly index: number; readonly document: StoredDocument }[];
  readonly removed: readonly { readonly index: number; readonly id: string; readonly reason: RemovalReason }[];
  readonly moved: readonly { readonly id: string; readonly from: number; readonly to: number }[];
}

export interface LiveQuery {
  readonly definition: LiveQueryDefinition;
  /** A new array after each change: who holds an old one keeps an old result. */
  readonly result: readonly StoredDocument[];
  /** All changes of one turn (usually one transaction's) at once. */
  apply(changes: readonly DocumentChange[]): ResultChange | undefined;
}

export function openLiveQuery(_definition: LiveQueryDefinition, _reader: DocumentReader): LiveQuery {
  throw new Error('pending');
}

/** The change that both make, one after the other. Undefined where the second takes the first back. */
export function mergeChanges(_first: ResultChange, _second: ResultChange): ResultChange | undefined {
  throw new Error('pending');
}
