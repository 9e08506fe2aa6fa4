/** Adds the interface `Node` and its queries to the schema. */
import * as nodes from '../../resolvers/nodes.ts';
import type { Builder } from '../builder/builder.ts';

export const globalIdDescription = 'The global id, for caches and `node(id:)`. The id within the collection is `_id`.';

export function addNode(builder: Builder): void {
  builder.interfaceType('Node', {
    description: 'An object with a global id.',
    resolveType: nodes.typeOf,
    fields: (t) => ({ id: t.id({ description: 'Globally unique.' }) }),
  });

  builder.queryFields((t) => ({
    node: t.field({
      type: 'Node',
      nullable: true,
      description: 'The object with this global id; null if there is none.',
      args: { id: t.arg.id({ required: true, description: 'A global id, from a field `id`.' }) },
      resolve: nodes.one,
    }),
    nodes: t.field({
      type: ['Node'],
      nullable: { list: false, items: true },
      description: 'Like `node`, for many ids; the results are in the order of `ids`.',
      args: { ids: t.arg.idList({ required: true, description: 'Global ids, from fields `id`.' }) },
      resolve: nodes.many,
    }),
  }));
}
