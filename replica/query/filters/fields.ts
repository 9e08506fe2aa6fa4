/** Field readers: filters and orders read the value at a keypath, and its type, through these. */

import { valueAt } from '../../crdt/document.ts';
import type { Path } from '../../values/keypath.ts';
import { AttachmentToken, type Value } from '../../values/value.ts';
import type { StoredDocument } from '../stored-document.ts';

/** Undefined if the document has nothing at the keypath. */
export type FieldReader = (document: StoredDocument) => Value | undefined;

export const isIdPath = (path: Path): boolean => path.length === 1 && path[0] === '_id';

export function fieldReader(path: Path): FieldReader {
  return isIdPath(path) ? (document) => document.id : (document) => valueAt(document.state, path);
}

/** The types that comparisons distinguish: integers of any size and floats are one type. */
export type ValueType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' | 'attachment';

export function valueType(value: Value): ValueType {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'number':
    case 'bigint':
      return 'number';
    case 'boolean':
      return 'boolean';
    default:
      if (value === null) return 'null';
      if (Array.isArray(value)) return 'array';
      return value instanceof AttachmentToken ? 'attachment' : 'object';
  }
}
