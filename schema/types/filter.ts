import type { Builder } from '../builder.ts';

export function addFilter(builder: Builder): void {
  builder.inputType('Filter', {
    description: `All the members given must hold together. \`path\` is a keypath; the comparisons are of the value there. Where nothing is
there, only \`exists: false\` (and \`not\`) holds: \`ne\` needs a value, like all others. Null equals null. \`gt\`, \`gte\`, \`lt\`,
\`lte\` compare within one type; integers of any size compare exactly with floats.`,
    fields: (t) => ({
      path: t.string(),
      eq: t.field({ type: 'JSON' }),
      ne: t.field({ type: 'JSON' }),
      gt: t.field({ type: 'JSON' }),
      gte: t.field({ type: 'JSON' }),
      lt: t.field({ type: 'JSON' }),
      lte: t.field({ type: 'JSON' }),
      in: t.field({ type: ['JSON'] }),
      exists: t.boolean(),
      contains: t.field({ type: 'JSON', description: 'A substring of a string, or a member of an array.' }),
      startsWith: t.string(),
      and: t.field({ type: ['Filter'] }),
      or: t.field({ type: ['Filter'] }),
      not: t.field({ type: 'Filter' }),
    }),
  });

  builder.enumType('Direction', { values: ['ASC', 'DESC'] });

  builder.inputType('Order', {
    description:
      'Across types: nothing there, null, false, true, numbers, strings by code point, arrays, objects, attachments. Ties go by `_id`.',
    fields: (t) => ({
      path: t.string({ required: true }),
      direction: t.field({ type: 'Direction', defaultValue: 'ASC' }),
    }),
  });
}
