/**
 * The log's recent history in memory: which documents were touched at which position, and what they were before. So a
 * reader that comes back with a token can be told what changed since, and nothing else.
 * L38. A collection that was not touched since a token can be told about however old the token is.
 * L39. Bounded in records and bytes: beyond either the oldest go, and tokens from before them get the whole result.
 */
import type { DocumentState } from '../crdt/document-node.ts';
import type { Position } from '../crdt/version.ts';
import { Queue } from '../values/queue.ts';
import { retainedBytes } from './retained-bytes.ts';

/** A document's state in the log before the transaction at a position. */
interface Former {
  readonly position: Position;
  readonly id: string;
  readonly state: DocumentState | undefined;
  readonly bytes: number;
}

interface Collection {
  /** By position, rising. */
  readonly formers: Queue<Former>;
  lastTouched: Position;
}

export interface HistoryLimits {
  readonly records: number;
  readonly bytes: number;
  readonly collections: number;
}

export class RecentHistory {
  readonly #limits: HistoryLimits;
  readonly #collections = new Map<string, Collection>();
  /** The collection of each record. */
  readonly #order = new Queue<Collection>();
  #bytes = 0;
  /** Nothing is known of writes up to this position, not even when they happened. */
  #begun: Position;
  /** Every touch after it is here. */
  #complete: Position;

  /** @param position where the log's state stands */
  constructor(position: Position, limits: HistoryLimits) {
    this.#begun = position;
    this.#complete = position;
    this.#limits = limits;
  }

  get size(): { readonly records: number; readonly bytes: number } {
    return { records: this.#order.size, bytes: this.#bytes };
  }

  /** Forgets all: the state was loaded as of a position, and what led to it is not known. */
  restart(position: Position): void {
    this.#collections.clear();
    this.#order.clear();
    this.#bytes = 0;
    this.#begun = position;
    this.#complete = position;
  }

  /** A document is touched: called in the order of the log. */
  record(
    position: Position,
    collection: string,
    id: string,
    former: DocumentState | undefined,
    after: DocumentState | undefined,
  ): void {
    const touched = this.#collectionOf(collection, position);
    const bytes = retainedBytes(former, after);
    touched.formers.add({ position, id, state: former, bytes });
    touched.lastTouched = position;
    this.#order.add(touched);
    this.#bytes += bytes;
    const { records, bytes: maximumBytes } = this.#limits;
    while (this.#order.size > records || this.#bytes > maximumBytes) this.#forgetOldest();
  }

  /** The former states at a position of the documents that changed since; undefined if they are not known any more. */
  since(collection: string, position: Position): ReadonlyMap<string, DocumentState | undefined> | undefined {
    const touched = this.#collections.get(collection);
    if (position < this.#complete && position < (touched?.lastTouched ?? this.#begun)) return undefined;
    const formers = new Map<string, DocumentState | undefined>();
    if (touched === undefined) return formers;
    const first = touched.formers.partitionPoint((former) => former.position <= position);
    for (let index = first; index < touched.formers.size; index += 1) {
      const former = touched.formers.at(index);
      if (former !== undefined && !formers.has(former.id)) formers.set(former.id, former.state);
    }
    return formers;
  }

  #collectionOf(name: string, position: Position): Collection {
    const known = this.#collections.get(name);
    if (known !== undefined) return known;
    // So many collections are touched by nobody but who makes names up.
    if (this.#collections.size >= this.#limits.collections) this.restart(position - 1);
    const made = { formers: new Queue<Former>(), lastTouched: position };
    this.#collections.set(name, made);
    return made;
  }

  #forgetOldest(): void {
    const former = this.#order.removeOldest()?.formers.removeOldest();
    if (former === undefined) return;
    this.#bytes -= former.bytes;
    this.#complete = former.position;
  }
}
