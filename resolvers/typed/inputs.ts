/** Translates typed inputs (`PersonInput`, `PersonIncrement`) into documents and operations of the generic API. */
import type { FieldDefinition } from '../../definitions/definitions.ts';
import { fieldAt } from '../../definitions/values.ts';
import { BadUserInputError } from '../../errors.ts';
import type { UpdateOperation } from '../../replica/crdt/writes.ts';
import type { Path } from '../../replica/values/keypath.ts';
import { checkFinite } from '../operations.ts';
import { isTypedInput, type TypedInput } from './filters.ts';

/** A typed input as JSON of the generic API, and the attachments that it refers to. */
export interface TypedJson {
  readonly json: Readonly<Record<string, unknown>>;
  readonly attachments: readonly string[];
}

export function typedJson(fields: Readonly<Record<string, FieldDefinition>>, input: TypedInput): TypedJson {
  const attachments: string[] = [];
  const jsonOf = (field: FieldDefinition | undefined, value: unknown): unknown => {
    if (field?.kind === 'attachment' && typeof value === 'string') {
      attachments.push(value);
      return { $attachment: value };
    }
    if (field?.kind === 'list' && Array.isArray(value)) return value.map((item) => jsonOf(field.of, item));
    return field?.kind === 'map' && isTypedInput(value) ? jsonOfFields(field.fields, value) : value;
  };
  const jsonOfFields = (defined: Readonly<Record<string, FieldDefinition>>, values: TypedInput) => {
    const json: Record<string, unknown> = Object.create(null);
    for (const [name, value] of Object.entries(values)) json[name] = jsonOf(fieldAt(defined, name), value);
    return json;
  };
  return { json: jsonOfFields(fields, input), attachments };
}

/** @throws {BadUserInputError} if a value is null */
export function incrementOperations(input: TypedInput, argument: string, path: Path = []): readonly UpdateOperation[] {
  return Object.entries(input).flatMap(([name, by]) => {
    const place = `${argument}.${name}`;
    if (isTypedInput(by)) return incrementOperations(by, place, [...path, name]);
    if (typeof by !== 'number') throw new BadUserInputError(place, 'null is not a number to add: leave it out');
    return [{ kind: 'increment', path: [...path, name], by: checkFinite(by, place) } as const];
  });
}
