/**
 * The prefix that a replica keeps beside its site's Redis, on LMDB: states, origins and removed documents in tables, and in one
 * record what they are as of, which is there only while they are whole. docs/protocol.md, P33.
 */
import { MalformedBytesError, StoreUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { decodeDocument } from '../crdt/document-codec.ts';
import type { Origin } from '../crdt/version.ts';
import type { RemovedDocument } from '../log/chunk.ts';
import { isLogId, isMark, isOrigin } from '../log/entry.ts';
import type { KeptChange, KeptPrefix, KeptState, KeptWhole } from '../log/kept-prefix.ts';
import type { DocumentRecord } from '../log/log.ts';
import { decodeBesideHead } from '../log/manifest.ts';
import { parseNumber, seal, unseal } from '../log/sealed.ts';
import { documentKey, documentOfKey, numberKey, numberOfKey } from './keys.ts';
import type { Store, Table, Write } from './store.ts';

const format = 3;
const wholeKey = Buffer.from('kept-prefix');

export class LmdbKeptPrefix implements KeptPrefix {
  readonly #store: Store;
  readonly #meta: Table;
  readonly #states: Table;
  readonly #origins: Table;
  readonly #removed: Table;
  readonly #runs: Table;

  constructor(store: Store, meta: Table) {
    this.#store = store;
    this.#meta = meta;
    this.#states = store.table('kept-states');
    this.#origins = store.table('kept-origins');
    this.#removed = store.table('kept-removed');
    this.#runs = store.table('kept-entries');
  }

  async load(): Promise<KeptState | undefined> {
    const bytes = this.#meta.get(wholeKey);
    if (bytes === undefined) return undefined;
    const { head, closedLogs, skipped } = decodeWhole(bytes);
    const origins = new Map<Origin, number>();
    for (const { key, value } of this.#origins.getRange()) {
      const origin = key.toString('latin1');
      const number = parseNumber(value.toString('latin1'));
      if (!isOrigin(origin) || number === undefined) throw malformed(`the number of origin ${origin}`);
      origins.set(origin, number);
    }
    const runs = Array.from(this.#runs.getRange(), ({ key, value }) => ({ last: numberOfKey(key), bytes: value }));
    return { head, closedLogs, origins, skipped, runs, records: this.#records(), removed: this.#removedDocuments() };
  }

  keep(change: KeptChange): Promise<void> {
    return this.#store.inTurn(() => this.#store.commit(this.#writesOf(change)));
  }

  #writesOf({ documents, origins, runs, whole }: KeptChange): readonly Write[] {
    const writes: Write[] = [];
    for (const { collection, id, state, removed } of documents) {
      const key = documentKey(collection, id);
      writes.push([this.#states, key, state && bufferOf(state)]);
      if (removed) writes.push([this.#removed, key, Buffer.from(`${removed.position}\n${removed.time}`)]);
      else if (this.#removed.doesExist(key)) writes.push([this.#removed, key, undefined]);
    }
    for (const [origin, number] of origins) writes.push([this.#origins, Buffer.from(origin), Buffer.from(`${number}`)]);
    for (const { last, bytes } of runs) writes.push([this.#runs, numberKey(last), bufferOf(bytes)]);
    if (whole) {
      for (const key of this.#runs.getKeys({ end: numberKey(whole.keptFrom + 1), limit: limits.keysPerTurn }))
        writes.push([this.#runs, key, undefined]);
      writes.push([this.#meta, wholeKey, encodeWhole(whole)]);
    }
    return writes;
  }

  clear(): Promise<void> {
    return this.#store.inTurn(async () => {
      await this.#store.commit([[this.#meta, wholeKey, undefined]]);
      try {
        for (const table of [this.#states, this.#origins, this.#removed, this.#runs]) await table.clearAsync();
      } catch (error) {
        throw new StoreUnavailableError('the disk of DATA_DIR is full or failing', { cause: error });
      }
    });
  }

  *#records(): Generator<DocumentRecord> {
    for (const { key, value } of this.#states.getRange()) {
      const { collection, id } = documentOfKey(key);
      yield { collection, id, state: decodeDocument(value) };
    }
  }

  *#removedDocuments(): Generator<RemovedDocument> {
    for (const { key, value } of this.#removed.getRange()) {
      const { collection, id } = documentOfKey(key);
      const [position, time] = value.toString('latin1').split('\n').map(parseNumber);
      if (position === undefined || time === undefined) throw malformed(`where ${JSON.stringify(id)} was removed`);
      yield { collection, id, position, time };
    }
  }
}

/** A view: what is kept may be much, and a copy takes time. */
const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

function encodeWhole({ head, closedLogs, skipped }: KeptWhole): Buffer {
  return seal(format, [head.log, head.position, head.mark], Buffer.from(JSON.stringify({ closedLogs, skipped })));
}

function decodeWhole(bytes: Buffer): Pick<KeptWhole, 'head' | 'closedLogs' | 'skipped'> {
  const { fields, body } = unseal('the state in DATA_DIR', format, 3, bytes);
  const [log, positionText, mark] = fields;
  const position = parseNumber(positionText);
  if (!isLogId(log) || position === undefined || !isMark(mark)) throw malformed('where it stands');
  return { head: { log, position, mark }, ...decodeBesideHead(body) };
}

const malformed = (what: string) =>
  new MalformedBytesError(`the state in DATA_DIR is damaged: ${what} does not decode`);
