/** Checks updates against definitions: the operation allowed at a path, and its value. */
import { BadUserInputError } from '../errors.ts';
import type { UpdateOperation } from '../replica/crdt/writes.ts';
import type { Path } from '../replica/values/keypath.ts';
import { formatKeypath } from '../replica/values/keypath.ts';
import type { CollectionDefinition, FieldDefinition } from './definitions.ts';
import { checkValue, fieldAt, kindName } from './values.ts';

/**
 * The definition at a path; undefined if nothing is defined there.
 * @throws {BadUserInputError} if the path leads below a field that has no members
 */
function definitionAt(root: FieldDefinition, path: Path, argument: string): FieldDefinition | undefined {
  let field = root;
  for (const [depth, key] of path.entries()) {
    if (field.kind === 'json') return undefined;
    if (field.kind !== 'map' && field.kind !== 'mapOf') {
      const above = formatKeypath(path.slice(0, depth));
      throw new BadUserInputError(argument, `${above} is defined as ${kindName(field)}, which has no members`);
    }
    const next = field.kind === 'map' ? fieldAt(field.fields, key) : field.of;
    if (next === undefined) return undefined;
    field = next;
  }
  return field;
}

const holdsCounter = (field: FieldDefinition): boolean =>
  field.kind === 'counter' || (field.kind === 'map' && Object.values(field.fields).some(holdsCounter));

/** @param place the operation's name in the arguments: `operations.0.set` */
export function checkOperation(definition: CollectionDefinition, operation: UpdateOperation, place: string): void {
  const root: FieldDefinition = { kind: 'map', fields: definition.fields };
  if (operation.kind === 'remove') return;
  const field = definitionAt(root, operation.path, `${place}.path`);
  if (field === undefined) return;
  if (operation.kind === 'set') {
    checkValue(field, operation.value, `${place}.value`);
    if (operation.as === 'REGISTER' && operation.value !== null && holdsCounter(field)) {
      const problem = 'a defined counter cannot be stored in a register: leave it out';
      throw new BadUserInputError(`${place}.as`, problem);
    }
    return;
  }
  if (field.kind !== 'counter' && field.kind !== 'json') {
    const path = formatKeypath(operation.path);
    throw new BadUserInputError(`${place}.path`, `${path} is defined as ${kindName(field)}, not as a counter: use set`);
  }
}
