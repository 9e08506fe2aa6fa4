/**
 * The checkpoint of a replica beside its site's Redis, on LMDB: states, origins and removed documents in tables, and
 * one record that says up to which position they are complete. The record exists only while they are. There are two
 * such sets: a new checkpoint is written beside a complete one, and replaces it in one transaction.
 * docs/internals/protocol.md, P33.
 */
import { MalformedBytesError, StoreUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { decodeDocument } from '../codec/document-codec.ts';
import type { Origin } from '../crdt/version.ts';
import type { Checkpoint, CheckpointChange, CheckpointEnd, LoadedCheckpoint } from '../log/checkpoint.ts';
import { isLogId, isMark, isOrigin } from '../log/ids.ts';
import type { DocumentRecord, RemovedDocument } from '../log/log.ts';
import { decodeBesideHead } from '../log/manifest.ts';
import { parseNumber, seal, unseal } from '../log/sealed.ts';
import { documentKey, documentOfKey, numberKey, numberOfKey } from './keys.ts';
import type { Store, Table, Write } from './store.ts';

const format = 3;

/** The tables of one checkpoint. */
interface Place {
  readonly wholeKey: Buffer;
  readonly states: Table;
  readonly origins: Table;
  readonly removed: Table;
  readonly runs: Table;
}

export class LmdbCheckpoint implements Checkpoint {
  readonly #store: Store;
  readonly #meta: Table;
  /** Changes are written to the first; the other may be complete while the first is not. */
  #places: readonly [Place, Place];

  constructor(store: Store, meta: Table) {
    this.#store = store;
    this.#meta = meta;
    const [one, other] = [placeIn(store, ''), placeIn(store, '-beside')];
    this.#places = meta.doesExist(other.wholeKey) ? [other, one] : [one, other];
  }

  async load(): Promise<LoadedCheckpoint | undefined> {
    const place = this.#places.find(({ wholeKey }) => this.#meta.doesExist(wholeKey));
    const bytes = place && this.#meta.get(place.wholeKey);
    if (place === undefined || bytes === undefined) return undefined;
    const { head, closedLogs, skipped } = decodeWhole(bytes);
    const origins = new Map<Origin, number>();
    for (const { key, value } of place.origins.getRange()) {
      const origin = key.toString('latin1');
      const number = parseNumber(value.toString('latin1'));
      if (!isOrigin(origin) || number === undefined) throw malformed(`the number of origin ${origin}`);
      origins.set(origin, number);
    }
    const runs = Array.from(place.runs.getRange(), ({ key, value }) => ({ last: numberOfKey(key), bytes: value }));
    return { head, closedLogs, origins, skipped, runs, records: recordsIn(place), removed: removedIn(place) };
  }

  keep(change: CheckpointChange): Promise<void> {
    return this.#store.inTurn(async () => {
      const [, other] = this.#places;
      const isInItsPlace = change.whole !== undefined && this.#meta.doesExist(other.wholeKey);
      await this.#store.commit(this.#writesOf(change));
      // If this fails, it is cleared before it is written to again.
      if (isInItsPlace) await clear(other).catch(() => undefined);
    });
  }

  #writesOf({ documents, origins, runs, whole }: CheckpointChange): readonly Write[] {
    const [place, other] = this.#places;
    const writes: Write[] = [];
    for (const { collection, id, state, removed } of documents) {
      const key = documentKey(collection, id);
      writes.push([place.states, key, state && bufferOf(state)]);
      if (removed) writes.push([place.removed, key, Buffer.from(`${removed.position}\n${removed.time}`)]);
      else if (place.removed.doesExist(key)) writes.push([place.removed, key, undefined]);
    }
    for (const [origin, number] of origins) writes.push([place.origins, Buffer.from(origin), Buffer.from(`${number}`)]);
    for (const { last, bytes } of runs) writes.push([place.runs, numberKey(last), bufferOf(bytes)]);
    if (whole) {
      for (const key of place.runs.getKeys({ end: numberKey(whole.keptFrom + 1), limit: limits.keysPerTurn }))
        writes.push([place.runs, key, undefined]);
      writes.push([this.#meta, place.wholeKey, encodeWhole(whole)]);
      if (this.#meta.doesExist(other.wholeKey)) writes.push([this.#meta, other.wholeKey, undefined]);
    }
    return writes;
  }

  beginAnew(): Promise<void> {
    return this.#store.inTurn(async () => {
      const [place, other] = this.#places;
      if (this.#meta.doesExist(place.wholeKey)) this.#places = [other, place];
      await clear(this.#places[0]);
    });
  }
}

const placeIn = (store: Store, suffix: string): Place => ({
  wholeKey: Buffer.from(`kept-prefix${suffix}`),
  states: store.table(`kept-states${suffix}`),
  origins: store.table(`kept-origins${suffix}`),
  removed: store.table(`kept-removed${suffix}`),
  runs: store.table(`kept-entries${suffix}`),
});

/** @throws {StoreUnavailableError} */
async function clear({ states, origins, removed, runs }: Place): Promise<void> {
  try {
    for (const table of [states, origins, removed, runs]) await table.clearAsync();
  } catch (error) {
    throw new StoreUnavailableError('the disk of DATA_DIR is full or failing', { cause: error });
  }
}

function* recordsIn({ states }: Place): Generator<DocumentRecord> {
  for (const { key, value } of states.getRange()) {
    const { collection, id } = documentOfKey(key);
    yield { collection, id, state: decodeDocument(value) };
  }
}

function* removedIn({ removed }: Place): Generator<RemovedDocument> {
  for (const { key, value } of removed.getRange()) {
    const { collection, id } = documentOfKey(key);
    const [position, time] = value.toString('latin1').split('\n').map(parseNumber);
    if (position === undefined || time === undefined) throw malformed(`where ${JSON.stringify(id)} was removed`);
    yield { collection, id, position, time };
  }
}

/** A view, as copying large values takes time. */
const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

function encodeWhole({ head, closedLogs, skipped }: CheckpointEnd): Buffer {
  return seal(format, [head.log, head.position, head.mark], Buffer.from(JSON.stringify({ closedLogs, skipped })));
}

function decodeWhole(bytes: Buffer): Pick<CheckpointEnd, 'head' | 'closedLogs' | 'skipped'> {
  const { fields, body } = unseal('the state in DATA_DIR', format, 3, bytes);
  const [log, positionText, mark] = fields;
  const position = parseNumber(positionText);
  if (!isLogId(log) || position === undefined || !isMark(mark)) throw malformed('where it stands');
  return { head: { log, position, mark }, ...decodeBesideHead(body) };
}

const malformed = (what: string) =>
  new MalformedBytesError(`the state in DATA_DIR is damaged: ${what} does not decode`);
