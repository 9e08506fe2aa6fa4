/** A transaction of this replica (or one that it took over, or hands on) on its way into the log. */

import { decodeDelta, encodeDelta } from '../codec/delta-codec.ts';
import type { Delta } from '../crdt/delta.ts';
import type { JournaledTransaction } from '../log/journal.ts';
import type { CutContext } from './contexts.ts';
import type { KeptTransaction } from './kept-entries.ts';

/** Its bytes and `context` are as it was made; its delta's context is cut for the log that it is to go into. */
export interface StagedTransaction extends JournaledTransaction {
  readonly delta: Delta;
}

/** What was applied here, and has to be handed on. */
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

/** P42. */
export function recut(transaction: StagedTransaction, cut: CutContext): StagedTransaction {
  const { bytes, delta, context } = transaction;
  return { ...transaction, delta: { ...delta, context: cut(decodeDelta(bytes), context) } };
}
