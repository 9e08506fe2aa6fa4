/** A transaction on its way into the log: made by this replica, taken over from a journal, or handed on. */

import { decodeDelta, encodeDelta } from '../codec/delta-codec.ts';
import type { Delta } from '../crdt/delta.ts';
import type { JournaledTransaction } from '../log/journal.ts';
import type { CutContext } from './contexts.ts';
import type { KeptTransaction } from './kept-entries.ts';

/**
 * `bytes` and `context` are as the transaction was made; the context in `delta` is cut for the log that it is to enter.
 */
export interface StagedTransaction extends JournaledTransaction {
  readonly delta: Delta;
}

/** Stages a transaction that was applied here and has to be handed on. */
export function stagedAgain({ delta, context }: KeptTransaction): StagedTransaction {
  const { origin, number } = delta;
  const { log, position, numberBefore } = delta.context;
  return {
    origin,
    number,
    numberBefore,
    bytes: encodeDelta(delta),
    context: context ?? { log, position, mark: '' },
    delta,
  };
}

/** P42. Cuts the original context for another history. */
export function recut(transaction: StagedTransaction, cut: CutContext): StagedTransaction {
  const { bytes, delta, context } = transaction;
  return { ...transaction, delta: { ...delta, context: cut(decodeDelta(bytes), context) } };
}
