/** A document as a tree of nodes, and its state. */

import type { Value } from '../values/value.ts';
import type { Counter } from './counter.ts';
import type { MapNode } from './map-node.ts';
import type { Entry, Stamp } from './stamp.ts';
import type { Origin } from './version.ts';

export interface DocumentNode {
  /** Siblings, latest first. */
  readonly registers: readonly Entry<Value>[];
  readonly map: MapNode | undefined;
  readonly counter: Counter | undefined;
}

export type FieldType = 'REGISTER' | 'MAP' | 'COUNTER';

/** 0: nothing live. 1: something is live. 3: and some of it is no default data. */
export type Liveness = 0 | 1 | 3;

/** Which transaction touched a document last, as applied here. */
export interface LastWriter {
  readonly origin: Origin;
  readonly number: number;
}

/** Opaque outside crdt/. `root` is a map, and never empty: a document without anything in it is undefined. */
export interface DocumentState {
  readonly lastWriter: LastWriter;
  /** Of the last touch: at the same place in the log, be it of an entry or not. */
  readonly lastStamp: Stamp;
  readonly root: DocumentNode;
}
