/**
 * Transactions laid over states: the documents that they touch are copies with their operations applied, the rest is the
 * base's. Pending lies over journaled, journaled over the prefix. Copies are made when somebody looks, once.
 */

import type { DocumentOperations } from '../crdt/delta.ts';
import { applyOperations } from '../crdt/document.ts';
import type { DocumentState } from '../crdt/document-node.ts';
import type { Ancestry, Writer } from '../crdt/version.ts';
import { DeltaWriter } from '../crdt/writers.ts';
import type { StagedTransaction } from '../history/staged.ts';
import { DocumentMap } from './document-map.ts';

/** States of documents, those too that exist no more or are hidden. */
export interface States {
  state(collection: string, id: string): DocumentState | undefined;
  states(collection: string): Iterable<readonly [string, DocumentState]>;
  collections(): Iterable<string>;
}

interface Layer {
  readonly transactions: { readonly writer: Writer; readonly touched: DocumentOperations }[];
  /** Computed on the first read; undefined again once the base changed. */
  copy: { readonly state: DocumentState | undefined } | undefined;
  /** The copy shows what it should, and some of its dots have got a place in the log, of which it knows nothing. */
  isStale: boolean;
}

/** So many deletions, and a map of at most so many layers. */
const renewedAfter = 256;

export class Overlay implements States {
  #base: States;
  #ancestry: Ancestry;
  #layers = new DocumentMap<Layer>();
  /** Deletions from `#layers` since the map was last renewed. */
  #deleted = 0;

  constructor(base: States, ancestry: Ancestry) {
    this.#base = base;
    this.#ancestry = ancestry;
  }

  add(transaction: StagedTransaction): void {
    const { delta } = transaction;
    const writer = new DeltaWriter(delta, this.#ancestry, undefined);
    for (const touched of delta.operations) {
      const layer = this.#layers.get(touched.collection, touched.id);
      if (layer === undefined) {
        this.#layers.set(touched.collection, touched.id, {
          transactions: [{ writer, touched }],
          copy: undefined,
          isStale: false,
        });
        continue;
      }
      layer.transactions.push({ writer, touched });
      if (layer.isStale) discard(layer);
      else if (layer.copy) layer.copy = { state: applyOperations(layer.copy.state, touched.operations, writer) };
    }
  }

  /** Ids of a collection's documents that something lies over. */
  touched(collection: string): Iterable<string> {
    return this.#layers.idsOf(collection);
  }

  /** Whether nothing lies below a transaction, in any document that it touches. */
  isLowest({ delta }: StagedTransaction): boolean {
    return delta.operations.every(({ collection, id }) => {
      const lowest = this.#layers.get(collection, id)?.transactions[0]?.writer;
      return lowest?.origin === delta.origin && lowest.number === delta.number;
    });
  }

  /** The lowest transaction became part of the base: what is shown stays as it is, and need not be worked out again. */
  sink({ delta }: StagedTransaction): void {
    for (const { collection, id } of delta.operations) {
      const layer = this.#layers.get(collection, id);
      layer?.transactions.shift();
      if (layer?.transactions.length === 0) this.#delete(collection, id);
      this.markStale(collection, id);
    }
  }

  /** Dots in the base have got a place in the log. */
  markStale(collection: string, id: string): void {
    const layer = this.#layers.get(collection, id);
    if (layer) layer.isStale = true;
  }

  remove(transaction: StagedTransaction): void {
    const { origin, number, operations } = transaction.delta;
    for (const { collection, id } of operations) {
      const layer = this.#layers.get(collection, id);
      if (!layer) continue;
      const at = layer.transactions.findIndex(({ writer }) => writer.origin === origin && writer.number === number);
      if (at < 0) continue;
      layer.transactions.splice(at, 1);
      discard(layer);
      if (layer.transactions.length === 0) this.#delete(collection, id);
    }
  }

  /** Lies over another base from now on, with other transactions. */
  rebase(base: States, ancestry: Ancestry, transactions: Iterable<StagedTransaction>): void {
    this.#base = base;
    this.#ancestry = ancestry;
    this.#layers.clear();
    for (const transaction of transactions) this.add(transaction);
  }

  /** The documents that its transactions touch. */
  *keys(): Generator<readonly [collection: string, id: string]> {
    for (const [collection, id] of this.#layers) yield [collection, id];
  }

  /** The base's state of the document is another one now. */
  invalidate(collection: string, id: string): void {
    const layer = this.#layers.get(collection, id);
    if (layer) discard(layer);
  }

  state(collection: string, id: string): DocumentState | undefined {
    const layer = this.#layers.get(collection, id);
    return layer ? this.#copyOf(layer, collection, id) : this.#base.state(collection, id);
  }

  *states(collection: string): Iterable<readonly [string, DocumentState]> {
    for (const entry of this.#base.states(collection)) if (!this.#layers.has(collection, entry[0])) yield entry;
    for (const [id, layer] of this.#layers.ofCollection(collection)) {
      const state = this.#copyOf(layer, collection, id);
      if (state) yield [id, state];
    }
  }

  *collections(): Iterable<string> {
    const names = new Set(this.#base.collections());
    yield* names;
    for (const name of this.#layers.collections()) if (!names.has(name)) yield name;
  }

  /**
   * A few layers that come and go all the time move on to a new map now and then: as replica/sync/outbox/pending.ts says, one map would
   * keep alive what went through it.
   */
  #delete(collection: string, id: string): void {
    this.#layers.delete(collection, id);
    this.#deleted += 1;
    if (this.#deleted < renewedAfter) return;
    this.#deleted = 0;
    if (this.#layers.size <= renewedAfter) this.#layers = new DocumentMap(this.#layers);
  }

  #copyOf(layer: Layer, collection: string, id: string): DocumentState | undefined {
    if (!layer.copy) {
      let state = this.#base.state(collection, id);
      for (const { writer, touched } of layer.transactions) state = applyOperations(state, touched.operations, writer);
      layer.copy = { state };
    }
    return layer.copy.state;
  }
}

function discard(layer: Layer): void {
  layer.copy = undefined;
  layer.isStale = false;
}
