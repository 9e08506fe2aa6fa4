/** Adds the inputs `Filter` and `Order` of the generic API to the schema. */
import { filterDescriptions } from '../builder/arguments.ts';
import type { Builder } from '../builder/builder.ts';

export function addFilter(builder: Builder): void {
  builder.inputType('Filter', {
    description: `All the members given must hold together. \`path\` is a keypath; the comparisons are of the value there. Where nothing is
there, only \`exists: false\` (and \`not\`) holds: \`ne\` needs a value, like all others. Null equals null. \`gt\`, \`gte\`, \`lt\`,
\`lte\` compare within one type; integers of any size compare exactly with floats.`,
    fields: (t) => ({
      path: t.string({ description: 'The keypath whose value is compared, such as `address.city`.' }),
      eq: t.field({ type: 'JSON', description: 'Equal.' }),
      ne: t.field({ type: 'JSON', description: 'Not equal, and not absent.' }),
      gt: t.field({ type: 'JSON', description: 'Greater.' }),
      gte: t.field({ type: 'JSON', description: 'Greater or equal.' }),
      lt: t.field({ type: 'JSON', description: 'Less.' }),
      lte: t.field({ type: 'JSON', description: 'Less or equal.' }),
      in: t.field({ type: ['JSON'], description: 'Equal to one of these.' }),
      exists: t.boolean({ description: 'Whether a value is present; null is a value.' }),
      contains: t.field({ type: 'JSON', description: 'A substring of a string, or a member of an array.' }),
      startsWith: t.string({ description: 'A string that starts with this; upper and lower case differ.' }),
      and: t.field({ type: ['Filter'], description: filterDescriptions.and }),
      or: t.field({ type: ['Filter'], description: filterDescriptions.or }),
      not: t.field({ type: 'Filter', description: filterDescriptions.not }),
    }),
  });

  builder.enumType('Direction', {
    description: 'The direction of an order.',
    values: { ASC: { description: 'The least first.' }, DESC: { description: 'The greatest first.' } },
  });

  builder.inputType('Order', {
    description:
      'Across types: nothing there, null, false, true, numbers, strings by code point, arrays, objects, attachments. Ties go by `_id`.',
    fields: (t) => ({
      path: t.string({ required: true, description: 'The keypath to sort by.' }),
      direction: t.field({ type: 'Direction', defaultValue: 'ASC', description: 'The direction.' }),
    }),
  });
}
