/** A transaction as it travels, and the wire operations in it. docs/internals/data-model.md, section "Wire operations". */

import type { Path } from '../values/keypath.ts';
import type { Value } from '../values/value.ts';
import type { Context, Origin, Placed, Time } from './version.ts';

/** Totals of one counter cell that were seen by an `assign` or `remove`, which resets it to them. */
export interface Floor extends Totals {
  /** Of the counter's node, from the root of the document. */
  readonly path: Path;
  readonly origin: Origin;
  readonly birth: number;
}

/** What was added to a counter cell and what was taken away, each 0 or more. */
export interface Totals {
  readonly up: number;
  readonly down: number;
}

/** What one origin has counted since one birth: totals that only grow, and the part of them that was reset. */
export interface CellTotals extends Totals {
  readonly upFloor: number;
  readonly downFloor: number;
}

/** `isDefault`: default data; its entries have time 0. */
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

/** What a transaction does to one document, in order. A delta has one of these a document. */
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
