/** Filters of the typed API on fields of one scalar type, and on lists of it. */
import type { InputRefShape } from '@pothos/core';
import type { FieldDefinition } from '../../definitions/definitions.ts';
import type { Builder } from '../builder/builder.ts';

type FilterRef = InputRefShape<NonNullable<unknown>>;
type ByKind = Partial<Record<FieldDefinition['kind'], FilterRef>>;
type InputFields = PothosSchemaTypes.InputFieldBuilder<Builder['$inferSchemaTypes'], 'InputObject'>;

export interface ScalarFilters {
  readonly id: FilterRef;
  readonly scalar: ByKind;
  /** By the kind of the list's items. */
  readonly list: ByKind;
}

const eq = { description: 'Equal.' };
const ne = { description: 'Not equal, and not absent.' };
const isIn = { description: 'Equal to one of these.' };
const contains = { description: 'The list contains this.' };
const comparison = 'All given comparisons must hold. If the field is absent, only `exists: false` holds.';

const exists = (t: InputFields) => t.boolean({ description: 'Whether the field is present; null is present.' });

/** The comparisons of a type that has an order. */
const ordered = {
  eq,
  ne,
  gt: { description: 'Greater.' },
  gte: { description: 'Greater or equal.' },
  lt: { description: 'Less.' },
  lte: { description: 'Less or equal.' },
};

const comparisonsOf = (t: InputFields, type: 'String' | 'Int' | 'Float') =>
  Object.fromEntries(Object.entries(ordered).map(([name, options]) => [name, t.field({ type, ...options })]));

export function addScalarFilters(builder: Builder): ScalarFilters {
  const float = builder.inputType('FloatFilter', {
    description: `Compares a number. ${comparison}`,
    fields: (t) => ({ ...comparisonsOf(t, 'Float'), in: t.floatList(isIn), exists: exists(t) }),
  });
  const list = (name: string, type: 'String' | 'Int' | 'Float' | 'Boolean') =>
    builder.inputType(name, {
      description: 'Tests the items of a list. All given comparisons must hold.',
      fields: (t) => ({ contains: t.field({ type, ...contains }), exists: exists(t) }),
    });
  return {
    id: builder.inputType('IdFilter', {
      description: 'Compares the `_id`. All given comparisons must hold.',
      fields: (t) => ({ eq: t.id(eq), in: t.idList(isIn) }),
    }),
    scalar: {
      string: builder.inputType('StringFilter', {
        description: `Compares a text, by code point; upper and lower case differ. ${comparison}`,
        fields: (t) => ({
          ...comparisonsOf(t, 'String'),
          in: t.stringList(isIn),
          startsWith: t.string({ description: 'The text starts with this.' }),
          contains: t.string({ description: 'The text contains this.' }),
          exists: exists(t),
        }),
      }),
      int: builder.inputType('IntFilter', {
        description: `Compares a whole number. ${comparison}`,
        fields: (t) => ({ ...comparisonsOf(t, 'Int'), in: t.intList(isIn), exists: exists(t) }),
      }),
      float,
      counter: float,
      boolean: builder.inputType('BooleanFilter', {
        description: `Compares true and false. ${comparison}`,
        fields: (t) => ({ eq: t.boolean(eq), ne: t.boolean(ne), exists: exists(t) }),
      }),
    },
    list: {
      string: list('StringListFilter', 'String'),
      int: list('IntListFilter', 'Int'),
      float: list('FloatListFilter', 'Float'),
      boolean: list('BooleanListFilter', 'Boolean'),
    },
  };
}
