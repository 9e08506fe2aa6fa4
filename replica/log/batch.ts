/** Transactions as they are offered to a log: their deltas, encoded together, and what the log asks of each. */

import { invariant } from '../../invariant.ts';
import { encodeBatch } from '../codec/delta-codec.ts';
import type { Delta } from '../crdt/delta.ts';
import type { LogId, Origin } from '../crdt/version.ts';
import { batchFormatOf, firstFormat } from './formats.ts';
import type { Batch, LogEntry, OfferedTransaction } from './log.ts';

export interface Offer {
  readonly delta: Delta;
  readonly isOverdue: boolean;
}

/** @param log that they are to be appended to @param format of the site */
export function batchOf(log: LogId, offers: readonly Offer[], format = firstFormat): Batch {
  const { shared, frames } = encodeBatch(
    log,
    offers.map(({ delta }) => delta),
    batchFormatOf(format),
  );
  const transactions = offers.map(({ delta, isOverdue }, index): OfferedTransaction => {
    const { origin, number, context } = delta;
    const frame = frames[index];
    invariant(frame !== undefined, 'a batch has a frame for each delta');
    return {
      origin,
      number,
      numberBefore: context.numberBefore,
      frame,
      seen: context.others,
      isOverdue,
    };
  });
  return { format, shared, transactions };
}

/**
 * Pairs each entry of an append with the offered deltas that it holds, so that they need not be decoded from its bytes.
 * Undefined for an entry that holds anything else.
 * @param entries of one append, in order
 */
export function* offeredIn(
  entries: readonly LogEntry[],
  offers: readonly Offer[],
): Generator<readonly [LogEntry, readonly Delta[] | undefined]> {
  let from = 0;
  for (const entry of entries) {
    const { origin, firstNumber } = entry;
    while (from < offers.length && !isOf(offers[from], origin, firstNumber)) from += 1;
    const deltas = offers.slice(from, from + entry.count).map(({ delta }) => delta);
    yield [entry, deltas.length === entry.count ? deltas : undefined];
    from += entry.count;
  }
}

const isOf = (offer: Offer | undefined, origin: Origin, number: number): boolean =>
  offer?.delta.number === number && offer.delta.origin === origin;
