/** Orders over documents: by keypaths across types, ties by `_id` (by code point). */
import type { Path } from '../crdt/delta.ts';
import type { StoredDocument } from '../documents.ts';

export interface OrderField {
  readonly path: Path;
  readonly direction: 'ASC' | 'DESC';
}

export type Comparator = (a: StoredDocument, b: StoredDocument) => number;

export function compileOrder(_order: readonly OrderField[]): Comparator {
  throw new Error('pending');
}
