/** A page read from an index that has the order of the query, whether all entries match or each must be tested. */
import { compareValues } from '../../values/value.ts';
import type { DocumentReader } from '../access/document-reader.ts';
import type { OrderedEntries } from '../access/ordered-entries.ts';
import { matching, type OrderedPlan } from '../access/query-plan.ts';
import type { OrderField } from '../filters/order.ts';
import type { StoredDocument } from '../stored-document.ts';
import { type Cursor, compareToKey } from './cursor.ts';
import type { Page, PageCut, PageRequest } from './page-request.ts';

/** @param planned makes the plan anew: an index may be read only in the turn in which it was asked for */
export function orderedPage(
  reader: DocumentReader,
  request: PageRequest,
  cut: PageCut,
  planned: () => OrderedPlan,
): Page {
  const { collection, filter, order } = request;
  const { first, last } = cut;
  const plan = planned();
  const read = (id: string) => reader.get(collection, id);
  reader.noteQuery('index');

  const [start, end] = placesBetween(plan.entries, order, cut);
  const isFromEnd = first === undefined && last !== undefined;
  const found: StoredDocument[] = [];
  // One document more than wanted tells whether there is another page.
  const enough = (first ?? last ?? Number.POSITIVE_INFINITY) + 1;
  for (const document of isFromEnd ? backwards(plan, read, end, start) : forwards(plan, read, start, end)) {
    found.push(document);
    if (found.length === enough) break;
  }
  const hasMore = found.length === enough;
  if (hasMore) found.pop();
  const documents = isFromEnd
    ? found.reverse()
    : found.slice(last === undefined ? 0 : Math.max(0, found.length - last));

  /** Whether at least `count` documents match between two places, which are looked up again. */
  const areThere = (count: number, places: (now: OrderedPlan) => readonly [from: number, to: number]): boolean => {
    const now = planned();
    const [from, to] = places(now);
    if (now.isMatch === undefined) return Math.abs(to - from) >= count;
    let met = 0;
    for (const _ of from <= to ? forwards(now, read, from, to) : backwards(now, read, from, to)) {
      met += 1;
      if (met === count) return true;
    }
    return false;
  };
  const between = ({ entries }: OrderedPlan) => placesBetween(entries, order, cut);

  return {
    documents,
    order,
    get hasNextPage() {
      if (first !== undefined) return hasMore;
      return areThere(1, (now) => [between(now)[1], now.entries.length]);
    },
    get hasPreviousPage() {
      if (isFromEnd) return hasMore;
      if (last === undefined) return areThere(1, (now) => [between(now)[0], 0]);
      return found.length > last || (hasMore && areThere(last + 1, between));
    },
    get totalCount() {
      const { isMatch, entries } = planned();
      return isMatch === undefined ? entries.length : countOf(matching(reader, collection, filter));
    },
  };
}

/** The range of places between the cursors. */
function placesBetween(
  entries: OrderedEntries,
  order: readonly OrderField[],
  { after, before }: PageCut,
): readonly [start: number, end: number] {
  const start = after === undefined ? 0 : placeOf(entries, order, after, (compared) => (compared ?? 1) <= 0);
  const end =
    before === undefined ? entries.length : placeOf(entries, order, before, (compared) => (compared ?? -1) < 0);
  return [start, Math.max(start, end)];
}

/** The number of entries before a cursor, or up to it: `passes` decides by the comparison with the cursor. */
function placeOf(
  entries: OrderedEntries,
  order: readonly OrderField[],
  { id: cursorId, keys: [cursorKey] }: Cursor,
  passes: (compared: number | undefined) => boolean,
): number {
  const sign = order[0]?.direction === 'DESC' ? -1 : 1;
  return entries.countWhile((key, id) => {
    const compared = cursorKey === undefined ? 0 : compareToKey(key, cursorKey);
    if (compared === 0) return passes(compareValues(id, cursorId));
    return passes(compared && compared * sign);
  });
}

type Read = (id: string) => StoredDocument | undefined;

function* forwards({ entries, isMatch }: OrderedPlan, read: Read, from: number, to: number): Generator<StoredDocument> {
  for (const id of entries.ids(from, to)) {
    const document = read(id);
    if (document !== undefined && (isMatch === undefined || isMatch(document))) yield document;
  }
}

/** How many entries are read at a time, as they can only be read forwards. */
const fewAtFirst = 64;
const manyAtOnce = 4096;

/** The matching documents from `from` down to `to`, in reverse. */
function* backwards(plan: OrderedPlan, read: Read, from: number, to: number): Generator<StoredDocument> {
  let end = from;
  for (let some = fewAtFirst; end > to; some = Math.min(2 * some, manyAtOnce)) {
    const start = Math.max(to, end - some);
    yield* [...forwards(plan, read, start, end)].reverse();
    end = start;
  }
}

function countOf(documents: Iterable<StoredDocument>): number {
  let count = 0;
  for (const _ of documents) count += 1;
  return count;
}
