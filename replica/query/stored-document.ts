/** A document as readers are handed it. */
import type { DocumentState } from '../crdt/document-node.ts';

/** A document handed upward: a value, which no later write changes. */
export interface StoredDocument {
  readonly collection: string;
  readonly id: string;
  readonly state: DocumentState;
}
