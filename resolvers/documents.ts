/** Reading documents: one, pages of many, and the collections that there are. */
import type { StoredDocument } from '../replica/documents.ts';
import type { OrderField } from '../replica/query/order.ts';
import { cursorOf, type Page, type PageRequest, readPage } from '../replica/query/page.ts';
import { checkCollection, checkId, checkPage, type PageArguments, systemPrefix } from './arguments.ts';
import type { Context } from './context.ts';
import { checkFilter, checkOrder, type FilterInput, type OrderInput } from './filters.ts';

export interface DocumentArguments {
  readonly collection: string;
  readonly id: string;
}

export function one(
  _: unknown,
  { collection, id }: DocumentArguments,
  { reader }: Context,
): StoredDocument | undefined {
  return reader.get(checkCollection(collection), checkId(id, 'id'));
}

export interface DocumentsArguments extends PageArguments {
  readonly collection: string;
  readonly where?: FilterInput | null | undefined;
  readonly orderBy?: readonly OrderInput[] | null | undefined;
}

/** A page with the order that its cursors are of. */
export interface Connection extends Page {
  readonly order: readonly OrderField[];
}

export interface Edge {
  readonly document: StoredDocument;
  readonly order: readonly OrderField[];
}

export function page(_: unknown, args: DocumentsArguments, context: Context): Connection {
  return connection(context, {
    collection: checkCollection(args.collection),
    filter: checkFilter(args.where, 'where'),
    order: checkOrder(args.orderBy),
    ...checkPage(args),
  });
}

export const connection = ({ reader }: Context, request: PageRequest): Connection => ({
  ...readPage(reader, request),
  order: request.order,
});

export const edges = ({ documents, order }: Connection): readonly Edge[] =>
  documents.map((document) => ({ document, order }));

export const cursor = ({ document, order }: Edge): string => cursorOf(document, order);

export interface PageInfoShape {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | undefined;
  readonly endCursor: string | undefined;
}

export function pageInfo({ documents, order, hasNextPage, hasPreviousPage }: Connection): PageInfoShape {
  const cursorAt = (document: StoredDocument | undefined) => document && cursorOf(document, order);
  return { hasNextPage, hasPreviousPage, startCursor: cursorAt(documents[0]), endCursor: cursorAt(documents.at(-1)) };
}

export interface CollectionShape {
  readonly name: string;
  readonly documentCount: number;
}

/** Those with documents in them, by name. */
export function collections(_: unknown, __: unknown, { reader }: Context): readonly CollectionShape[] {
  return [...reader.collections()]
    .filter((name) => !name.startsWith(systemPrefix))
    .sort()
    .map((name) => ({ name, documentCount: reader.count(name) }));
}
