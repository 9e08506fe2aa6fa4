/**
 * Who wrote what, and what had been seen: logs, positions, marks, dots, contexts. docs/internals/data-model.md, section "Causality".
 * Source: dotted version vectors (Preguiça et al., 2010), with positions of a total order in the place of most of the vector.
 */

/** A log's random id. */
export type LogId = string;
/** Of a transaction in a log: 1, 2, 3, … 0 is before the first. */
export type Position = number;
/** SHA-1, 40 lower-case hex digits, of all history up to an entry's end; before position 1, of the log's id. */
export type Mark = string;
/** One process of a replica: its name, a dot, eight random characters. Compared by bytes; its characters are ASCII. */
export type Origin = string;
/** A hybrid logical time: milliseconds since 1970 * 1024 + counter. 0 is default data's. */
export type Time = number;

/** A point of a log's history; `mark` is that of the entry in which the position is. */
export interface Head {
  readonly log: LogId;
  readonly position: Position;
  readonly mark: Mark;
}

/** Where a transaction's dots are, where that is not its own place in its log (bridges, unused until then). */
export interface Placed {
  readonly log: LogId;
  readonly position: Position;
}

/** Names the entry that a transaction wrote at a node. */
export interface Dot {
  /** undefined, with position 0, while the transaction is not in a log. */
  readonly log: LogId | undefined;
  readonly position: Position;
  readonly origin: Origin;
  readonly number: number;
}

/** What a transaction had seen: a prefix of its log, and a number by origin for what it saw outside of it. */
export interface Context {
  readonly log: LogId;
  readonly position: Position;
  /** Of its own origin, refused ones skipped; 0 before the first. */
  readonly numberBefore: number;
  /** Of other origins; usually none. */
  readonly others: ReadonlyMap<Origin, number>;
}

/** What a context usually names beside its own origin. */
export const noOthers: Context['others'] = new Map();

/** For each log, the closed logs that it grew from, and up to which position. */
export type Ancestry = ReadonlyMap<LogId, ReadonlyMap<LogId, Position>>;

/** A transaction as the merge rules see it while its operations are applied. */
export interface Writer {
  readonly origin: Origin;
  readonly number: number;
  readonly time: Time;
  /** Where its dots are: its place in the log (or where it was `placed`); undefined while it is in none. */
  readonly log: LogId | undefined;
  readonly position: Position;
  /** Whether the transaction had seen the dot, or made it itself. */
  covers(dot: Dot): boolean;
}

/** M1. `covered(dot)`: by position in a log of the context or one that it grew from, by number of an origin, or the transaction's own. */
export function covers(
  context: Context,
  own: { readonly origin: Origin; readonly number: number },
  ancestry: Ancestry,
  dot: Dot,
): boolean {
  const { origin, number } = dot;
  if (origin === own.origin) {
    if (number <= context.numberBefore || number === own.number) return true;
  } else if (context.others.size > 0) {
    const seen = context.others.get(origin);
    if (seen !== undefined && number <= seen) return true;
  }
  if (dot.log === undefined) return false;
  if (dot.log === context.log) return dot.position <= context.position;
  const closedAt = ancestry.get(context.log)?.get(dot.log);
  return closedAt !== undefined && dot.position <= closedAt;
}
