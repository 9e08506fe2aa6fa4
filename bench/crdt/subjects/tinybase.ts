import { createMergeableStore, type MergeableChanges } from 'tinybase';
import type { Store, Subject } from '../subject.ts';
import type { Fields, Update } from '../workload.ts';

class TinyBaseStore implements Store {
  readonly #store;
  readonly #views: string;
  readonly #listener: string;
  #changes: MergeableChanges = [[{}], [{}], 1];

  constructor(replica: string) {
    this.#store = createMergeableStore(replica);
    this.#views = `views.${replica}`;
    this.#listener = this.#store.addDidFinishTransactionListener(() => {
      this.#changes = this.#store.getTransactionMergeableChanges();
    });
  }

  create(id: string, fields: Fields): Uint8Array {
    this.#store.setRow('cars', id, { ...fields });
    return bytesOf(this.#changes);
  }

  update({ id, field, value }: Update): Uint8Array {
    this.#store.setCell('cars', id, field, value);
    return bytesOf(this.#changes);
  }

  increment(id: string): Uint8Array {
    this.#store.setCell('cars', id, this.#views, (views) => Number(views ?? 0) + 1);
    return bytesOf(this.#changes);
  }

  beginBatch(): void {}

  endBatch(deltas: readonly Uint8Array[]): Uint8Array {
    return bytesOf(deltas.map(parse));
  }

  apply(delta: Uint8Array): void {
    this.#store.applyMergeableChanges(parse(delta));
  }

  applyBatch(batch: Uint8Array): void {
    const changes: readonly MergeableChanges[] = parse(batch);
    this.#store.transaction(() => {
      for (const change of changes) this.#store.applyMergeableChanges(change);
    });
  }

  save(): readonly Uint8Array[] {
    return [bytesOf(this.#store.getMergeableContent())];
  }

  load(saved: readonly Uint8Array[]): void {
    for (const content of saved) this.#store.setMergeableContent(parse(content));
  }

  read(id: string): Record<string, unknown> {
    return this.#store.getRow('cars', id);
  }

  close(): void {
    this.#store.delListener(this.#listener);
  }
}

const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

const parse = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());

export const tinybase: Subject = {
  name: 'TinyBase',
  note: 'one MergeableStore, a row a document; the changes of each transaction as JSON, as its synchronizers send them; counters are a cell a replica; a batch is applied in one transaction',
  open: (replica) => new TinyBaseStore(replica),
  codec: { decode: parse, encode: bytesOf },
};
