/**
 * The log of an embedded site on LMDB, together with the states of its documents. docs/internals/protocol.md, P13 and
 * P14. Entries, states, origins and head are written in one transaction, which is on disk when append resolves.
 */
import { LogUnavailableError, MalformedBytesError, StoreUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { decodeDocument, encodeDocument } from '../codec/document-codec.ts';
import { millisecondsOf } from '../crdt/clock.ts';
import type { Head, LogId, Origin, Position, Time } from '../crdt/version.ts';
import { admit } from '../log/admission.ts';
import { decodeEntry, encodeEntry, makeEntry, markAtStart } from '../log/entry.ts';
import { checkSeen, decodeFollowing, type StoredEntry } from '../log/following.ts';
import { firstFormat } from '../log/formats.ts';
import { isLogId, isMark } from '../log/ids.ts';
import type {
  Batch,
  DocumentRecord,
  LoadedStates,
  Log,
  LogEntry,
  OriginClaim,
  RecordAfter,
  RemovedDocument,
} from '../log/log.ts';
import { parseNumber } from '../log/sealed.ts';
import { documentKey, documentOfKey, numberBytes, numberKey, numberOfKey } from './keys.ts';
import type { Store, Table, Write } from './store.ts';

const headKey = Buffer.from('head');

/** The stored head, with the size of all entries that are still in the log. */
interface StoredHead extends Head {
  readonly logBytes: number;
}

export class LmdbLog implements Log {
  readonly format = firstFormat;
  readonly storage = 'EMBEDDED';
  /** Never set: each write reports a failing disk itself. */
  readonly problem = undefined;
  readonly #store: Store;
  readonly #meta: Table;
  readonly #entries: Table;
  readonly #origins: Table;
  readonly #states: Table;
  /** By position and document. The oldest are deleted once they are no longer needed. */
  readonly #removed: Table;
  readonly #maximumBytes: number;
  #head: StoredHead | undefined;

  /** @throws {MalformedBytesError} the head is damaged */
  constructor(store: Store, meta: Table, maximumBytes: number) {
    this.#store = store;
    this.#meta = meta;
    this.#entries = store.table('log');
    this.#origins = store.table('origins');
    this.#states = store.table('states');
    this.#removed = store.table('removed');
    this.#maximumBytes = maximumBytes;
    const head = meta.get(headKey);
    this.#head = head === undefined ? undefined : decodeHead(head);
  }

  async head(): Promise<Head | undefined> {
    return this.#head === undefined ? undefined : publicHead(this.#head);
  }

  create(log: LogId): Promise<Head> {
    return this.#store.inTurn(async () => {
      const head = this.#head ?? { log, position: 0, mark: markAtStart(log), logBytes: 0 };
      if (this.#head === undefined) await this.#commit([[this.#meta, headKey, encodeHead(head)]], head);
      return publicHead(head);
    });
  }

  append(
    batch: Batch,
    seen: Head,
    secret: string,
    recordsAfter: (entry: LogEntry) => readonly RecordAfter[],
  ): Promise<readonly LogEntry[]> {
    return this.#store.inTurn(async () => {
      const head = this.#head;
      checkSeen(head, seen, () => this.#entryAfter(seen.position));
      const { entries, numbers } = this.#takeUp(head, batch);
      if (entries.length === 0) return entries;

      const writes: Write[] = [];
      let logBytes = head.logBytes;
      let newestRemoval: Time | undefined;
      for (const entry of entries) {
        const bytes = encodeEntry(entry);
        logBytes += bytes.length;
        writes.push([this.#entries, numberKey(entry.last), bytes]);
        for (const { collection, id, state, removed } of recordsAfter(entry)) {
          const value = state === undefined ? undefined : Buffer.from(encodeDocument(state));
          writes.push([this.#states, documentKey(collection, id), value]);
          if (removed) writes.push([this.#removed, removedKey(removed), Buffer.from(`${removed.time}`)]);
          if (removed) newestRemoval = removed.time;
        }
      }
      for (const [origin, number] of numbers) {
        writes.push([this.#origins, Buffer.from(origin), encodeOrigin(number, secret)]);
      }
      if (newestRemoval !== undefined) writes.push(...this.#forgotten(newestRemoval));
      const trimmed = this.#trim(logBytes);
      const last = entries[entries.length - 1] ?? head;
      const position = 'last' in last ? last.last : last.position;
      const next = { log: head.log, position, mark: last.mark, logBytes: logBytes - trimmed.bytes };
      await this.#commit([...writes, ...trimmed.writes, [this.#meta, headKey, encodeHead(next)]], next);
      return entries;
    });
  }

  async read(log: LogId, after: Position, limit: number): Promise<readonly LogEntry[]> {
    return decodeFollowing(await this.head(), log, after, this.#stored(after, limit));
  }

  async loadStates(): Promise<LoadedStates | undefined> {
    const head = await this.head();
    return head === undefined ? undefined : { head, records: this.#records(), removed: this.#removals() };
  }

  async origins(): Promise<ReadonlyMap<Origin, number>> {
    const origins = new Map<Origin, number>();
    for (const { key, value } of this.#origins.getRange()) {
      const origin = key.toString('latin1');
      origins.set(origin, decodeOrigin(origin, value).number);
    }
    return origins;
  }

  claimOrigin({ origin, number, secret, nextSecret }: OriginClaim): Promise<boolean> {
    return this.#store.inTurn(async () => {
      const key = Buffer.from(origin);
      if (this.#origins.get(key)?.equals(encodeOrigin(number, secret)) !== true) return false;
      await this.#commit([[this.#origins, key, encodeOrigin(number, nextSecret)]], this.#head);
      return true;
    });
  }

  /** Deletes the log and its states, as the site has moved away. Anything left by a crash in between is never read. */
  clear(): Promise<void> {
    return this.#store.inTurn(async () => {
      await this.#commit([[this.#meta, headKey, undefined]], undefined);
      for (const table of [this.#entries, this.#origins, this.#states, this.#removed]) await table.clearAsync();
    });
  }

  async raiseFormat(): Promise<void> {}

  watchConnection(changed: (connected: boolean) => void): Disposable {
    changed(true);
    return { [Symbol.dispose]: () => undefined };
  }

  /** Only waits for pending writes: the data folder closes the store. */
  async close(): Promise<void> {
    await this.#store.inTurn(async () => undefined);
  }

  /** Makes entries of the transactions that are admitted now, with the resulting last number of each origin. */
  #takeUp(head: Head, { shared, transactions }: Batch): { entries: LogEntry[]; numbers: ReadonlyMap<Origin, number> } {
    const { groups, numbers } = admit(transactions, (origin) => this.#lastNumber(origin));
    const entries: LogEntry[] = [];
    let { position, mark } = head;
    for (const one of groups) {
      const entry = makeEntry(head.log, position, mark, shared, one);
      position = entry.last;
      mark = entry.mark;
      entries.push(entry);
    }
    return { entries, numbers };
  }

  #lastNumber(origin: Origin): number {
    const bytes = this.#origins.get(Buffer.from(origin));
    return bytes === undefined ? 0 : decodeOrigin(origin, bytes).number;
  }

  #entryAfter(position: Position): LogEntry | undefined {
    const [stored] = this.#stored(position, 1);
    if (stored === undefined) return undefined;
    try {
      return decodeEntry(stored.bytes);
    } catch (error) {
      throw new LogUnavailableError(`the entry after ${position} does not decode`, true, { cause: error });
    }
  }

  *#stored(after: Position, limit: number): Generator<StoredEntry> {
    let bytes = 0;
    // An append's entries can be read a moment before it resolves and the head includes them: do not read past the
    // head.
    const end = numberKey((this.#head?.position ?? 0) + 1);
    for (const { key, value } of this.#entries.getRange({ start: numberKey(after + 1), end, limit })) {
      yield { last: numberOfKey(key), bytes: value };
      bytes += value.length;
      if (bytes >= limits.readBytes) return;
    }
  }

  *#records(): Generator<DocumentRecord> {
    for (const { key, value } of this.#states.getRange()) {
      const { collection, id } = documentOfKey(key);
      let state: DocumentRecord['state'];
      try {
        state = decodeDocument(value);
      } catch (error) {
        const name = `${JSON.stringify(id)} of collection ${JSON.stringify(collection)}`;
        const reason = error instanceof Error ? error.message : String(error);
        throw new MalformedBytesError(`the stored state of document ${name} does not decode: ${reason}`, {
          cause: error,
        });
      }
      yield { collection, id, state };
    }
  }

  *#removals(): Generator<RemovedDocument> {
    for (const { key, value } of this.#removed.getRange()) {
      const document = documentOfKey(key.subarray(numberBytes));
      yield { ...document, position: numberOfKey(key.subarray(0, numberBytes)), time: removalTime(value) };
    }
  }

  /** P28. Removal records that have expired: some of the oldest, but more than one append can add. */
  #forgotten(newest: Time): Write[] {
    const writes: Write[] = [];
    for (const { key, value } of this.#removed.getRange({ limit: limits.removalsForgottenAtOnce })) {
      if (millisecondsOf(newest) - millisecondsOf(removalTime(value)) <= limits.removedMilliseconds) break;
      writes.push([this.#removed, key, undefined]);
    }
    return writes;
  }

  /** P14. The oldest entries, until the rest fits the limit. Entries of the current append are not among them. */
  #trim(logBytes: number): { writes: Write[]; bytes: number } {
    const writes: Write[] = [];
    let bytes = 0;
    if (logBytes <= this.#maximumBytes) return { writes, bytes };
    for (const { key, value } of this.#entries.getRange()) {
      writes.push([this.#entries, key, undefined]);
      bytes += value.length;
      if (logBytes - bytes <= this.#maximumBytes) break;
    }
    return { writes, bytes };
  }

  async #commit(writes: readonly Write[], head: StoredHead | undefined): Promise<void> {
    try {
      await this.#store.commit(writes);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      throw new LogUnavailableError(error.message, true, { cause: error });
    }
    this.#head = head;
  }
}

const removedKey = ({ collection, id, position }: RemovedDocument): Buffer =>
  Buffer.concat([numberKey(position), documentKey(collection, id)]);

function removalTime(bytes: Buffer): Time {
  const time = parseNumber(bytes.toString('latin1'));
  if (time === undefined) throw new MalformedBytesError('the stored time of a removal does not decode');
  return time;
}

const publicHead = ({ log, position, mark }: StoredHead): Head => ({ log, position, mark });

const encodeHead = ({ log, position, mark, logBytes }: StoredHead): Buffer =>
  Buffer.from(`${log}\n${position}\n${mark}\n${logBytes}`);

function decodeHead(bytes: Buffer): StoredHead {
  const [log, positionText, mark, logBytesText] = bytes.toString('latin1').split('\n');
  const position = parseNumber(positionText);
  const logBytes = parseNumber(logBytesText);
  if (!isLogId(log) || !isMark(mark) || position === undefined || logBytes === undefined) {
    throw new MalformedBytesError('the head of the stored log does not decode: restore the data folder from a backup');
  }
  return { log, position, mark, logBytes };
}

const encodeOrigin = (number: number, secret: string): Buffer => Buffer.from(`${number}\n${secret}`);

function decodeOrigin(origin: Origin, bytes: Buffer): { number: number } {
  const number = parseNumber(bytes.toString('latin1').split('\n')[0]);
  if (number === undefined) throw new MalformedBytesError(`the stored number of origin ${origin} does not decode`);
  return { number };
}
