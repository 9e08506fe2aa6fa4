/**
 * Causality: logs, positions, chain hashes, dots and causal contexts. docs/internals/data-model.md, section
 * "Causality".
 * Source: dotted version vectors (Preguiça et al., 2010), where positions in a total order replace most of the vector.
 */

/** A log's random id. */
export type LogId = string;
/** The position of a transaction in a log: 1, 2, 3, … 0 is before the first. */
export type Position = number;
/**
 * Chain hash: SHA-1, as 40 lower-case hex digits, of all history up to an entry's end; at position 0, of the log's id.
 */
export type Mark = string;
/** Incarnation: one process of a replica, as its name, a dot and eight random characters. ASCII, compared by bytes. */
export type Origin = string;
/** A hybrid logical time: milliseconds since 1970 * 1024 + counter. 0 marks default data. */
export type Time = number;

/** A point in a log's history; `mark` is the chain hash of the entry that contains the position. */
export interface Head {
  readonly log: LogId;
  readonly position: Position;
  readonly mark: Mark;
}

/** The position that a transaction's dots name, if it is not its own position in its log. Reserved for bridges. */
export interface Placed {
  readonly log: LogId;
  readonly position: Position;
}

/** Identifies the entry that a transaction wrote at a node. */
export interface Dot {
  /** undefined, with position 0, while the transaction is not in a log. */
  readonly log: LogId | undefined;
  readonly position: Position;
  readonly origin: Origin;
  readonly number: number;
}

/**
 * Causal context: what a transaction had seen. A prefix of its log, and outside of it one sequence number per origin.
 */
export interface Context {
  readonly log: LogId;
  readonly position: Position;
  /** The preceding number of its own origin, without refused ones; 0 for the first. */
  readonly numberBefore: number;
  /** The last numbers seen of other origins; usually empty. */
  readonly others: ReadonlyMap<Origin, number>;
}

/** The usual value of `others`, shared to save memory. */
export const noOthers: Context['others'] = new Map();

/** For each log: its ancestors, and the position up to which it continues each. */
export type Ancestry = ReadonlyMap<LogId, ReadonlyMap<LogId, Position>>;

/** A transaction as the merge rules see it while its operations are applied. */
export interface Writer {
  readonly origin: Origin;
  readonly number: number;
  readonly time: Time;
  /**
   * With `position`: where its dots are, that is, its place in the log or its `placed`. Undefined while it is in no
   * log.
   */
  readonly log: LogId | undefined;
  readonly position: Position;
  /** Whether the transaction had seen the dot, or wrote it itself. */
  covers(dot: Dot): boolean;
}

/**
 * M1. `covered(dot)`: by its position in the context's log or an ancestor, by its origin's number, or as the
 * transaction's own.
 */
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
