import * as nodes from '../../resolvers/nodes.ts';
import type { Builder } from '../builder/builder.ts';

export const globalIdDescription = 'The global id, for caches and `node(id:)`. The id within the collection is `_id`.';

export function addNode(builder: Builder): void {
  builder.interfaceType('Node', {
    description: 'Whatever has a global id.',
    resolveType: nodes.typeOf,
    fields: (t) => ({ id: t.id({ description: 'Globally unique.' }) }),
  });

  builder.queryFields((t) => ({
    node: t.field({
      type: 'Node',
      nullable: true,
      description: 'What has this global id; null where there is nothing.',
      args: { id: t.arg.id({ required: true, description: 'A global id, as a field `id` gives it.' }) },
      resolve: nodes.one,
    }),
    nodes: t.field({
      type: ['Node'],
      nullable: { list: false, items: true },
      description: 'As `node`, in the order of `ids`.',
      args: { ids: t.arg.idList({ required: true, description: 'Global ids, as fields `id` give them.' }) },
      resolve: nodes.many,
    }),
  }));
}
