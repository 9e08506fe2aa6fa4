/** Finds stored values that do not fit the definition of their field. The typed API shows null for them. */
import type { Path } from '../replica/values/keypath.ts';
import { isValueObject, type Value } from '../replica/values/value.ts';
import type { CollectionDefinition, FieldDefinition } from './definitions.ts';
import { fitsField } from './values.ts';

export interface DefinedField {
  readonly path: Path;
  readonly field: FieldDefinition;
}

/** All fields of a collection that have their own keypath, including those inside maps. */
export const definedFields = ({ fields }: Pick<CollectionDefinition, 'fields'>, above: Path = []): DefinedField[] =>
  Object.entries(fields).flatMap(([name, field]) => {
    const path = [...above, name];
    const within = field.kind === 'map' ? definedFields(field, path) : [];
    return [{ path, field }, ...within];
  });

/**
 * Whether a value fits a field with all its members, except the fields of a map, which count as fields of their own.
 */
export function fitsWhole(field: FieldDefinition, value: Value): boolean {
  if (!fitsField(field, value)) return false;
  if (field.kind !== 'mapOf' || !isValueObject(value)) return true;
  return Object.values(value).every((member) => fitsWhole(field.of, member));
}
