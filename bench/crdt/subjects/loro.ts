import { createRequire } from 'node:module';
import type * as Loro from 'loro-crdt';
import type { Store, Subject } from '../subject.ts';
import type { Fields, Update } from '../workload.ts';

const { LoroDoc, LoroMap }: typeof Loro = createRequire(import.meta.url)('loro-crdt');

class LoroStore implements Store {
  readonly #doc = new LoroDoc();
  readonly #documents = this.#doc.getMap('cars');
  readonly #unsubscribe: () => void;
  #update: Uint8Array = new Uint8Array();
  #batchFrom = this.#doc.version();

  constructor() {
    this.#unsubscribe = this.#doc.subscribeLocalUpdates((update) => {
      this.#update = update;
    });
  }

  create(id: string, fields: Fields): Uint8Array {
    const document = this.#documents.setContainer(id, new LoroMap());
    for (const [key, value] of Object.entries(fields)) document.set(key, value);
    return this.#commit();
  }

  update({ id, field, value }: Update): Uint8Array {
    this.#documentOf(id).set(field, value);
    return this.#commit();
  }

  increment(id: string): Uint8Array {
    this.#documentOf(id).ensureMergeableCounter('views').increment(1);
    return this.#commit();
  }

  #commit(): Uint8Array {
    this.#doc.commit();
    return this.#update;
  }

  #documentOf(id: string): Loro.LoroMap {
    const document = this.#documents.get(id);
    if (!(document instanceof LoroMap)) throw new Error(`${id} is not there`);
    return document;
  }

  beginBatch(): void {
    this.#batchFrom = this.#doc.version();
  }

  endBatch(): Uint8Array {
    return this.#doc.export({ mode: 'update', from: this.#batchFrom });
  }

  apply(delta: Uint8Array): void {
    this.#doc.import(delta);
  }

  applyBatch(batch: Uint8Array): void {
    this.#doc.import(batch);
  }

  save(): readonly Uint8Array[] {
    return [this.#doc.export({ mode: 'snapshot' })];
  }

  load(saved: readonly Uint8Array[]): void {
    for (const snapshot of saved) this.#doc.import(snapshot);
    if (this.#documents.size === 0) throw new Error('nothing was loaded');
  }

  read(id: string): Record<string, unknown> {
    return this.#documentOf(id).toJSON();
  }

  close(): void {
    this.#unsubscribe();
    this.#doc.free();
  }
}

export const loro: Subject = {
  name: 'Loro',
  note: 'one LoroDoc, a LoroMap of LoroMaps, a commit and its local update for each transaction; batches exported from the version before; saved as a snapshot, with its history, of which Loro decodes no document before it is read',
  open: () => new LoroStore(),
  codec: undefined,
};
