/** Transactions for tests of logs: the log does not look into a delta, so any bytes do. */
import type { OfferedTransaction } from '../../../replica/log/log.ts';

export interface TransactionParts {
  readonly numberBefore?: number;
  readonly bytes?: Uint8Array;
  readonly placed?: OfferedTransaction['placed'];
  readonly seen?: Readonly<Record<string, number>>;
  readonly isOverdue?: boolean;
}

export function transaction(origin: string, number: number, parts: TransactionParts = {}): OfferedTransaction {
  return {
    origin,
    number,
    numberBefore: parts.numberBefore ?? number - 1,
    bytes: parts.bytes ?? Buffer.from(`delta ${number} of ${origin}`),
    placed: parts.placed,
    seen: new Map(Object.entries(parts.seen ?? {})),
    isOverdue: parts.isOverdue ?? false,
  };
}

/** Of one origin, from one number to another. */
export function transactions(origin: string, first: number, last: number): OfferedTransaction[] {
  return Array.from({ length: last - first + 1 }, (_, index) => transaction(origin, first + index));
}
