/** Transactions for tests of logs: the log does not look into a delta, so any bytes do. */
import { firstFormat } from '../../../replica/log/formats.ts';
import type { Batch, OfferedTransaction } from '../../../replica/log/log.ts';

export interface TransactionParts {
  readonly numberBefore?: number;
  readonly frame?: Uint8Array;
  readonly seen?: Readonly<Record<string, number>>;
  readonly isOverdue?: boolean;
}

export function transaction(origin: string, number: number, parts: TransactionParts = {}): OfferedTransaction {
  return {
    origin,
    number,
    numberBefore: parts.numberBefore ?? number - 1,
    frame: parts.frame ?? new TextEncoder().encode(`delta ${number} of ${origin}`),
    seen: new Map(Object.entries(parts.seen ?? {})),
    isOverdue: parts.isOverdue ?? false,
  };
}

/** Of one origin, from one number to another. */
export function transactions(origin: string, first: number, last: number): OfferedTransaction[] {
  return Array.from({ length: last - first + 1 }, (_, index) => transaction(origin, first + index));
}

export const shared = new TextEncoder().encode('shared: ');

export const batch = (...transactions: readonly OfferedTransaction[]): Batch => ({
  format: firstFormat,
  shared,
  transactions,
});
