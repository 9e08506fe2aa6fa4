/** Resolvers of a defined collection's typed fields: reads and live queries. */

import type { CollectionDefinition } from '../../definitions/definitions.ts';
import type { StoredDocument } from '../../replica/query/stored-document.ts';
import { checkPage, checkPageSize, type PageArguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { checkName, liveQueryOf, namedId } from '../document-names.ts';
import { type Connection, connection } from '../documents.ts';
import { encodeGlobalId } from '../global-ids.ts';
import { type LiveResult, openLive } from '../live.ts';
import type { TypedDocument } from '../nodes.ts';
import type { Source } from '../streams.ts';
import { type TypedInput, typedFilter, typedOrder } from './filters.ts';

export const globalId = ({ document: { collection, id } }: TypedDocument): string =>
  encodeGlobalId({ view: 'typed', collection, id });

export interface TypedQueryArguments {
  readonly where?: TypedInput | null | undefined;
  readonly orderBy?: readonly TypedInput[] | null | undefined;
}

export interface TypedLiveArguments extends TypedQueryArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

export interface TypedLiveDocumentArguments {
  readonly id: string;
  readonly after?: string | null | undefined;
}

/** The resolvers of a collection's root fields for queries and subscriptions. */
export function typedReads(definition: CollectionDefinition) {
  const { name: collection } = definition;
  const typed = (document: StoredDocument): TypedDocument => ({ definition, document });
  const query = ({ where, orderBy }: TypedQueryArguments) => ({
    collection,
    filter: typedFilter(definition, where),
    order: typedOrder(orderBy),
  });
  return {
    typed,

    one(_: unknown, { id }: { readonly id: string }, context: Context): TypedDocument | undefined {
      const { reader } = context;
      const document = reader.get(collection, namedId(reader, checkName(context, collection, id)));
      return document && typed(document);
    },

    page(_: unknown, args: TypedQueryArguments & PageArguments, context: Context): Connection {
      return connection(context, { ...query(args), ...checkPage(args) });
    },

    live(_: unknown, args: TypedLiveArguments, context: Context): Promise<Source<LiveResult>> {
      return openLive(context, { ...query(args), first: checkPageSize(args.first, 'first') }, args.after);
    },

    liveOne(_: unknown, args: TypedLiveDocumentArguments, context: Context): Promise<Source<LiveResult>> {
      return openLive(context, liveQueryOf(checkName(context, collection, args.id)), args.after);
    },
  };
}
