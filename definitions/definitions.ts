/** Checked collection definitions: what the schema is made from and what writes are held against. */

import type { UpdateOperation } from '../replica/crdt/writes.ts';
import type { Path } from '../replica/values/keypath.ts';
import type { ValueObject } from '../replica/values/value.ts';

export type FieldDefinition =
  | {
      readonly kind: 'string' | 'int' | 'float' | 'boolean' | 'json' | 'counter' | 'attachment';
      readonly description?: string | undefined;
      /** Whether a sorted index is kept on it. */
      readonly index?: boolean | undefined;
    }
  | { readonly kind: 'list'; readonly of: FieldDefinition; readonly description?: string | undefined }
  | {
      readonly kind: 'map';
      readonly fields: Readonly<Record<string, FieldDefinition>>;
      readonly description?: string | undefined;
    }
  | { readonly kind: 'mapOf'; readonly of: FieldDefinition; readonly description?: string | undefined };

export interface CollectionDefinition {
  readonly name: string;
  /** The root field that reads and watches many: the collection's name, unless the definition gives another. */
  readonly plural: string;
  /** Its GraphQL type: `Person`. The singular field is this with a small first letter. */
  readonly type: string;
  readonly description?: string | undefined;
  readonly fields: Readonly<Record<string, FieldDefinition>>;
}

/** A keypath on which a sorted index is kept. */
export interface IndexDefinition {
  readonly collection: string;
  readonly path: Path;
}

export interface Definitions {
  readonly collections: readonly CollectionDefinition[];
  readonly indexes: readonly IndexDefinition[];
  get(collection: string): CollectionDefinition | undefined;
  /** Whether a path of a collection is defined: by a field, or within one that holds any JSON. */
  isDefined(collection: string, path: Path): boolean;
  /** Whether a counter is defined at a path of a collection. False where nothing is defined. */
  isCounter(collection: string, path: Path): boolean;
  /** @throws {BadUserInputError} naming `argument` and the field; what is not defined is let through */
  checkDocument(collection: string, fields: ValueObject, argument: string): void;
  /** As checkDocument; `argument` names the operation with its kind: `operations.0.set`. */
  checkUpdate(collection: string, operation: UpdateOperation, argument: string): void;
}
