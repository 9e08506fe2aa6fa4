import { type ChunkRecord, decodeChunk, encodeChunk } from '../../../replica/crdt/chunk-codec.ts';
import { decodeDelta, encodeDelta } from '../../../replica/crdt/codec.ts';
import type { Delta } from '../../../replica/crdt/delta.ts';
import { applyOperations, type DocumentState, documentValue } from '../../../replica/crdt/document.ts';
import type { ValueObject } from '../../../replica/crdt/value.ts';
import { covers, type Lineage, type Writer } from '../../../replica/crdt/version.ts';
import { DocumentDraft, type UpdateOperation } from '../../../replica/crdt/writes.ts';
import { DocumentMap } from '../../../replica/document-map.ts';
import { decodeEntry, encodeEntry, makeEntry, markAtStart } from '../../../replica/log/entry.ts';
import type { EncodedTransaction } from '../../../replica/log/log.ts';
import type { Store, Subject } from '../subject.ts';
import { collection, type Fields, type Update } from '../workload.ts';

const log = '0123456789abcdef0123456789abcdef';
const lineage: Lineage = new Map();
const startTime = Date.now() * 1024;
const isCounter = () => false;
const documentsOfChunk = 4000;

class TidelineStore implements Store {
  readonly #origin: string;
  readonly #documents = new DocumentMap<DocumentState>();
  #number = 0;
  #position = 0;
  #firstOfBatch = 0;

  constructor(replica: string) {
    this.#origin = `${replica}.a2b3c4d5`;
  }

  create(id: string, fields: Fields): Uint8Array {
    return this.#write(id, (draft) => draft.upsert({ ...fields }, 'MERGE', isCounter));
  }

  update({ id, field, value }: Update): Uint8Array {
    const operation: UpdateOperation = { kind: 'set', path: [field], value, as: undefined };
    return this.#write(id, (draft) => draft.update(operation, isCounter));
  }

  increment(id: string): Uint8Array {
    return this.#write(id, (draft) => draft.update({ kind: 'increment', path: ['views'], by: 1 }, isCounter));
  }

  /** As a private view drafts it and commit encodes it. */
  #write(id: string, write: (draft: DocumentDraft) => void): Uint8Array {
    const origin = this.#origin;
    const number = ++this.#number;
    const time = startTime + number;
    const writer: Writer = { origin, number, time, log: undefined, position: 0, covers: () => true };
    const draft = new DocumentDraft(this.#documents.get(collection, id), writer);
    write(draft);
    if (draft.state) this.#documents.set(collection, id, draft.state);
    const context = { log, position: this.#position, origins: new Map([[origin, number - 1]]) };
    return encodeDelta({
      origin,
      number,
      time,
      context,
      operations: [{ collection, id, operations: draft.operations }],
    });
  }

  beginBatch(): void {
    this.#firstOfBatch = this.#number + 1;
  }

  endBatch(deltas: readonly Uint8Array[]): Uint8Array {
    const transactions = deltas.map((bytes, index): EncodedTransaction => {
      const number = this.#firstOfBatch + index;
      return { origin: this.#origin, number, numberBefore: number - 1, bytes, placed: undefined };
    });
    const [first, ...others] = transactions;
    if (first === undefined) throw new Error('a batch is empty');
    return encodeEntry(makeEntry(log, first.number - 1, markAtStart(log), [first, ...others]));
  }

  apply(bytes: Uint8Array): void {
    this.#applyDelta(decodeDelta(bytes));
  }

  applyBatch(batch: Uint8Array): void {
    for (const { bytes } of decodeEntry(batch).transactions) this.#applyDelta(decodeDelta(bytes));
  }

  /** As the prefix does it. */
  #applyDelta(delta: Delta): void {
    const { origin, number, time } = delta;
    const writer: Writer = {
      origin,
      number,
      time,
      log,
      position: ++this.#position,
      covers: (dot) => covers(delta.context, delta, lineage, dot),
    };
    for (const { collection: name, id, operations } of delta.operations) {
      const state = applyOperations(this.#documents.get(name, id), operations, writer);
      if (state) this.#documents.set(name, id, state);
      else this.#documents.delete(name, id);
    }
  }

  save(): readonly Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let records: ChunkRecord[] = [];
    for (const [id, state] of this.#documents.ofCollection(collection)) {
      if (records.push({ collection, id, state }) < documentsOfChunk) continue;
      chunks.push(encodeChunk(records));
      records = [];
    }
    if (records.length > 0) chunks.push(encodeChunk(records));
    return chunks;
  }

  load(saved: readonly Uint8Array[]): void {
    for (const chunk of saved) {
      for (const { collection: name, id, state } of decodeChunk(chunk)) this.#documents.set(name, id, state);
    }
  }

  read(id: string): ValueObject {
    const state = this.#documents.get(collection, id);
    return state ? documentValue(state) : {};
  }

  close(): void {}
}

export const tideline: Subject = {
  name: 'Tideline',
  note:
    'as a replica does it: drafts, deltas with a context of one origin, documents saved in chunks of ' +
    `${documentsOfChunk}, as a snapshot keeps them; a batch is a log entry`,
  open: (replica) => new TidelineStore(replica),
  codec: { decode: decodeDelta, encode: (decoded) => encodeDelta(deltaOf(decoded)) },
};

function deltaOf(decoded: unknown): Delta {
  if (!isDelta(decoded)) throw new TypeError('not a delta');
  return decoded;
}

const isDelta = (decoded: unknown): decoded is Delta =>
  typeof decoded === 'object' && decoded !== null && 'origin' in decoded && 'context' in decoded;
