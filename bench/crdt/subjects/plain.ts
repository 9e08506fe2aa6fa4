import type { Store, Subject } from '../subject.ts';
import type { Fields, Update } from '../workload.ts';

type Plain = Record<string, unknown>;

/** What a delta says, as JSON. */
interface PlainDelta {
  readonly id: string;
  readonly create?: Fields;
  readonly set?: Plain;
  readonly increment?: string;
}

class PlainStore implements Store {
  readonly #documents = new Map<string, Plain>();

  create(id: string, fields: Fields): Uint8Array {
    return this.#write({ id, create: fields });
  }

  update({ id, field, value }: Update): Uint8Array {
    return this.#write({ id, set: { [field]: value } });
  }

  increment(id: string): Uint8Array {
    return this.#write({ id, increment: 'views' });
  }

  #write(delta: PlainDelta): Uint8Array {
    this.#apply(delta);
    return bytesOf(delta);
  }

  #apply({ id, create, set, increment }: PlainDelta): void {
    if (create !== undefined) {
      this.#documents.set(id, { ...create });
      return;
    }
    const document = this.#documents.get(id);
    if (document === undefined) throw new Error(`${id} is not there`);
    for (const key in set) document[key] = set[key];
    if (increment !== undefined) document[increment] = Number(document[increment] ?? 0) + 1;
  }

  beginBatch(): void {}

  endBatch(deltas: readonly Uint8Array[]): Uint8Array {
    return bytesOf(deltas.map(parse));
  }

  apply(delta: Uint8Array): void {
    this.#apply(parse(delta));
  }

  applyBatch(batch: Uint8Array): void {
    const deltas: readonly PlainDelta[] = parse(batch);
    for (const delta of deltas) this.#apply(delta);
  }

  save(): readonly Uint8Array[] {
    const saved: Uint8Array[] = [];
    for (const [id, document] of this.#documents) saved.push(Buffer.from(id), bytesOf(document));
    return saved;
  }

  load(saved: readonly Uint8Array[]): void {
    for (let index = 0; index + 1 < saved.length; index += 2) {
      const id = Buffer.from(saved[index] ?? []).toString();
      this.#documents.set(id, parse(saved[index + 1] ?? new Uint8Array()));
    }
  }

  read(id: string): Plain {
    return this.#documents.get(id) ?? {};
  }

  close(): void {}
}

const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

const parse = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());

export const plain: Subject = {
  name: 'plain objects',
  note: 'the limit: objects in a Map, deltas and saved documents as JSON; nothing merges',
  open: () => new PlainStore(),
  codec: { decode: parse, encode: bytesOf },
};
