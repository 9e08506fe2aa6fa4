/** What is measured: a document store whose writes merge, as its makers would have it used for this work. */
import type { Fields, Update } from './workload.ts';

export interface Subject {
  readonly name: string;
  /** How it does the work, where one might do it otherwise. */
  readonly note: string;
  /** @param replica its name; no two stores of one name write */
  open(replica: string): Store;
  /** What becomes of a delta's bytes before they are applied, where that is a step of its own. */
  readonly codec: Codec | undefined;
  /** What stands before a delta, once for all that are sent together, where that is apart from their bytes. */
  readonly headBytes?: number;
}

export interface Codec {
  decode(delta: Uint8Array): unknown;
  /** @param decoded by `decode` */
  encode(decoded: unknown): Uint8Array;
}

/** One replica. Each local write is a transaction of its own, and gives the bytes that others need. */
export interface Store {
  create(id: string, fields: Fields): Uint8Array;
  update(update: Update): Uint8Array;
  /** Counts the document's `views` by one, so that concurrent increments add up. */
  increment(id: string): Uint8Array;
  /** Begins a batch: what is written from now on. */
  beginBatch(): void;
  /** @param deltas of the writes since `beginBatch` @returns them all, as the library sends what belongs together */
  endBatch(deltas: readonly Uint8Array[]): Uint8Array;
  apply(delta: Uint8Array): void;
  applyBatch(batch: Uint8Array): void;
  /** All of it, as many pieces as the library stores. */
  save(): readonly Uint8Array[];
  /** Into a store that is empty. */
  load(saved: readonly Uint8Array[]): void;
  /** For checks that replicas agree. */
  read(id: string): Record<string, unknown>;
  close(): void;
}
