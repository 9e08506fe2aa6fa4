/** A transaction of this replica (or one that it took over) on its way into the log. */
import type { Delta } from './crdt/delta.ts';
import type { Head } from './crdt/version.ts';
import type { EncodedTransaction } from './log/log.ts';

export interface StagedTransaction extends EncodedTransaction {
  readonly delta: Delta;
  /** The position and mark of its context. */
  readonly context: Head;
}
