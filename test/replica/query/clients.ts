/** Readers of live queries, as the contract's words make them. */
import { expect } from 'vitest';
import { showsSame } from '../../../replica/crdt/document.ts';
import type { ResultChange } from '../../../replica/query/live/result-change.ts';
import type { StoredDocument } from '../../../replica/query/stored-document.ts';
import { idsOf } from './store.ts';

/** Called so often that a matcher would take most of the time. */
function check(holds: boolean, fault: string): void {
  if (!holds) throw new Error(fault);
}

/**
 * A client, by the contract's words: "take out all of `removed` and every `moved.from` (old indexes), then put in `inserted`
 * and `moved.to` in rising order (new indexes)".
 */
export function asClient(result: readonly StoredDocument[], change: ResultChange): StoredDocument[] {
  const out = new Set([...change.removed.map(({ index }) => index), ...change.moved.map(({ from }) => from)]);
  for (const { index, id } of change.removed) check(result[index]?.id === id, 'a removal names another document');
  const after = result.filter((_, index) => !out.has(index));
  const moved = change.moved.flatMap(({ id, from, to }) => {
    const document = result[from];
    check(document?.id === id, 'a move names another document');
    return document === undefined ? [] : [{ index: to, document }];
  });
  const into = [...change.inserted, ...moved].sort((a, b) => a.index - b.index);
  for (const { index, document } of into) {
    check(index <= after.length, 'an insertion leaves a gap');
    after.splice(index, 0, document);
  }
  for (const { index, document } of change.updated) {
    check(after[index]?.id === document.id, 'an update names another document');
    after[index] = document;
  }
  return after;
}

const sameDocument = (a: StoredDocument | undefined, b: StoredDocument | undefined): boolean =>
  a !== undefined && b !== undefined && a.id === b.id && showsSame(a.state, b.state);

export function expectSame(found: readonly StoredDocument[], wanted: readonly StoredDocument[]): void {
  if (found.length === wanted.length && found.every((document, index) => sameDocument(document, wanted[index]))) return;
  expect(idsOf(found)).toEqual(idsOf(wanted));
  expect(found.filter((document, index) => !sameDocument(document, wanted[index]))).toEqual([]);
}

/** The fewest that must move: all that stay, less the longest run of them that keeps its order. Quadratic and plain. */
function fewestMoves(before: readonly string[], after: readonly string[]): number {
  const staying = after.filter((id) => before.includes(id)).map((id) => before.indexOf(id));
  const longest: number[] = [];
  for (const [index, place] of staying.entries()) {
    let most = 0;
    for (let earlier = 0; earlier < index; earlier += 1) {
      if ((staying[earlier] ?? place) < place) most = Math.max(most, longest[earlier] ?? 0);
    }
    longest.push(most + 1);
  }
  return staying.length - Math.max(0, ...longest);
}

/** What leads from one result to the other says no more than it must. */
export function expectLeast(
  change: ResultChange,
  before: readonly StoredDocument[],
  after: readonly StoredDocument[],
): void {
  const former = new Map(before.map((document) => [document.id, document]));
  const survivors = after.filter(({ id }) => former.has(id));
  const updated = survivors.filter((document) => !sameDocument(document, former.get(document.id)));
  const told = idsOf(change.updated.map(({ document }) => document));
  check(told.join() === idsOf(updated).join(), 'updated lists others than those that show something else');
  const { inserted, removed, moved } = change;
  check(inserted.length === after.length - survivors.length, 'inserted lists others than those that came');
  check(removed.length === before.length - survivors.length, 'removed lists others than those that left');
  check(moved.length === fewestMoves(idsOf(before), idsOf(after)), 'moved lists more than must move');
  check(inserted.length + updated.length + removed.length + moved.length > 0, 'an event in which nothing changed');
}
