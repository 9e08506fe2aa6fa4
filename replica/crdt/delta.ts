/**
 * A transaction as it travels (a delta), and its wire operations. docs/internals/data-model.md, section "Wire
 * operations".
 */

import type { Path } from '../values/keypath.ts';
import type { Value } from '../values/value.ts';
import type { Context, Origin, Placed, Time } from './version.ts';

/** The totals of one counter cell that an `assign` or `remove` had seen; the write resets the cell to them. */
export interface Floor extends Totals {
  /** The path of the counter's node, from the root of the document. */
  readonly path: Path;
  readonly origin: Origin;
  readonly birth: number;
}

/** The sums added to a counter cell and subtracted from it; both are >= 0. */
export interface Totals {
  readonly up: number;
  readonly down: number;
}

/** An origin's totals since one birth, which only grow, and the part of them that was reset. */
export interface CellTotals extends Totals {
  readonly upFloor: number;
  readonly downFloor: number;
}

/** `isDefault` marks default data, whose entries have time 0. */
export type WireOperation =
  | {
      readonly kind: 'assign';
      readonly path: Path;
      readonly value: Value;
      readonly floors: readonly Floor[];
      readonly isDefault: boolean;
    }
  | { readonly kind: 'makeMap'; readonly path: Path; readonly isDefault: boolean }
  | {
      readonly kind: 'makeCounter';
      readonly path: Path;
      readonly base: number | undefined;
      readonly isDefault: boolean;
    }
  | {
      readonly kind: 'increment';
      readonly path: Path;
      readonly birth: number;
      readonly before: Totals;
      readonly after: Totals;
      readonly isDefault: boolean;
    }
  | { readonly kind: 'remove'; readonly path: Path; readonly floors: readonly Floor[] };

/** A transaction's operations on one document, in order. A delta has at most one of these per document. */
export interface DocumentOperations {
  readonly collection: string;
  readonly id: string;
  readonly operations: readonly WireOperation[];
}

export interface Delta {
  readonly origin: Origin;
  readonly number: number;
  readonly context: Context;
  readonly time: Time;
  readonly operations: readonly DocumentOperations[];
  readonly placed?: Placed;
}
