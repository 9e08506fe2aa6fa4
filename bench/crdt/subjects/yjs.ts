import * as Y from 'yjs';
import type { Store, Subject } from '../subject.ts';
import type { Fields, Update } from '../workload.ts';

class YjsStore implements Store {
  readonly #doc = new Y.Doc();
  readonly #documents: Y.Map<Y.Map<unknown>> = this.#doc.getMap('cars');
  #update: Uint8Array = new Uint8Array();

  constructor() {
    this.#doc.on('update', (update: Uint8Array) => {
      this.#update = update;
    });
  }

  create(id: string, fields: Fields): Uint8Array {
    return this.#write(() => this.#documents.set(id, new Y.Map(Object.entries(fields))));
  }

  update({ id, field, value }: Update): Uint8Array {
    return this.#write(() => this.#documentOf(id).set(field, value));
  }

  increment(id: string): Uint8Array {
    return this.#write(() => {
      const document = this.#documentOf(id);
      const own = `views.${this.#doc.clientID}`;
      document.set(own, Number(document.get(own) ?? 0) + 1);
    });
  }

  #write(write: () => void): Uint8Array {
    this.#doc.transact(write);
    return this.#update;
  }

  #documentOf(id: string): Y.Map<unknown> {
    const document = this.#documents.get(id);
    if (document === undefined) throw new Error(`${id} is not there`);
    return document;
  }

  beginBatch(): void {}

  endBatch(deltas: readonly Uint8Array[]): Uint8Array {
    return Y.mergeUpdates([...deltas]);
  }

  apply(delta: Uint8Array): void {
    Y.applyUpdate(this.#doc, delta);
  }

  applyBatch(batch: Uint8Array): void {
    Y.applyUpdate(this.#doc, batch);
  }

  save(): readonly Uint8Array[] {
    return [Y.encodeStateAsUpdate(this.#doc)];
  }

  load(saved: readonly Uint8Array[]): void {
    for (const update of saved) Y.applyUpdate(this.#doc, update);
  }

  read(id: string): Record<string, unknown> {
    return this.#documentOf(id).toJSON();
  }

  close(): void {
    this.#doc.destroy();
  }
}

export const yjs: Subject = {
  name: 'Yjs',
  note: 'one Y.Doc, a Y.Map of Y.Maps, the update event of each transaction; counters are a key a client; batches by mergeUpdates',
  open: () => new YjsStore(),
  codec: undefined,
};
