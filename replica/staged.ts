/** A transaction of this replica (or one that it took over) on its way into the log. */
import type { Delta } from './crdt/delta.ts';
import type { JournaledTransaction } from './log/journal.ts';

export interface StagedTransaction extends JournaledTransaction {
  readonly delta: Delta;
}
