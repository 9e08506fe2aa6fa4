/** The node of a document's tree, and a document's state. */

import type { Value } from '../values/value.ts';
import type { Counter } from './counter.ts';
import type { MapNode } from './map-node.ts';
import type { Entry, Stamp } from './stamp.ts';
import type { Origin } from './version.ts';

export interface DocumentNode {
  /** Sibling values, latest first. */
  readonly registers: readonly Entry<Value>[];
  readonly map: MapNode | undefined;
  readonly counter: Counter | undefined;
}

export type FieldType = 'REGISTER' | 'MAP' | 'COUNTER';

/** 0: no entry is live. 1: only default data is live. 3: an entry that is not default data is live. */
export type Liveness = 0 | 1 | 3;

/** The transaction that touched a document last, in the order in which this replica applied them. */
export interface LastWriter {
  readonly origin: Origin;
  readonly number: number;
}

/** Opaque outside crdt/. `root` is a map and never empty: an empty document is undefined instead. */
export interface DocumentState {
  readonly lastWriter: LastWriter;
  /** The stamp of the last touch. It may come from an entry of the document, or only have the same place in the log. */
  readonly lastStamp: Stamp;
  readonly root: DocumentNode;
}
