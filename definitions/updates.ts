/** Updates held against definitions: what may be done at a path, and with which value. */
import { BadUserInputError } from '../errors.ts';
import type { UpdateOperation } from '../replica/crdt/writes.ts';
import type { Path } from '../replica/values/keypath.ts';
import { formatKeypath } from '../replica/values/keypath.ts';
import type { CollectionDefinition, FieldDefinition } from './definitions.ts';
import { checkValue, fieldAt, kindName } from './values.ts';

/**
 * The definition at a path; undefined where nothing is defined.
 * @throws {BadUserInputError} where the path goes below what has no fields
 */
function definitionAt(root: FieldDefinition, path: Path, argument: string): FieldDefinition | undefined {
  let field = root;
  for (const [depth, key] of path.entries()) {
    if (field.kind === 'json') return undefined;
    if (field.kind !== 'map' && field.kind !== 'mapOf') {
      const above = formatKeypath(path.slice(0, depth));
      throw new BadUserInputError(argument, `${above} is defined as ${kindName(field)}: nothing can be below it`);
    }
    const next = field.kind === 'map' ? fieldAt(field.fields, key) : field.of;
    if (next === undefined) return undefined;
    field = next;
  }
  return field;
}

const holdsCounter = (field: FieldDefinition): boolean =>
  field.kind === 'counter' || (field.kind === 'map' && Object.values(field.fields).some(holdsCounter));

/** @param place the operation as the client wrote it: `operations.0.set` */
export function checkOperation(definition: CollectionDefinition, operation: UpdateOperation, place: string): void {
  const root: FieldDefinition = { kind: 'map', fields: definition.fields };
  if (operation.kind === 'remove') return;
  const field = definitionAt(root, operation.path, `${place}.path`);
  if (field === undefined) return;
  if (operation.kind === 'set') {
    checkValue(field, operation.value, `${place}.value`);
    if (operation.as === 'REGISTER' && operation.value !== null && holdsCounter(field)) {
      const problem = 'a register cannot stand where a counter is defined: leave it out';
      throw new BadUserInputError(`${place}.as`, problem);
    }
    return;
  }
  if (field.kind !== 'counter' && field.kind !== 'json') {
    const path = formatKeypath(operation.path);
    throw new BadUserInputError(`${place}.path`, `${path} is defined as ${kindName(field)}, not as a counter: set it`);
  }
}
