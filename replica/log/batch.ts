/** Transactions as they are offered to a log: their deltas, encoded together, and what the log asks of each. */
import type { Delta } from '../crdt/delta.ts';
import { encodeBatch } from '../crdt/delta-codec.ts';
import type { LogId, Origin } from '../crdt/version.ts';
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
      numberBefore: context.origins.get(origin) ?? 0,
      frame: frames[index] ?? new Uint8Array(),
      seen: othersOf(origin, context.origins),
      isOverdue,
    };
  });
  return { shared, transactions };
}

const nothing: ReadonlyMap<Origin, number> = new Map();

const othersOf = (own: Origin, origins: ReadonlyMap<Origin, number>): ReadonlyMap<Origin, number> =>
  origins.size > 1 ? new Map([...origins].filter(([origin]) => origin !== own)) : nothing;
