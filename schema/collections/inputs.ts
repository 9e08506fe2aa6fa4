/**
 * Adds the input types of a collection: documents, filters, orders and increments. Omits a map's type that would have
 * no fields.
 */
import type { InputRefShape } from '@pothos/core';
import type { CollectionDefinition, FieldDefinition } from '../../definitions/definitions.ts';
import { nestedType } from '../../definitions/names.ts';
import type { TypedInput } from '../../resolvers/typed/filters.ts';
import { filterDescriptions } from '../builder/arguments.ts';
import type { Builder } from '../builder/builder.ts';
import { fieldDescription } from './field-descriptions.ts';
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
  readonly description: string;
}

/**
 * Fields of an input type.
 * @param describe receives the field, and its name in backquotes
 * @param typeOf returns undefined for a field to be left out
 */
function inputFields(
  type: string,
  fields: Fields,
  describe: (field: FieldDefinition, name: string) => string,
  typeOf: (field: FieldDefinition, nested: string) => InputField['type'] | undefined,
): readonly InputField[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const fieldType = typeOf(field, nestedType(type, name));
    return fieldType === undefined ? [] : [{ name, type: fieldType, description: describe(field, `\`${name}\``) }];
  });
}

const exposed = (t: InputFields, fields: readonly InputField[]) =>
  Object.fromEntries(fields.map(({ name, type, description }) => [name, t.field({ type: type(t), description })]));

/** The input type of a map; undefined if it would have no fields. */
function mapInput(builder: Builder, name: string, description: string, fields: readonly InputField[], isOneOf = false) {
  if (fields.length === 0) return undefined;
  const ref = builder.inputType(name, { description, isOneOf, fields: (t) => exposed(t, fields) });
  return () => ref;
}

/** Adds `PersonInput`. */
export function documentInput(builder: Builder, { type, fields }: CollectionDefinition) {
  const own = documentFields(builder, type, fields);
  return builder.inputType(`${type}Input`, {
    description:
      'What an upsert may carry. A counter is not among it: it starts at 0 and is changed by `increment`. In an update, `_id` here, or a field both here and in `remove`, is BAD_USER_INPUT.',
    fields: (t) => ({
      _id: t.id({ description: 'The id in the collection, 1 to 256 bytes. Without it, one is generated.' }),
      ...exposed(t, own),
    }),
  });
}

const documentFields = (builder: Builder, type: string, fields: Fields): readonly InputField[] =>
  inputFields(type, fields, valueDescription, (field, nested) => valueType(builder, field, nested));

const valueDescription = (field: FieldDefinition): string =>
  field.kind === 'attachment' ? (field.description ?? "An attachment's id.") : fieldDescription(field);

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
      return mapInput(
        builder,
        `${nested}Input`,
        fieldDescription(field),
        documentFields(builder, nested, field.fields),
      );
    case 'list': {
      const item = valueType(builder, field.of, nested);
      return item && ((t) => t.listRef(item(t)));
    }
  }
}

/** Adds `PersonFilter`. */
export function documentFilter(builder: Builder, { type, fields }: CollectionDefinition, filters: ScalarFilters) {
  const own = filterFields(builder, type, fields, filters);
  const ref = builder.inputRef<TypedInput>(`${type}Filter`);
  builder.inputType(ref, {
    description: 'All given members must hold; without any, all documents match.',
    fields: (t) => ({
      _id: t.field({ type: filters.id, description: 'Compares the `_id`.' }),
      ...exposed(t, own),
      and: t.field({ type: [ref], description: filterDescriptions.and }),
      or: t.field({ type: [ref], description: filterDescriptions.or }),
      not: t.field({ type: ref, description: filterDescriptions.not }),
    }),
  });
  return ref;
}

const filterFields = (builder: Builder, type: string, fields: Fields, filters: ScalarFilters): readonly InputField[] =>
  inputFields(type, fields, filterDescription, (field, nested) => {
    if (field.kind === 'map') {
      const own = filterFields(builder, nested, field.fields, filters);
      return mapInput(builder, `${nested}Filter`, 'All given members must hold; at least one is required.', own);
    }
    const filter = field.kind === 'list' ? filters.list[field.of.kind] : filters.scalar[field.kind];
    return filter && (() => filter);
  });

const filterDescription = (field: FieldDefinition, name: string): string =>
  field.kind === 'list' ? `Tests the items of the list ${name}.` : `Compares ${name}.`;

/** Adds `PersonOrder`. */
export function documentOrder(builder: Builder, { type, fields }: CollectionDefinition) {
  const own = orderFields(builder, type, fields);
  return builder.inputType(`${type}Order`, {
    description: 'One field each; earlier ones come first.',
    isOneOf: true,
    fields: (t) => ({
      _id: t.field({ type: 'Direction', description: 'Sorts by the `_id`.' }),
      ...exposed(t, own),
    }),
  });
}

const ordered: readonly FieldDefinition['kind'][] = ['string', 'int', 'float', 'boolean', 'counter'];

const orderFields = (builder: Builder, type: string, fields: Fields): readonly InputField[] =>
  inputFields(type, fields, orderDescription, (field, nested) => {
    if (field.kind === 'map') {
      return mapInput(builder, `${nested}Order`, 'One field.', orderFields(builder, nested, field.fields), true);
    }
    return ordered.includes(field.kind) ? () => 'Direction' : undefined;
  });

const orderDescription = (_: FieldDefinition, name: string): string => `Sorts by ${name}.`;

const incrementsDescription = 'Counters, with the numbers to add to them. Concurrent increments add up.';

/** Adds `PersonIncrement`; undefined if there is no counter. */
export const documentIncrement = (builder: Builder, { type, fields }: CollectionDefinition) =>
  mapInput(builder, `${type}Increment`, incrementsDescription, incrementFields(builder, type, fields))?.();

const incrementFields = (builder: Builder, type: string, fields: Fields): readonly InputField[] =>
  inputFields(type, fields, incrementDescription, (field, nested) => {
    if (field.kind === 'map') {
      const own = incrementFields(builder, nested, field.fields);
      return mapInput(builder, `${nested}Increment`, incrementsDescription, own);
    }
    return field.kind === 'counter' ? () => 'Float' : undefined;
  });

const incrementDescription = (field: FieldDefinition, name: string): string =>
  field.kind === 'map' ? `Counters within ${name}.` : `The number to add to ${name}; it may be negative.`;
