/**
 * One page of a query over a reader: filter, sort, cut by cursors.
 * L9. Pages are as Relay has it: https://relay.dev/graphql/connections.htm#sec-Pagination-algorithm. The total is of all that
 *     match, whatever the page.
 */
import { BadUserInputError } from '../../errors.ts';
import type { DocumentReader, StoredDocument } from '../documents.ts';
import { type Cursor, compileCursorOrder, completeCursor, decodeCursor, encodeCursor } from './cursor.ts';
import { type Filter, matching } from './filter.ts';
import { compileKeys, compileRankedOrder, type OrderField, type Ranked } from './order.ts';

export interface PageRequest {
  readonly collection: string;
  readonly filter: Filter | undefined;
  readonly order: readonly OrderField[];
  readonly first?: number | undefined;
  readonly after?: string | undefined;
  readonly last?: number | undefined;
  readonly before?: string | undefined;
}

export interface Page {
  readonly documents: readonly StoredDocument[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly totalCount: number;
}

/** @throws {BadUserInputError} naming `after` or `before` where a cursor is none of this order, `first` or `last` below 0 */
export function readPage(reader: DocumentReader, request: PageRequest): Page {
  const { collection, order, first, last } = request;
  checkCount(first, 'first');
  checkCount(last, 'last');
  const after = cursorGiven(reader, request, 'after');
  const before = cursorGiven(reader, request, 'before');
  const compareToCursor = compileCursorOrder(order);
  const keysOf = compileKeys(order);
  const selection = selectionFor(compileRankedOrder(order), first, last);

  let totalCount = 0;
  let passedBefore = 0;
  let passedAfter = 0;
  let between = 0;
  for (const document of matching(reader, collection, request.filter)) {
    totalCount += 1;
    const ranked = { document, keys: keysOf(document) };
    if (after !== undefined && (compareToCursor(ranked, after) ?? 1) <= 0) passedBefore += 1;
    else if (before !== undefined && (compareToCursor(ranked, before) ?? -1) >= 0) passedAfter += 1;
    else {
      between += 1;
      selection.add(ranked);
    }
  }

  let documents = selection.sorted().map(({ document }) => document);
  if (first !== undefined && last !== undefined) documents = documents.slice(Math.max(0, documents.length - last));
  return {
    documents,
    hasNextPage: first === undefined ? passedAfter > 0 : between > first,
    hasPreviousPage: last === undefined ? passedBefore > 0 : between > last,
    totalCount,
  };
}

/** Where a document stands in an order: for `after` and `before` of a query in the same order. */
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

interface Selection {
  add(ranked: Ranked): void;
  /** In the order of the query. */
  sorted(): readonly Ranked[];
}

type RankedOrder = (a: Ranked, b: Ranked) => number;

function selectionFor(compare: RankedOrder, first: number | undefined, last: number | undefined): Selection {
  if (first !== undefined) return new Least(first, compare);
  if (last === undefined) return new Least(Number.POSITIVE_INFINITY, compare);
  const greatest = new Least(last, (a, b) => compare(b, a));
  return { add: (ranked) => greatest.add(ranked), sorted: () => greatest.sorted().reverse() };
}

/**
 * The least of many, in memory for twice as many as are wanted: what is gathered is sorted and halved whenever it is full,
 * and what is beyond the greatest that was kept then is not gathered. O(n log wanted).
 */
class Least implements Selection {
  readonly #wanted: number;
  readonly #compare: RankedOrder;
  #gathered: Ranked[] = [];
  #greatest: Ranked | undefined;

  constructor(wanted: number, compare: RankedOrder) {
    this.#wanted = wanted;
    this.#compare = compare;
  }

  add(ranked: Ranked): void {
    if (this.#wanted === 0) return;
    if (this.#greatest !== undefined && this.#compare(ranked, this.#greatest) > 0) return;
    this.#gathered.push(ranked);
    if (this.#gathered.length >= 2 * this.#wanted) this.#halve();
  }

  sorted(): Ranked[] {
    this.#halve();
    return this.#gathered;
  }

  #halve(): void {
    this.#gathered.sort(this.#compare);
    if (this.#gathered.length < this.#wanted) return;
    this.#gathered.length = this.#wanted;
    this.#greatest = this.#gathered.at(-1);
  }
}
