/** Decides which replica heals a log. */
import type { Origin, Position } from '../crdt/version.ts';

/** A replica that may heal, as its heartbeat says. */
export interface Candidate {
  readonly origin: Origin;
  readonly position: Position;
  /** It keeps the entries after this position, and can hand them on. */
  readonly keptFrom: Position;
  /** How many. */
  readonly closedLogs: number;
}

/**
 * P45. Whether nobody comes before it: more closed logs, then who keeps less of what it has, then position, then origin. All who
 * see the same agree. Who begins the log loses nothing that it does not keep; what the others have and keep, they hand on.
 */
export function isFurthest(own: Candidate, others: Iterable<Candidate>): boolean {
  for (const other of others) if (compare(other, own) > 0) return false;
  return true;
}

function compare(a: Candidate, b: Candidate): number {
  if (a.closedLogs !== b.closedLogs) return a.closedLogs - b.closedLogs;
  if (a.keptFrom !== b.keptFrom) return a.keptFrom - b.keptFrom;
  if (a.position !== b.position) return a.position - b.position;
  if (a.origin === b.origin) return 0;
  return a.origin > b.origin ? 1 : -1;
}
