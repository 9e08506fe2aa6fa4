/**
 * Computes the difference between two results, as the schema documents it: inserted, updated, removed and moved.
 * L4. It is minimal: `updated` has only documents that show something else, and `moved` the fewest that must move, so
 *     a reader that applies it redraws as little as possible. If either of two could move, the touched one does. Why
 * segments: untouched documents form long runs in both results, and a run moves or stays as a whole. So the cost
 * depends on the number of touched documents, and not on how far apart they are.
 */
import { showsSame } from '../../crdt/document.ts';
import type { StoredDocument } from '../stored-document.ts';
import { longestIncreasing } from '../structures/longest-increasing.ts';
import type { DocumentList } from './document-list.ts';
import type { RemovalReason, ResultChange } from './result-change.ts';
import { walkSideBySide } from './side-by-side.ts';

/**
 * A run of documents that are in both results in the same order; `from` and `to` are the first one's indexes before and
 * after.
 */
interface Segment {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly isTouched: boolean;
}

/**
 * @param touched whether a document may have been changed, added or removed; the others are the same objects in the
 * same order
 */
export function differenceOf(
  before: DocumentList,
  after: DocumentList,
  touched: (id: string) => boolean,
  reasonOf: (id: string) => RemovalReason,
): ResultChange | undefined {
  /** The documents of `before` that the walk did not pair. */
  const former = new Map<string, { readonly index: number; readonly document: StoredDocument }>();
  const runs = new Runs();
  const unmet: { readonly index: number; readonly document: StoredDocument }[] = [];
  walkSideBySide(before, after, touched, {
    same: (from, to, count) => runs.add(from, to, count),
    before: (index, document) => former.set(document.id, { index, document }),
    after: (index, document) => unmet.push({ index, document }),
  });

  const inserted: ResultChange['inserted'][number][] = [];
  const updated: ResultChange['updated'][number][] = [];
  const touchedOnes: Segment[] = [];
  for (const placed of unmet) {
    const { index, document } = placed;
    const was = former.get(document.id);
    if (was === undefined) {
      inserted.push(placed);
      continue;
    }
    former.delete(document.id);
    touchedOnes.push({ from: was.index, to: index, count: 1, isTouched: true });
    if (!showsSame(was.document.state, document.state)) updated.push(placed);
  }
  const removed: ResultChange['removed'][number][] = [];
  for (const [id, { index }] of former) removed.push({ index, id, reason: reasonOf(id) });
  // Paired documents kept their order.
  const moved = touchedOnes.length > 0 ? movesAmong(after, inOrder([...runs.segments, ...touchedOnes])) : [];
  if (inserted.length + updated.length + removed.length + moved.length === 0) return undefined;
  return { before, after, inserted, updated, removed, moved };
}

/** Runs of untouched documents. */
class Runs {
  readonly segments: { from: number; to: number; count: number; isTouched: false }[] = [];

  /** Extends the last run if the new one directly follows it in both results. */
  add(from: number, to: number, count: number): void {
    const last = this.segments.at(-1);
    if (last !== undefined && last.from + last.count === from && last.to + last.count === to) last.count += count;
    else this.segments.push({ from, to, count, isTouched: false });
  }
}

const inOrder = (segments: Segment[]): readonly Segment[] => segments.sort((a, b) => a.to - b.to);

/** @param segments all documents that are in both results, in their order in `after` */
function movesAmong(after: DocumentList, segments: readonly Segment[]): ResultChange['moved'][number][] {
  if (isRising(segments)) return [];
  let members = 0;
  for (const { count } of segments) members += count;
  // Keeping more documents in place always outweighs keeping untouched ones in place.
  const weights = Float64Array.from(segments, ({ count, isTouched }) => count * (members + (isTouched ? 1 : 2)));
  const froms = Int32Array.from(segments, ({ from }) => from);
  const moved: ResultChange['moved'][number][] = [];
  longestIncreasing(froms, weights).forEach((stays, index) => {
    const segment = segments[index];
    if (stays === 1 || segment === undefined) return;
    for (let member = 0; member < segment.count; member += 1) {
      const to = segment.to + member;
      const document = after.at(to);
      if (document !== undefined) moved.push({ id: document.id, from: segment.from + member, to });
    }
  });
  return moved;
}

/** Whether all segments have kept their order. */
function isRising(segments: readonly Segment[]): boolean {
  let last = -1;
  for (const { from } of segments) {
    if (from < last) return false;
    last = from;
  }
  return true;
}
