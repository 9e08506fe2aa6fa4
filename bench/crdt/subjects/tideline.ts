import { type ChunkRecord, decodeChunk, encodeChunk } from '../../../replica/codec/chunk-codec.ts';
import { decodeBatch, encodeBatch } from '../../../replica/codec/delta-codec.ts';
import type { Delta } from '../../../replica/crdt/delta.ts';
import { applyOperations, documentValue } from '../../../replica/crdt/document.ts';
import type { DocumentState } from '../../../replica/crdt/document-node.ts';
import { type Ancestry, noOthers, type Writer } from '../../../replica/crdt/version.ts';
import { DeltaWriter } from '../../../replica/crdt/writers.ts';
import { DocumentDraft, type UpdateOperation } from '../../../replica/crdt/writes.ts';
import { batchOf, type Offer } from '../../../replica/log/batch.ts';
import { decodeEntry, deltasOf, encodeEntry, makeEntry, markAtStart } from '../../../replica/log/entry.ts';
import { DocumentMap } from '../../../replica/state/document-map.ts';
import type { ValueObject } from '../../../replica/values/value.ts';
import type { Store, Subject } from '../subject.ts';
import { collection, type Fields, type Update } from '../workload.ts';

const log = '0123456789abcdef0123456789abcdef';
const originOf = (replica: string): string => `${replica}.a2b3c4d5`;
/** Whose deltas others apply. */
const writingOrigin = originOf('replica-1');
const ancestry: Ancestry = new Map();
const startTime = Date.now() * 1024;
const isCounter = () => false;
const seesAll = () => true;
const documentsOfChunk = 4000;

class TidelineStore implements Store {
  readonly #origin: string;
  readonly #documents = new DocumentMap<DocumentState>();
  /** One replica writes, so a transaction's number is its position. */
  #position = 0;
  /** What is sent together had seen the same. */
  #seen: number | undefined;
  #batch: Offer[] = [];

  constructor(replica: string) {
    this.#origin = originOf(replica);
  }

  create(id: string, fields: Fields): Uint8Array {
    return this.#write(id, (draft) => draft.upsert(fields, 'MERGE', isCounter));
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
    const number = ++this.#position;
    const time = startTime + number;
    const writer: Writer = { origin, number, time, log, position: number, covers: seesAll };
    const draft = new DocumentDraft(this.#documents.get(collection, id), writer);
    write(draft);
    if (draft.state) this.#documents.set(collection, id, draft.state);
    const context = { log, position: this.#seen ?? number - 1, numberBefore: number - 1, others: noOthers };
    const delta = { origin, number, time, context, operations: [{ collection, id, operations: draft.operations }] };
    if (this.#seen !== undefined) this.#batch.push({ delta, isOverdue: false });
    return bodyOf(delta);
  }

  beginBatch(): void {
    this.#seen = this.#position;
    this.#batch = [];
  }

  endBatch(): Uint8Array {
    const { shared, transactions } = batchOf(log, this.#batch);
    this.#seen = undefined;
    const [first, ...others] = transactions;
    if (first === undefined) throw new Error('a batch is empty');
    return encodeEntry(makeEntry(log, first.number - 1, markAtStart(log), shared, [first, ...others]));
  }

  /** What its entry says of a delta is its number and its origin: here they follow on the documents that were loaded. */
  apply(body: Uint8Array): void {
    const number = this.#position + 1;
    const entry = { log, origin: writingOrigin, firstNumber: number, lastNumber: number, count: 1 };
    for (const delta of decodeBatch(entry, body)) this.#applyDelta(delta);
  }

  applyBatch(batch: Uint8Array): void {
    for (const delta of deltasOf(decodeEntry(batch))) this.#applyDelta(delta);
  }

  /** As the prefix does it. */
  #applyDelta(delta: Delta): void {
    const writer = new DeltaWriter(delta, ancestry, { log, position: ++this.#position });
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
      const records = decodeChunk(chunk);
      this.#position += records.length;
      for (const { collection: name, id, state } of records) this.#documents.set(name, id, state);
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
    'as a replica does it: drafts, deltas with a context of one origin. A delta alone is the body of a log entry; log, ' +
    'origin, number and position stand in the head of the entry, beside a mark and a checksum: a head has a row of its own. ' +
    'A batch is an entry, head and all. Documents are saved, with their places in the log, in chunks of ' +
    `${documentsOfChunk}, as a snapshot keeps them`,
  open: (replica) => new TidelineStore(replica),
  codec: {
    decode: (body) => decodeBatch({ log, origin: writingOrigin, firstNumber: 1, lastNumber: 1, count: 1 }, body)[0],
    encode: (decoded) => bodyOf(deltaOf(decoded)),
  },
  get headBytes() {
    const nothing = Buffer.alloc(0);
    const name = { origin: writingOrigin, number: 123_456, numberBefore: 123_455 };
    const transaction = { ...name, frame: nothing, seen: new Map(), isOverdue: false };
    return encodeEntry(makeEntry(log, 123_455, markAtStart(log), nothing, [transaction])).length;
  },
};

/** What an entry with this one delta has after its head. */
const bodyOf = (delta: Delta): Uint8Array => encodeBatch(log, [delta]).body;

function deltaOf(decoded: unknown): Delta {
  if (!isDelta(decoded)) throw new TypeError('not a delta');
  return decoded;
}

const isDelta = (decoded: unknown): decoded is Delta =>
  typeof decoded === 'object' && decoded !== null && 'origin' in decoded && 'context' in decoded;
