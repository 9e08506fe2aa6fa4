/**
 * Decides which offered transactions a log admits now, alike for all adapters (Redis does it in its append script).
 * docs/internals/protocol.md, P3, P4, P5 and P40.
 */
import type { Origin } from '../crdt/version.ts';
import type { OfferedTransaction } from './log.ts';

export type Group = readonly [OfferedTransaction, ...OfferedTransaction[]];

export interface Admission {
  /** Consecutive transactions of one origin, each naming the one before it: an entry each. */
  readonly groups: readonly Group[];
  /** The last number, by origin, of those whose number changes; raised ones among them. */
  readonly numbers: ReadonlyMap<Origin, number>;
}

/** @param lastNumber of an origin in the log; 0 where it has none */
export function admit(transactions: readonly OfferedTransaction[], lastNumber: (origin: Origin) => number): Admission {
  const groups: [OfferedTransaction, ...OfferedTransaction[]][] = [];
  const numbers = new Map<Origin, number>();
  const known = (origin: Origin): number => numbers.get(origin) ?? lastNumber(origin);
  let group: [OfferedTransaction, ...OfferedTransaction[]] | undefined;
  for (const transaction of transactions) {
    const { origin, number, numberBefore, isOverdue } = transaction;
    // P3. It is in, or it came too late.
    if (number <= known(origin)) {
      group = undefined;
      continue;
    }
    const missing = missingOf(transaction, known);
    if (missing.length > 0 && !isOverdue) break;
    for (const [name, at] of missing) numbers.set(name, at);
    const last = group?.at(-1);
    if (group && last?.origin === origin && last.number === numberBefore) group.push(transaction);
    else {
      group = [transaction];
      groups.push(group);
    }
    numbers.set(origin, number);
  }
  return { groups, numbers };
}

/** P4, P40. What of its context is not in. */
function missingOf(
  { origin, numberBefore, seen }: OfferedTransaction,
  known: (origin: Origin) => number,
): readonly (readonly [Origin, number])[] {
  const missing: (readonly [Origin, number])[] = numberBefore > known(origin) ? [[origin, numberBefore]] : [];
  for (const [name, number] of seen) if (name !== origin && number > known(name)) missing.push([name, number]);
  return missing;
}
