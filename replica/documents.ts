/** Documents as somebody sees them at one version: what queries read, views lay over each other, and upper rooms are handed. */
import type { DocumentState } from './crdt/document.ts';

/** A document handed upward: a value, which no later write changes. */
export interface StoredDocument {
  readonly collection: string;
  readonly id: string;
  readonly state: DocumentState;
}

/** Only documents that exist and are not evicted. */
export interface DocumentReader {
  get(collection: string, id: string): StoredDocument | undefined;
  /** All of a collection, in no order that means anything. */
  all(collection: string): Iterable<StoredDocument>;
  /** Names of collections with documents in them, system collections (`__…`) too; in no order that means anything. */
  collections(): Iterable<string>;
  count(collection: string): number;
}
