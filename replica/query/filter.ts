/** Filters over documents: a small tree, compiled once into a predicate. The contract's `Filter` says what each comparison means. */
import type { Path } from '../crdt/delta.ts';
import type { Value } from '../crdt/value.ts';
import type { StoredDocument } from '../documents.ts';

/** `_id` is read by the path ['_id']. All filters are already checked; `path` was parsed. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | {
      readonly kind: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'contains';
      readonly path: Path;
      readonly value: Value;
    }
  | { readonly kind: 'in'; readonly path: Path; readonly values: readonly Value[] }
  | { readonly kind: 'startsWith'; readonly path: Path; readonly value: string }
  | { readonly kind: 'exists'; readonly path: Path; readonly value: boolean };

export type Predicate = (document: StoredDocument) => boolean;

export function compileFilter(_filter: Filter | undefined): Predicate {
  throw new Error('pending');
}
