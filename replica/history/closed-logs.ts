/**
 * Logs that were closed: what the present log grew from, and what else was closed when a log went back. docs/internals/protocol.md, P43.
 *
 * A log of the *line* is one whose history, up to where it was closed, is the beginning of the present log's. Marks of it are
 * kept, so that whoever stood in it finds the place where his own history parts from that one.
 */
import { limits } from '../../limits.ts';
import type { Ancestry, Head, LogId, Mark, Position } from '../crdt/version.ts';
import { markAtStart } from '../log/entry.ts';
import type { ClosedLog, ClosedMark } from '../log/snapshots.ts';
import type { OtherHistory } from './contexts.ts';

/** Marks kept one by one from where a log is closed; before them ever further apart. Clients' tokens are mostly young. */
const consecutiveMarks = 256;

export const isAncestor = ({ marks }: ClosedLog): boolean => marks.length > 0;

/** For each log of a line the logs before it, and where they were closed. @param closedLogs oldest first */
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
 * P43. The list that a new log begins with: the line of the healer's log and that log, then the log that is there and those
 * closed before it, as far as they are not of that line: nothing of them stands in the new log but what is appended to it.
 * @param own where the healer stands @param marks its own log's, rising
 * @param there the log that Redis has, if any, and the logs that were closed before that
 */
export function closeLogs(
  line: readonly ClosedLog[],
  own: Head,
  marks: readonly ClosedMark[],
  there: { readonly log: LogId; readonly closedLogs: readonly ClosedLog[] } | undefined,
): readonly ClosedLog[] {
  const closed = new Map<LogId, ClosedLog>();
  for (const log of line) closed.set(log.log, { ...log, marks: thinned(log.marks, 0) });
  const upTo = marks.filter(({ position }) => position < own.position);
  const all = [{ position: own.position, mark: own.mark }, ...upTo.reverse()];
  closed.set(own.log, { log: own.log, position: own.position, marks: thinned(all, consecutiveMarks) });
  for (const log of there ? [...there.closedLogs.map((other) => other.log), there.log] : [])
    if (!closed.has(log)) closed.set(log, { log, position: 0, marks: [] });
  const beside = [...closed.values()].filter((log) => !isAncestor(log));
  for (const { log } of beside.slice(0, -limits.closedLogsBeside)) closed.delete(log);
  return [...closed.values()];
}

/** @param marks falling @returns the first so many, then each about twice as far from the first as the one before it */
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
 * P50. Whether a point of a closed log, as a token has it, is of the history that the present log grew from. One that is older
 * than the marks kept one by one counts as of it.
 * @param position also within an entry: it has the entry's mark @param beginning the first digits of the mark
 */
export function mayBeOf(closedLogs: readonly ClosedLog[], log: LogId, position: Position, beginning: string): boolean {
  const line = closedLogs.filter(isAncestor);
  const closed = line.find((one) => one.log === log);
  if (!closed || position > closed.position) return false;
  if (position === 0) return true;
  const at = closed.marks.findLastIndex((mark) => mark.position >= position);
  // Of older logs only the mark where they were closed is kept one by one.
  const oneByOne = closed === line.at(-1) ? consecutiveMarks : 0;
  const isExact = at < oneByOne || closed.marks[at]?.position === position;
  return !isExact || (closed.marks[at]?.mark.startsWith(beginning) ?? false);
}

/** The history of a log and those of its line, as far as their marks are known. */
export class LogHistory implements OtherHistory {
  readonly #log: LogId;
  readonly #markAt: (position: Position) => Mark | undefined;
  readonly #closed: ReadonlyMap<LogId, ReadonlyMap<Position, Mark>>;

  /** @param markAt of the log itself */
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

  /** A point of it; undefined where its mark is not known. */
  head(log: LogId, position: Position): Head | undefined {
    const mark = this.#at(log, position);
    return mark === undefined ? undefined : { log, position, mark };
  }

  /** The first point of a closed log at a position or after it whose mark is known. */
  closedFrom(log: LogId, position: Position): Head | undefined {
    const after = [...(this.#closed.get(log) ?? [])].filter(([at]) => at >= position);
    const [at, mark] = after.reduce((one, other) => (other[0] < one[0] ? other : one), [Number.POSITIVE_INFINITY, '']);
    return mark === '' ? undefined : { log, position: at, mark };
  }

  #at(log: LogId, position: Position): Mark | undefined {
    if (log === this.#log) return this.#markAt(position);
    // Where the history of a log of its line begins is known without a mark: by the log's id.
    const marks = this.#closed.get(log);
    return marks?.get(position) ?? (position === 0 && marks?.size ? markAtStart(log) : undefined);
  }
}
