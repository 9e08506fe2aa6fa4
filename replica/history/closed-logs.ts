/**
 * Closed logs: the ancestors of the present log, and the logs that were closed beside them. docs/internals/protocol.md,
 * P43.
 *
 * An *ancestor* is a closed log whose history, up to where it was closed, is the beginning of the present log's. The
 * list keeps some of its chain hashes, so that a replica that followed an ancestor can find the position where its own
 * history branched off.
 */
import { limits } from '../../limits.ts';
import type { Ancestry, Head, LogId, Mark, Position } from '../crdt/version.ts';
import { markAtStart } from '../log/entry.ts';
import type { ClosedLog, ClosedMark } from '../log/snapshots.ts';
import type { OtherHistory } from './contexts.ts';

/**
 * How many chain hashes are kept without gaps, counted from where a log was closed; older ones are thinned out. Most
 * tokens are young.
 */
const consecutiveMarks = 256;

export const isAncestor = ({ marks }: ClosedLog): boolean => marks.length > 0;

/** For each log: its ancestors, with the positions at which they were closed. @param closedLogs oldest first */
export function ancestryOf(log: LogId, closedLogs: readonly ClosedLog[]): Ancestry {
  const ancestry = new Map<LogId, ReadonlyMap<LogId, Position>>();
  const before = new Map<LogId, Position>();
  for (const closed of closedLogs.filter(isAncestor)) {
    ancestry.set(closed.log, new Map(before));
    before.set(closed.log, closed.position);
  }
  ancestry.set(log, before);
  return ancestry;
}

/**
 * P43. The list of closed logs for a new log: the ancestors of the healer's log and that log itself, then the log that
 * Redis holds and the logs closed before it, unless they are ancestors. The new log contains nothing of these but what
 * is appended to it again.
 * @param own the healer's position @param marks chain hashes of its own log, rising
 * @param there the log that Redis holds, if any, and the logs that were closed before it
 */
export function closeLogs(
  ancestors: readonly ClosedLog[],
  own: Head,
  marks: readonly ClosedMark[],
  there: { readonly log: LogId; readonly closedLogs: readonly ClosedLog[] } | undefined,
): readonly ClosedLog[] {
  const closed = new Map<LogId, ClosedLog>();
  for (const log of ancestors) closed.set(log.log, { ...log, marks: thinned(log.marks, 0) });
  const upTo = marks.filter(({ position }) => position < own.position);
  const all = [{ position: own.position, mark: own.mark }, ...upTo.reverse()];
  closed.set(own.log, { log: own.log, position: own.position, marks: thinned(all, consecutiveMarks) });
  for (const log of there ? [...there.closedLogs.map((other) => other.log), there.log] : [])
    if (!closed.has(log)) closed.set(log, { log, position: 0, marks: [] });
  const beside = [...closed.values()].filter((log) => !isAncestor(log));
  for (const { log } of beside.slice(0, -limits.closedLogsBeside)) closed.delete(log);
  return [...closed.values()];
}

/**
 * @param marks falling
 * @returns the first `consecutive` ones, then each about twice as far from the first as the one before it
 */
function thinned(marks: readonly ClosedMark[], consecutive: number): readonly ClosedMark[] {
  const [newest] = marks;
  if (!newest) return marks;
  let distance = 0;
  return marks.filter(({ position }, index) => {
    const isKept = index <= consecutive || newest.position - position >= 2 * distance;
    if (isKept) distance = newest.position - position;
    return isKept;
  });
}

/**
 * P50. Whether a token's position in a closed log belongs to the history that the present log grew from. Positions
 * older than the chain hashes that are kept without gaps are assumed to belong to it.
 * @param position may lie within an entry, whose chain hash then applies @param beginning the first digits of the chain
 * hash
 */
export function mayBeOf(closedLogs: readonly ClosedLog[], log: LogId, position: Position, beginning: string): boolean {
  const ancestors = closedLogs.filter(isAncestor);
  const closed = ancestors.find((one) => one.log === log);
  if (!closed || position > closed.position) return false;
  if (position === 0) return true;
  const at = closed.marks.findLastIndex((mark) => mark.position >= position);
  // All but the newest ancestor keep without gaps only the hash at which they were closed.
  const oneByOne = closed === ancestors.at(-1) ? consecutiveMarks : 0;
  const isExact = at < oneByOne || closed.marks[at]?.position === position;
  return !isExact || (closed.marks[at]?.mark.startsWith(beginning) ?? false);
}

/** The history of a log and its ancestors, as far as their chain hashes are known. */
export class LogHistory implements OtherHistory {
  readonly #log: LogId;
  readonly #markAt: (position: Position) => Mark | undefined;
  readonly #closed: ReadonlyMap<LogId, ReadonlyMap<Position, Mark>>;

  /** @param markAt the chain hash at a position of the log itself */
  constructor(log: LogId, markAt: (position: Position) => Mark | undefined, closedLogs: readonly ClosedLog[]) {
    this.#log = log;
    this.#markAt = markAt;
    this.#closed = new Map(
      closedLogs.map(
        ({ log: id, marks }) => [id, new Map(marks.map(({ position, mark }) => [position, mark]))] as const,
      ),
    );
  }

  has(log: LogId, position: Position, mark: Mark): boolean {
    return this.#at(log, position) === mark;
  }

  /** The position with its chain hash; undefined if the hash is not known. */
  head(log: LogId, position: Position): Head | undefined {
    const mark = this.#at(log, position);
    return mark === undefined ? undefined : { log, position, mark };
  }

  /** The first position of a closed log, at or after the given one, whose chain hash is known. */
  closedFrom(log: LogId, position: Position): Head | undefined {
    const after = [...(this.#closed.get(log) ?? [])].filter(([at]) => at >= position);
    const [at, mark] = after.reduce((one, other) => (other[0] < one[0] ? other : one), [Number.POSITIVE_INFINITY, '']);
    return mark === '' ? undefined : { log, position: at, mark };
  }

  #at(log: LogId, position: Position): Mark | undefined {
    if (log === this.#log) return this.#markAt(position);
    // The start of an ancestor needs no stored hash: it follows from the log's id.
    const marks = this.#closed.get(log);
    return marks?.get(position) ?? (position === 0 && marks?.size ? markAtStart(log) : undefined);
  }
}
