/** The stored document: the form in which readers receive documents. */
import type { DocumentState } from '../crdt/document-node.ts';

/** An immutable value: no later write changes it. */
export interface StoredDocument {
  readonly collection: string;
  readonly id: string;
  readonly state: DocumentState;
}
