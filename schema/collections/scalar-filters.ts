/** Filters of the typed API over fields of one scalar type, and over lists of them. */
import type { InputRefShape } from '@pothos/core';
import type { FieldDefinition } from '../../definitions/definitions.ts';
import type { Builder } from '../builder.ts';

type FilterRef = InputRefShape<NonNullable<unknown>>;
type ByKind = Partial<Record<FieldDefinition['kind'], FilterRef>>;

export interface ScalarFilters {
  readonly id: FilterRef;
  readonly scalar: ByKind;
  /** By the kind of the list's items. */
  readonly list: ByKind;
}

export function addScalarFilters(builder: Builder): ScalarFilters {
  const float = builder.inputType('FloatFilter', {
    fields: (t) => ({
      eq: t.float(),
      ne: t.float(),
      gt: t.float(),
      gte: t.float(),
      lt: t.float(),
      lte: t.float(),
      in: t.floatList(),
      exists: t.boolean(),
    }),
  });
  return {
    id: builder.inputType('IdFilter', { fields: (t) => ({ eq: t.id(), in: t.idList() }) }),
    scalar: {
      string: builder.inputType('StringFilter', {
        fields: (t) => ({
          eq: t.string(),
          ne: t.string(),
          gt: t.string(),
          gte: t.string(),
          lt: t.string(),
          lte: t.string(),
          in: t.stringList(),
          startsWith: t.string(),
          contains: t.string(),
          exists: t.boolean(),
        }),
      }),
      int: builder.inputType('IntFilter', {
        fields: (t) => ({
          eq: t.int(),
          ne: t.int(),
          gt: t.int(),
          gte: t.int(),
          lt: t.int(),
          lte: t.int(),
          in: t.intList(),
          exists: t.boolean(),
        }),
      }),
      float,
      counter: float,
      boolean: builder.inputType('BooleanFilter', {
        fields: (t) => ({ eq: t.boolean(), ne: t.boolean(), exists: t.boolean() }),
      }),
    },
    list: {
      string: builder.inputType('StringListFilter', {
        fields: (t) => ({ contains: t.string(), exists: t.boolean() }),
      }),
      int: builder.inputType('IntListFilter', { fields: (t) => ({ contains: t.int(), exists: t.boolean() }) }),
      float: builder.inputType('FloatListFilter', { fields: (t) => ({ contains: t.float(), exists: t.boolean() }) }),
      boolean: builder.inputType('BooleanListFilter', {
        fields: (t) => ({ contains: t.boolean(), exists: t.boolean() }),
      }),
    },
  };
}
