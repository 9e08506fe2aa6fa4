/** Resolvers that read documents: one document, pages of many, and the list of collections. */

import type { OrderField } from '../replica/query/filters/order.ts';
import { cursorOf, readPage } from '../replica/query/pages/page.ts';
import type { Page, PageRequest } from '../replica/query/pages/page-request.ts';
import type { StoredDocument } from '../replica/query/stored-document.ts';
import { isSystemCollection } from '../replica/values/collections.ts';
import { checkCollection, checkPage, type PageArguments } from './arguments.ts';
import type { Context } from './context.ts';
import { checkName, namedId } from './document-names.ts';
import { checkFilter, checkOrder, type FilterInput, type OrderInput } from './filters.ts';

export interface DocumentArguments {
  readonly collection: string;
  readonly id: string;
}

export function one(_: unknown, args: DocumentArguments, context: Context): StoredDocument | undefined {
  const collection = checkCollection(args.collection);
  const name = checkName(context, collection, args.id);
  context.warnings?.query({ collection });
  return context.reader.get(collection, namedId(context.reader, name));
}

export interface DocumentsArguments extends PageArguments {
  readonly collection: string;
  readonly where?: FilterInput | null | undefined;
  readonly orderBy?: readonly OrderInput[] | null | undefined;
}

/** Its properties beside the documents are computed when a client selects them. */
export type Connection = Page;

export interface Edge {
  readonly document: StoredDocument;
  readonly order: readonly OrderField[];
}

export function page(_: unknown, args: DocumentsArguments, context: Context): Connection {
  const request = {
    collection: checkCollection(args.collection),
    filter: checkFilter(args.where, 'where'),
    order: checkOrder(args.orderBy),
    ...checkPage(args),
  };
  context.warnings?.query(request);
  return connection(context, request);
}

export const connection = ({ reader }: Context, request: PageRequest): Connection => readPage(reader, request);

export const edges = ({ documents, order }: Connection): readonly Edge[] =>
  documents.map((document) => ({ document, order }));

export const cursor = ({ document, order }: Edge): string => cursorOf(document, order);

export const startCursor = ({ documents: [first], order }: Connection): string | undefined =>
  first && cursorOf(first, order);

export function endCursor({ documents, order }: Connection): string | undefined {
  const last = documents.at(-1);
  return last && cursorOf(last, order);
}

export interface CollectionShape {
  readonly name: string;
  readonly documentCount: number;
}

/** All non-empty collections, sorted by name. */
export function collections(_: unknown, __: unknown, { reader }: Context): readonly CollectionShape[] {
  return [...reader.collections()]
    .filter((name) => !isSystemCollection(name))
    .sort()
    .map((name) => ({ name, documentCount: reader.count(name) }));
}
