/** Output types of defined fields. */
import type { OutputRefShape } from '@pothos/core';
import type { FieldDefinition } from '../../definitions/definitions.ts';
import { nestedType } from '../../definitions/names.ts';
import type { Value, ValueObject } from '../../replica/values/value.ts';
import { memberField, shownValue } from '../../resolvers/typed/values.ts';
import type { Builder } from '../builder/builder.ts';
import { fieldDescription } from './field-descriptions.ts';

type Types = Builder['$inferSchemaTypes'];
type NamedType = 'String' | 'Int' | 'Float' | 'Boolean' | 'JSON' | 'Attachment' | OutputRefShape<unknown>;
type ObjectFields<Parent extends object> = PothosSchemaTypes.ObjectFieldBuilder<Types, Parent>;

interface OutputField {
  readonly name: string;
  readonly field: FieldDefinition;
  readonly type: (t: { listRef: ObjectFields<object>['listRef'] }) => NamedType;
}

/** The output fields of an object type. Adds the types of maps among them to the schema. */
export function outputFields(
  builder: Builder,
  type: string,
  fields: Readonly<Record<string, FieldDefinition>>,
): readonly OutputField[] {
  return Object.entries(fields).map(([name, field]) => {
    const named = namedType(builder, nestedType(type, name), field);
    return { name, field, type: (t) => listsOf(named, field, t) };
  });
}

/** @param read returns a field's value from the object behind the type */
export function exposeFields<Parent extends object>(
  t: ObjectFields<Parent>,
  fields: readonly OutputField[],
  read: (parent: Parent, name: string) => Value | undefined,
) {
  return Object.fromEntries(
    fields.map(({ name, field, type }) => [
      name,
      t.field({
        type: type(t),
        nullable: true,
        description: fieldDescription(field),
        resolve: (parent, _args, context) => shownValue(field, read(parent, name), context),
      }),
    ]),
  );
}

/** The type of a field, or of the innermost items of a list. */
function namedType(builder: Builder, nested: string, field: FieldDefinition): NamedType {
  switch (field.kind) {
    case 'string':
      return 'String';
    case 'int':
      return 'Int';
    case 'float':
    case 'counter':
      return 'Float';
    case 'boolean':
      return 'Boolean';
    case 'json':
    case 'mapOf':
      return 'JSON';
    case 'attachment':
      return 'Attachment';
    case 'list':
      return namedType(builder, nested, field.of);
    case 'map': {
      const fields = outputFields(builder, nested, field.fields);
      return builder.objectRef<ValueObject>(nested).implement({
        description: fieldDescription(field),
        fields: (t) => exposeFields(t, fields, memberField),
      });
    }
  }
}

function listsOf(named: NamedType, field: FieldDefinition, t: { listRef: ObjectFields<object>['listRef'] }): NamedType {
  // The item may be null: this replica may not know the attachment yet.
  return field.kind === 'list'
    ? t.listRef(listsOf(named, field.of, t), { nullable: field.of.kind === 'attachment' })
    : named;
}
