/** A transaction of this replica (or one that it took over) on its way into the log. */
import type { Delta } from './crdt/delta.ts';
import type { Origin } from './crdt/version.ts';
import type { JournaledTransaction } from './log/journal.ts';
import type { OfferedTransaction } from './log/log.ts';

export interface StagedTransaction extends JournaledTransaction, OfferedTransaction {
  readonly delta: Delta;
}

const nothing: ReadonlyMap<Origin, number> = new Map();

/** @param transaction as it is journaled @param delta what its bytes say */
export function stagedTransaction(transaction: JournaledTransaction, delta: Delta): StagedTransaction {
  const { origin } = transaction;
  const names = delta.context.origins;
  const seen = names.size > 1 ? new Map([...names].filter(([name]) => name !== origin)) : nothing;
  return { ...transaction, delta, seen, isOverdue: false };
}
