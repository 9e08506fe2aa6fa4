/** Checked collection definitions. The schema is generated from them, and writes are checked against them. */

import type { UpdateOperation } from '../replica/crdt/writes.ts';
import type { Path } from '../replica/values/keypath.ts';
import type { ValueObject } from '../replica/values/value.ts';

export type FieldDefinition =
  | {
      readonly kind: 'string' | 'int' | 'float' | 'boolean' | 'json' | 'counter' | 'attachment';
      readonly description?: string | undefined;
      /** Whether the field has a sorted index. */
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
  /**
   * The name of the root field that queries or subscribes to many: the collection's name, unless the definition sets
   * another.
   */
  readonly plural: string;
  /** The name of its GraphQL type: `Person`. The singular field is the same name with a lower-case first letter. */
  readonly type: string;
  readonly description?: string | undefined;
  readonly fields: Readonly<Record<string, FieldDefinition>>;
}

/** A keypath with a sorted index. */
export interface IndexDefinition {
  readonly collection: string;
  readonly path: Path;
}

export interface Definitions {
  readonly collections: readonly CollectionDefinition[];
  readonly indexes: readonly IndexDefinition[];
  get(collection: string): CollectionDefinition | undefined;
  /** Whether a keypath of a collection is defined: as a field, or inside a field that holds any JSON. */
  isDefined(collection: string, path: Path): boolean;
  /** Whether a counter is defined at a keypath. False for undefined collections and fields. */
  isCounter(collection: string, path: Path): boolean;
  /** Fields without a definition pass. @throws {BadUserInputError} names `argument` and the field */
  checkDocument(collection: string, fields: ValueObject, argument: string): void;
  /** Like checkDocument; `argument` names the operation and its kind: `operations.0.set`. */
  checkUpdate(collection: string, operation: UpdateOperation, argument: string): void;
}
