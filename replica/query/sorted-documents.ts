/** Sorted arrays of documents: finding places in them, and editing them in place. */
import type { StoredDocument } from '../documents.ts';
import type { Comparator } from './order.ts';

/** What leaves and comes to a sorted array, each in the order of their places, which are indexes before the edit. */
export interface Edit {
  readonly leaving: readonly number[];
  readonly arriving: readonly { readonly place: number; readonly document: StoredDocument }[];
}

/** How many stand before a document: its index, where it is one of them. */
export function placeIn(sorted: readonly StoredDocument[], document: StoredDocument, compare: Comparator): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = sorted[middle];
    if (other !== undefined && compare(other, document) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Up to so many places, moving all behind each of them at once is faster than one walk over what lies between them. */
const fewPlaces = 32;

export function editSorted(sorted: StoredDocument[], edit: Edit): void {
  if (edit.leaving.length + edit.arriving.length <= fewPlaces) editOneByOne(sorted, edit);
  else editInOneWalk(sorted, edit);
}

/** From the end, so that the places before stay what they were. */
function editOneByOne(sorted: StoredDocument[], { leaving, arriving }: Edit): void {
  let coming = arriving.length - 1;
  const insertWhilePast = (place: number): void => {
    for (let next = arriving[coming]; next !== undefined && next.place > place; next = arriving[coming]) {
      sorted.splice(next.place, 0, next.document);
      coming -= 1;
    }
  };
  for (const index of leaving.toReversed()) {
    insertWhilePast(index);
    const next = arriving[coming];
    if (next?.place === index) {
      sorted[index] = next.document;
      coming -= 1;
    } else sorted.splice(index, 1);
  }
  insertWhilePast(-1);
}

function editInOneWalk(sorted: StoredDocument[], { leaving, arriving }: Edit): void {
  const start = Math.min(leaving[0] ?? sorted.length, arriving[0]?.place ?? sorted.length);
  const rest = sorted.slice(start);
  sorted.length = start;
  let gone = 0;
  let come = 0;
  for (let index = start; index <= start + rest.length; index += 1) {
    for (let next = arriving[come]; next?.place === index; next = arriving[come]) {
      sorted.push(next.document);
      come += 1;
    }
    const document = rest[index - start];
    if (index === leaving[gone]) gone += 1;
    else if (document !== undefined) sorted.push(document);
  }
}
