/** What is known of the logs that others grew from: docs/data-model.md, M1. What was learned stays true. */
import type { Lineage, LogId, Position } from '../crdt/version.ts';
import type { ClosedLog } from '../log/snapshots.ts';

export class KnownLineage {
  readonly #closedLogs = new Map<LogId, readonly ClosedLog[]>();
  readonly #positions = new Map<LogId, ReadonlyMap<LogId, Position>>();

  get known(): Lineage {
    return this.#positions;
  }

  learn(log: LogId, closedLogs: readonly ClosedLog[]): void {
    if (closedLogs.length === 0) return;
    this.#closedLogs.set(log, closedLogs);
    this.#positions.set(log, new Map(closedLogs.map(({ log: id, position }) => [id, position])));
  }

  closedLogsOf(log: LogId): readonly ClosedLog[] {
    return this.#closedLogs.get(log) ?? [];
  }
}
