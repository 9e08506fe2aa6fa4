/**
 * Reads one page of a query: filter, sort, cut by cursors.
 * L9. Pages follow Relay: https://relay.dev/graphql/connections.htm#sec-Pagination-algorithm. The total counts all
 * matches,
 *     whatever the page.
 * L22. If an index has the order, a page costs its length, plus the entries that do not match among as many matches.
 * The properties
 *      beside the page are computed on demand.
 */

import { BadUserInputError } from '../../../errors.ts';
import type { DocumentReader } from '../access/document-reader.ts';
import { matching, orderedPlan } from '../access/query-plan.ts';
import { compileKeys, compileRankedOrder, type OrderField } from '../filters/order.ts';
import type { StoredDocument } from '../stored-document.ts';
import { type Cursor, compileCursorOrder, completeCursor, decodeCursor, encodeCursor } from './cursor.ts';
import { Least, type RankedOrder, type Selection } from './least.ts';
import { orderedPage } from './ordered-page.ts';
import type { Page, PageCut, PageRequest } from './page-request.ts';

/** @throws {BadUserInputError} if `after` or `before` is not a cursor of this order, or `first` or `last` is below 0 */
export function readPage(reader: DocumentReader, request: PageRequest): Page {
  const { collection, filter, order, first, last } = request;
  checkCount(first, 'first');
  checkCount(last, 'last');
  const after = cursorGiven(reader, request, 'after');
  const before = cursorGiven(reader, request, 'before');
  const cut = { first, last, after, before };
  const planned = () => orderedPlan(reader, collection, filter, order, (first ?? last ?? Number.POSITIVE_INFINITY) + 1);
  const plan = planned();
  if (plan === undefined) return collectedPage(reader, request, cut);
  return orderedPage(reader, request, cut, () => planned() ?? plan);
}

/** A page without a usable index: gathers all matches, and sorts them as far as the page needs. */
function collectedPage(reader: DocumentReader, request: PageRequest, { first, last, after, before }: PageCut): Page {
  const { collection, filter, order } = request;
  const compareToCursor = compileCursorOrder(order);
  const keysOf = compileKeys(order);
  const selection = selectionFor(compileRankedOrder(order), first, last);
  let totalCount = 0;
  let passedBefore = 0;
  let passedAfter = 0;
  let between = 0;
  for (const document of matching(reader, collection, filter)) {
    totalCount += 1;
    const ranked = { document, keys: keysOf(document) };
    if (after !== undefined && (compareToCursor(ranked, after) ?? 1) <= 0) passedBefore += 1;
    else if (before !== undefined && (compareToCursor(ranked, before) ?? -1) >= 0) passedAfter += 1;
    else {
      between += 1;
      selection.add(ranked);
    }
  }

  const documents = selection.sorted().map(({ document }) => document);
  return {
    documents:
      first !== undefined && last !== undefined ? documents.slice(Math.max(0, documents.length - last)) : documents,
    order,
    hasNextPage: first === undefined ? passedAfter > 0 : between > first,
    hasPreviousPage: last === undefined ? passedBefore > 0 : between > last,
    totalCount,
  };
}

/** The cursor of a document: `after` or `before` for a query in the same order. */
export function cursorOf(document: StoredDocument, order: readonly OrderField[]): string {
  return encodeCursor(document, order);
}

/** @throws {BadUserInputError} */
export function checkCount(count: number | undefined, argument: 'first' | 'last'): void {
  if (count !== undefined && count < 0) throw new BadUserInputError(argument, `must be 0 or more, not ${count}`);
}

function cursorGiven(reader: DocumentReader, request: PageRequest, argument: 'after' | 'before'): Cursor | undefined {
  const text = request[argument];
  if (text === undefined) return undefined;
  const cursor = decodeCursor(text, request.order, argument);
  return completeCursor(cursor, reader.get(request.collection, cursor.id), request.order);
}

function selectionFor(compare: RankedOrder, first: number | undefined, last: number | undefined): Selection {
  if (first !== undefined) return new Least(first, compare);
  if (last === undefined) return new Least(Number.POSITIVE_INFINITY, compare);
  const greatest = new Least(last, (a, b) => compare(b, a));
  return { add: (ranked) => greatest.add(ranked), sorted: () => greatest.sorted().reverse() };
}
