/**
 * What leads from one result to another: the contract's inserted, updated, removed and moved.
 * L4. It is minimal: `updated` only where a document shows something else, and `moved` the fewest that must move, so that
 *     a reader of one change redraws no more than it has to. Where either of two may move, the one that was touched does.
 */
import { showsSame } from '../crdt/document.ts';
import type { StoredDocument } from '../documents.ts';
import type { RemovalReason, ResultChange } from './live-query.ts';
import { longestIncreasing } from './longest-increasing.ts';

/** Outside of it, the two results have the same documents in the same order. */
export interface DifferenceWindow {
  readonly start: number;
  readonly beforeEnd: number;
  readonly afterEnd: number;
}

/** The window without what two results have in common at their beginnings and ends. */
export function windowBetween(before: readonly StoredDocument[], after: readonly StoredDocument[]): DifferenceWindow {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let kept = 0;
  while (kept < shorter - start && before.at(-1 - kept) === after.at(-1 - kept)) kept += 1;
  return { start, beforeEnd: before.length - kept, afterEnd: after.length - kept };
}

/**
 * Walks both results side by side: what was not touched is the same object in both, in the same order, so only what was
 * touched, came in or left at the end of the result is looked up by id.
 * @param touched whether a document may have changed, come or gone
 */
export function differenceOf(
  before: readonly StoredDocument[],
  after: readonly StoredDocument[],
  { start, beforeEnd, afterEnd }: DifferenceWindow,
  touched: (id: string) => boolean,
  reasonOf: (id: string) => RemovalReason,
): ResultChange | undefined {
  /** Of documents of `before` that were not met side by side. */
  const beforeIndexes = new Map<string, number>();
  /** Of documents of `after` that were not met side by side; the others' indexes before, or -1 for these. */
  const unmet: number[] = [];
  const sources = new Int32Array(afterEnd - start);
  for (let from = start, to = start; from < beforeEnd || to < afterEnd; ) {
    const old = from < beforeEnd ? before[from] : undefined;
    const now = to < afterEnd ? after[to] : undefined;
    if (old !== undefined && old === now) {
      sources[to - start] = from;
      from += 1;
      to += 1;
    } else if (old !== undefined && (now === undefined || touched(old.id))) {
      beforeIndexes.set(old.id, from);
      from += 1;
    } else {
      unmet.push(to);
      sources[to - start] = -1;
      to += 1;
    }
  }

  const inserted: ResultChange['inserted'][number][] = [];
  const updated: ResultChange['updated'][number][] = [];
  for (const index of unmet) {
    const document = after[index];
    if (document === undefined) continue;
    const from = beforeIndexes.get(document.id);
    if (from === undefined) {
      inserted.push({ index, document });
      continue;
    }
    beforeIndexes.delete(document.id);
    sources[index - start] = from;
    if (!showsSame(before[from]?.state, document.state)) updated.push({ index, document });
  }
  const removed = Array.from(beforeIndexes, ([id, index]) => ({ index, id, reason: reasonOf(id) }));
  // What was met side by side kept its order.
  const moved = unmet.length > inserted.length ? movesAmong(after, start, sources, unmet) : [];
  if (inserted.length + updated.length + removed.length + moved.length === 0) return undefined;
  return { before, after, inserted, updated, removed, moved };
}

/**
 * @param sources by place after `start`: the index before, -1 for what was not there
 * @param touched indexes of what should move, where either of two may
 */
function movesAmong(
  after: readonly StoredDocument[],
  start: number,
  sources: Int32Array,
  touched: readonly number[],
): ResultChange['moved'][number][] {
  const places = new Int32Array(sources.length);
  const survivors = new Int32Array(sources.length);
  const untouched = new Uint8Array(sources.length).fill(1);
  for (const index of touched) untouched[index - start] = 0;
  const preferred = new Uint8Array(sources.length);
  let count = 0;
  sources.forEach((from, place) => {
    if (from < 0) return;
    places[count] = place;
    survivors[count] = from;
    preferred[count] = untouched[place] ?? 0;
    count += 1;
  });
  const moved: ResultChange['moved'][number][] = [];
  longestIncreasing(survivors.subarray(0, count), preferred).forEach((stays, survivor) => {
    const from = survivors[survivor];
    const to = start + (places[survivor] ?? 0);
    const document = after[to];
    if (stays === 0 && from !== undefined && document !== undefined) moved.push({ id: document.id, from, to });
  });
  return moved;
}
