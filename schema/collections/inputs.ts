/** Input types of a definition: documents, filters, orders and increments. A map's is left out where nothing would be in it. */
import type { InputRefShape } from '@pothos/core';
import type { CollectionDefinition, FieldDefinition } from '../../definitions/definitions.ts';
import { nestedType } from '../../definitions/names.ts';
import type { TypedInput } from '../../resolvers/typed/filters.ts';
import type { Builder } from '../builder.ts';
import type { ScalarFilters } from './scalar-filters.ts';

type Fields = Readonly<Record<string, FieldDefinition>>;
type InputFields = PothosSchemaTypes.InputFieldBuilder<Builder['$inferSchemaTypes'], 'InputObject'>;
type InputType =
  | 'String'
  | 'Int'
  | 'Float'
  | 'Boolean'
  | 'JSON'
  | 'ID'
  | 'Direction'
  | InputRefShape<NonNullable<unknown>>;

interface InputField {
  readonly name: string;
  readonly type: (t: InputFields) => InputType;
  readonly description?: string | undefined;
}

/** Fields of an input type; `typeOf` gives none where a field is not among them. */
function inputFields(
  type: string,
  fields: Fields,
  typeOf: (field: FieldDefinition, nested: string) => InputField['type'] | undefined,
): readonly InputField[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const fieldType = typeOf(field, nestedType(type, name));
    return fieldType === undefined ? [] : [{ name, type: fieldType, description: field.description }];
  });
}

const exposed = (t: InputFields, fields: readonly InputField[]) =>
  Object.fromEntries(fields.map(({ name, type, description }) => [name, t.field({ type: type(t), description })]));

/** An input type of a map; undefined where it would have no fields. */
function mapInput(builder: Builder, name: string, fields: readonly InputField[], isOneOf = false) {
  if (fields.length === 0) return undefined;
  const ref = builder.inputType(name, { isOneOf, fields: (t) => exposed(t, fields) });
  return () => ref;
}

/** `PersonInput`. */
export function documentInput(builder: Builder, { type, fields }: CollectionDefinition) {
  const own = documentFields(builder, type, fields);
  return builder.inputType(`${type}Input`, {
    description:
      'What an upsert may carry. A counter is not among it: it starts at 0 and is changed by `increment`. In an update, `_id` here, or a field both here and in `remove`, is BAD_USER_INPUT.',
    fields: (t) => ({ _id: t.id(), ...exposed(t, own) }),
  });
}

const documentFields = (builder: Builder, type: string, fields: Fields): readonly InputField[] =>
  inputFields(type, fields, (field, nested) => valueType(builder, field, nested)).map((field) => {
    const isAttachment = fields[field.name]?.kind === 'attachment';
    return isAttachment ? { ...field, description: field.description ?? "An attachment's id." } : field;
  });

function valueType(builder: Builder, field: FieldDefinition, nested: string): InputField['type'] | undefined {
  switch (field.kind) {
    case 'string':
      return () => 'String';
    case 'int':
      return () => 'Int';
    case 'float':
      return () => 'Float';
    case 'boolean':
      return () => 'Boolean';
    case 'json':
    case 'mapOf':
      return () => 'JSON';
    case 'attachment':
      return () => 'ID';
    case 'counter':
      return undefined;
    case 'map':
      return mapInput(builder, `${nested}Input`, documentFields(builder, nested, field.fields));
    case 'list': {
      const item = valueType(builder, field.of, nested);
      return item && ((t) => t.listRef(item(t)));
    }
  }
}

/** `PersonFilter`. */
export function documentFilter(builder: Builder, { type, fields }: CollectionDefinition, filters: ScalarFilters) {
  const own = filterFields(builder, type, fields, filters);
  const ref = builder.inputRef<TypedInput>(`${type}Filter`);
  builder.inputType(ref, {
    description: 'All the members given must hold together.',
    fields: (t) => ({
      _id: t.field({ type: filters.id }),
      ...exposed(t, own),
      and: t.field({ type: [ref] }),
      or: t.field({ type: [ref] }),
      not: t.field({ type: ref }),
    }),
  });
  return ref;
}

const filterFields = (builder: Builder, type: string, fields: Fields, filters: ScalarFilters): readonly InputField[] =>
  inputFields(type, fields, (field, nested) => {
    if (field.kind === 'map') {
      return mapInput(builder, `${nested}Filter`, filterFields(builder, nested, field.fields, filters));
    }
    const filter = field.kind === 'list' ? filters.list[field.of.kind] : filters.scalar[field.kind];
    return filter && (() => filter);
  });

/** `PersonOrder`. */
export function documentOrder(builder: Builder, { type, fields }: CollectionDefinition) {
  const own = orderFields(builder, type, fields);
  return builder.inputType(`${type}Order`, {
    description: 'One field each; earlier ones come first.',
    isOneOf: true,
    fields: (t) => ({ _id: t.field({ type: 'Direction' }), ...exposed(t, own) }),
  });
}

const ordered: readonly FieldDefinition['kind'][] = ['string', 'int', 'float', 'boolean', 'counter'];

const orderFields = (builder: Builder, type: string, fields: Fields): readonly InputField[] =>
  inputFields(type, fields, (field, nested) => {
    if (field.kind === 'map') {
      return mapInput(builder, `${nested}Order`, orderFields(builder, nested, field.fields), true);
    }
    return ordered.includes(field.kind) ? () => 'Direction' : undefined;
  });

/** `PersonIncrement`; undefined where there is no counter. */
export const documentIncrement = (builder: Builder, { type, fields }: CollectionDefinition) =>
  mapInput(builder, `${type}Increment`, incrementFields(builder, type, fields))?.();

const incrementFields = (builder: Builder, type: string, fields: Fields): readonly InputField[] =>
  inputFields(type, fields, (field, nested) => {
    if (field.kind === 'map') {
      return mapInput(builder, `${nested}Increment`, incrementFields(builder, nested, field.fields));
    }
    return field.kind === 'counter' ? () => 'Float' : undefined;
  });
