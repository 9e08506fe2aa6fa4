/** Transactions as they are offered to a log: their deltas, encoded together, and what the log asks of each. */
import type { Delta } from '../crdt/delta.ts';
import { encodeBatch } from '../crdt/delta-codec.ts';
import type { LogId } from '../crdt/version.ts';
import type { Batch, OfferedTransaction } from './log.ts';

export interface Offer {
  readonly delta: Delta;
  readonly isOverdue: boolean;
}

/** @param log that they are to be appended to */
export function batchOf(log: LogId, offers: readonly Offer[]): Batch {
  const { shared, frames } = encodeBatch(
    log,
    offers.map(({ delta }) => delta),
  );
  const transactions = offers.map(({ delta, isOverdue }, index): OfferedTransaction => {
    const { origin, number, context } = delta;
    return {
      origin,
      number,
      numberBefore: context.numberBefore,
      frame: frames[index] ?? new Uint8Array(),
      seen: context.others,
      isOverdue,
    };
  });
  return { shared, transactions };
}
