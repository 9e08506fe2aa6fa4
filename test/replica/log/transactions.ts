/** Transactions for tests of logs: the log does not look into a delta, so any bytes do. */
import type { EncodedTransaction } from '../../../replica/log/log.ts';

export interface TransactionParts {
  readonly numberBefore?: number;
  readonly bytes?: Uint8Array;
  readonly placed?: EncodedTransaction['placed'];
}

export function transaction(origin: string, number: number, parts: TransactionParts = {}): EncodedTransaction {
  return {
    origin,
    number,
    numberBefore: parts.numberBefore ?? number - 1,
    bytes: parts.bytes ?? Buffer.from(`delta ${number} of ${origin}`),
    placed: parts.placed,
  };
}

/** Of one origin, from one number to another. */
export function transactions(origin: string, first: number, last: number): EncodedTransaction[] {
  return Array.from({ length: last - first + 1 }, (_, index) => transaction(origin, first + index));
}
