/** Checks values against the definitions of their fields. Null is a value that fits every field. */
import { BadUserInputError } from '../errors.ts';
import { AttachmentToken, isValueObject, type Value, type ValueObject } from '../replica/values/value.ts';
import type { FieldDefinition } from './definitions.ts';

const needs: Readonly<Record<FieldDefinition['kind'], string>> = {
  string: 'a string',
  int: 'an integer of 32 bits',
  float: 'a number',
  boolean: 'true or false',
  json: 'any value',
  counter: 'a number',
  attachment: 'an attachment, {"$attachment": "its id"}',
  list: 'a list',
  map: 'an object',
  mapOf: 'an object',
};

/** The kind of a field in error messages: `a counter`, `an int`, `a list`. */
export function kindName({ kind }: FieldDefinition): string {
  const name = kind === 'mapOf' ? 'map' : kind;
  return /^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`;
}

/** The field with this name, never a property inherited from Object. */
export function fieldAt(fields: Readonly<Record<string, FieldDefinition>>, name: string): FieldDefinition | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Appends a key to an argument's name: `document.address`, `document["a b"]`. */
const memberName = (argument: string, key: string): string =>
  /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(key) ? `${argument}.${key}` : `${argument}[${JSON.stringify(key)}]`;

/** Whether a value is of the field's kind. Items of a list are checked too, members of a map are not. */
export function fitsField(field: FieldDefinition, value: Value): boolean {
  if (value === null) return true;
  switch (field.kind) {
    case 'json':
      return true;
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
      return typeof value === 'number' && (value | 0) === value;
    case 'float':
    case 'counter':
      return typeof value === 'number';
    case 'attachment':
      return value instanceof AttachmentToken;
    case 'map':
    case 'mapOf':
      return isValueObject(value);
    case 'list':
      return Array.isArray(value) && value.every((item: Value) => item !== null && fitsField(field.of, item));
  }
}

/** @throws {BadUserInputError} names the innermost member that does not fit */
export function checkValue(field: FieldDefinition, value: Value, argument: string): void {
  if (value === null) return;
  if (field.kind === 'list' && Array.isArray(value)) {
    value.forEach((item: Value, index) => {
      if (item === null) throw new BadUserInputError(`${argument}.${index}`, 'a defined list must not contain null');
      checkValue(field.of, item, `${argument}.${index}`);
    });
    return;
  }
  if (!fitsField(field, value)) {
    const problem = `is defined as ${kindName(field)}: give ${needs[field.kind]} or null, not ${described(value)}`;
    throw new BadUserInputError(argument, problem);
  }
  if (field.kind === 'map' && isValueObject(value)) checkFields(field.fields, value, argument);
  if (field.kind === 'mapOf' && isValueObject(value)) {
    for (const [key, member] of Object.entries(value)) checkValue(field.of, member, memberName(argument, key));
  }
}

/** Fields without a definition pass. @throws {BadUserInputError} */
export function checkFields(
  fields: Readonly<Record<string, FieldDefinition>>,
  values: ValueObject,
  argument: string,
): void {
  for (const [key, value] of Object.entries(values)) {
    const field = fieldAt(fields, key);
    if (field !== undefined) checkValue(field, value, memberName(argument, key));
  }
}

function described(value: Value): string {
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'number' || typeof value === 'bigint') return `${value}`;
  if (Array.isArray(value)) return 'a list';
  if (value instanceof AttachmentToken) return 'an attachment';
  return typeof value === 'object' ? 'an object' : `${value}`;
}
