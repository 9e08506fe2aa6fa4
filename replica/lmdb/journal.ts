/**
 * The journal: what a replica keeps on its own disk in addition to the log, on LMDB. docs/internals/protocol.md, P17
 * and P18.
 */
import { MalformedBytesError, StoreUnavailableError, UnknownFormatError } from '../../errors.ts';
import type { Origin } from '../crdt/version.ts';
import { isLogId, isMark, isOrigin } from '../log/ids.ts';
import type {
  CleanMark,
  Eviction,
  Journal,
  JournaledTransaction,
  KnownBase,
  KnownEntry,
  KnownHistory,
} from '../log/journal.ts';
import { parseNumber, seal, unseal } from '../log/sealed.ts';
import { documentKey, documentOfKey, nameAndNumberKey, nameAndNumberOfKey, numberKey, numberOfKey } from './keys.ts';
import type { Store, Table, Write } from './store.ts';
import type { TooLateFile } from './too-late.ts';

const journaledFormat = 2;
const cleanMarkKey = Buffer.from('clean-mark');
const sizeKey = Buffer.from('journal');

export class LmdbJournal implements Journal {
  readonly #store: Store;
  readonly #tooLate: TooLateFile;
  readonly #meta: Table;
  /** By origin and number. Each value has a sequence number, which gives the order of loading. */
  readonly #transactions: Table;
  /** By last position and chain hash, as after the log went back there may be two histories. */
  readonly #known: Table;
  readonly #evictions: Table;
  readonly #maximumBytes: number;
  /** The size of transactions and known entries, and the next sequence number; stored with each change of them. */
  #bytes: number;
  #sequence: number;

  /** @throws {MalformedBytesError} the record of its size is damaged */
  constructor(store: Store, meta: Table, tooLate: TooLateFile, maximumBytes: number) {
    this.#store = store;
    this.#tooLate = tooLate;
    this.#meta = meta;
    this.#transactions = store.table('journal');
    this.#known = store.table('known');
    this.#evictions = store.table('evictions');
    this.#maximumBytes = maximumBytes;
    const [bytes, sequence] = (meta.get(sizeKey)?.toString() ?? '0\n1').split('\n').map(parseNumber);
    if (bytes === undefined || sequence === undefined) throw malformed('its size');
    this.#bytes = bytes;
    this.#sequence = sequence;
  }

  async load(): Promise<readonly JournaledTransaction[]> {
    return Array.from(this.#transactions.getRange(), ({ key, value }) => decodeJournaled(key, value))
      .sort((a, b) => a.sequence - b.sequence)
      .map(({ transaction }) => transaction);
  }

  add(transactions: readonly JournaledTransaction[], known: KnownHistory): Promise<void> {
    return this.#store.inTurn(async () => {
      const writes: Write[] = [];
      let bytes = this.#bytes;
      let sequence = this.#sequence;
      const put = (table: Table, key: Buffer, encode: () => Buffer) => {
        if (table.get(key) !== undefined) return;
        const value = encode();
        bytes += key.length + value.length;
        writes.push([table, key, value]);
      };
      for (const transaction of transactions) {
        const { origin, number } = transaction;
        put(this.#transactions, nameAndNumberKey(origin, number), () => encodeJournaled(transaction, sequence++));
      }
      for (const entry of known.entries) put(this.#known, knownKey(entry), () => encodeKnown(entry));
      for (const base of known.bases) put(this.#known, baseKey(base), () => encodeBase(base));
      if (bytes > this.#maximumBytes) {
        throw new StoreUnavailableError(`the journal in DATA_DIR has reached its limit of ${this.#maximumBytes} bytes`);
      }
      await this.#commit(writes, bytes, sequence);
    });
  }

  async known(): Promise<KnownHistory> {
    const bases: KnownBase[] = [];
    const entries: KnownEntry[] = [];
    for (const { key, value } of this.#known.getRange()) {
      if (key.length === markBytes) bases.push(decodeBase(key, value));
      else entries.push(decodeKnown(key, value));
    }
    return { bases, entries };
  }

  removeUpTo(origin: Origin, number: number): Promise<void> {
    const range = { start: nameAndNumberKey(origin, 0), end: nameAndNumberKey(origin, number + 1) };
    return this.#remove(this.#transactions.getKeys(range));
  }

  #remove(keys: Iterable<Buffer>): Promise<void> {
    return this.#store.inTurn(async () => {
      const writes: Write[] = [];
      let bytes = this.#bytes;
      for (const key of keys) {
        const value = this.#transactions.get(key);
        if (value === undefined) continue;
        bytes -= key.length + value.length;
        writes.push([this.#transactions, key, undefined]);
      }
      if (writes.length === 0) return;
      if (this.#transactions.getKeysCount({ limit: writes.length + 1 }) === writes.length) {
        for (const key of this.#known.getKeys()) writes.push([this.#known, key, undefined]);
        bytes = 0;
      }
      await this.#commit(writes, bytes, this.#sequence);
    });
  }

  async setAside(transactions: readonly JournaledTransaction[]): Promise<void> {
    await this.#tooLate.add(transactions);
    await this.#remove(transactions.map(({ origin, number }) => nameAndNumberKey(origin, number)));
  }

  takeCleanMark(): Promise<CleanMark | undefined> {
    return this.#store.inTurn(async () => {
      const bytes = this.#meta.get(cleanMarkKey);
      if (bytes === undefined) return undefined;
      await this.#store.commit([[this.#meta, cleanMarkKey, undefined]]);
      const [origin, numberText, secret] = bytes.toString('latin1').split('\n');
      const number = parseNumber(numberText);
      // A damaged mark counts as none: the process then takes a new origin.
      return isOrigin(origin) && number !== undefined && secret !== undefined ? { origin, number, secret } : undefined;
    });
  }

  leaveCleanMark({ origin, number, secret }: CleanMark): Promise<void> {
    const bytes = Buffer.from(`${origin}\n${number}\n${secret}`);
    return this.#store.inTurn(() => this.#store.commit([[this.#meta, cleanMarkKey, bytes]]));
  }

  async loadEvictions(): Promise<readonly Eviction[]> {
    return Array.from(this.#evictions.getRange(), ({ key, value }) => {
      const { collection, id } = documentOfKey(key);
      const [origin, numberText] = value.toString('latin1').split('\n');
      const number = parseNumber(numberText);
      if (!isOrigin(origin) || number === undefined) {
        throw malformed(`the eviction of document ${JSON.stringify(id)} of collection ${JSON.stringify(collection)}`);
      }
      return { collection, id, lastWriter: { origin, number } };
    });
  }

  saveEvictions(added: readonly Eviction[], removed: readonly Eviction[]): Promise<void> {
    return this.#store.inTurn(async () => {
      const writes: Write[] = [];
      for (const mark of removed) {
        const key = evictionKey(mark);
        if (this.#evictions.get(key)?.equals(encodeLastWriter(mark))) writes.push([this.#evictions, key, undefined]);
      }
      for (const mark of added) writes.push([this.#evictions, evictionKey(mark), encodeLastWriter(mark)]);
      await this.#store.commit(writes);
    });
  }

  /** Only waits for pending writes: the data folder closes the store. */
  async close(): Promise<void> {
    await this.#store.inTurn(async () => undefined);
  }

  async #commit(writes: readonly Write[], bytes: number, sequence: number): Promise<void> {
    if (writes.length === 0) return;
    await this.#store.commit([...writes, [this.#meta, sizeKey, Buffer.from(`${bytes}\n${sequence}`)]]);
    this.#bytes = bytes;
    this.#sequence = sequence;
  }
}

function encodeJournaled(transaction: JournaledTransaction, sequence: number): Buffer {
  const { log, position, mark } = transaction.context;
  const fields = [sequence, transaction.numberBefore, log, position, mark];
  return seal(journaledFormat, fields, transaction.bytes);
}

function decodeJournaled(key: Buffer, value: Buffer): { sequence: number; transaction: JournaledTransaction } {
  const { name: origin, number } = nameAndNumberOfKey(key);
  const what = `transaction ${number} of ${origin}`;
  try {
    const { fields, body: bytes } = unseal('the record', journaledFormat, 5, value);
    const [sequenceText, numberBeforeText, log, positionText, mark] = fields;
    const sequence = parseNumber(sequenceText);
    const numberBefore = parseNumber(numberBeforeText);
    const position = parseNumber(positionText);
    if (
      sequence === undefined ||
      numberBefore === undefined ||
      position === undefined ||
      !isOrigin(origin) ||
      !isLogId(log) ||
      !isMark(mark)
    ) {
      throw malformed(what);
    }
    return { sequence, transaction: { origin, number, numberBefore, bytes, context: { log, position, mark } } };
  } catch (error) {
    if (error instanceof UnknownFormatError) throw new UnknownFormatError(`the journaled ${what}`, error.format);
    throw malformed(what, error);
  }
}

const knownKey = ({ last, mark }: KnownEntry): Buffer => Buffer.concat([numberKey(last), Buffer.from(mark, 'hex')]);

const encodeKnown = ({ first, before, origin, firstNumber, lastNumber }: KnownEntry): Buffer =>
  Buffer.from([first, before, origin, firstNumber, lastNumber].join('\n'));

function decodeKnown(key: Buffer, value: Buffer): KnownEntry {
  const last = numberOfKey(key.subarray(0, 8));
  const mark = key.toString('hex', 8);
  const [firstPositionText, before, origin, firstText, lastText] = value.toString('latin1').split('\n');
  const first = parseNumber(firstPositionText);
  const firstNumber = parseNumber(firstText);
  const lastNumber = parseNumber(lastText);
  if (
    !isMark(mark) ||
    !isMark(before) ||
    !isOrigin(origin) ||
    first === undefined ||
    firstNumber === undefined ||
    lastNumber === undefined
  ) {
    throw malformed(`the known entry that ends at ${last}`);
  }
  return { first, last, before, mark, origin, firstNumber, lastNumber };
}

const evictionKey = ({ collection, id }: Eviction): Buffer => documentKey(collection, id);

const encodeLastWriter = ({ lastWriter }: Eviction): Buffer =>
  Buffer.from(`${lastWriter.origin}\n${lastWriter.number}`);

const markBytes = 20;

/** No other keys of the table consist of a chain hash alone. */
const baseKey = ({ mark }: KnownBase): Buffer => Buffer.from(mark, 'hex');

const encodeBase = ({ origins }: KnownBase): Buffer =>
  Buffer.from(Array.from(origins, ([origin, number]) => `${origin} ${number}\n`).join(''));

function decodeBase(key: Buffer, value: Buffer): KnownBase {
  const origins = new Map<Origin, number>();
  for (const line of value.toString('latin1').split('\n').slice(0, -1)) {
    const [origin, numberText] = line.split(' ');
    const number = parseNumber(numberText);
    if (!isOrigin(origin) || number === undefined) throw malformed('the base of the known history');
    origins.set(origin, number);
  }
  return { mark: key.toString('hex'), origins };
}

const malformed = (what: string, cause?: unknown) =>
  new MalformedBytesError(`the journal in DATA_DIR is damaged: ${what} does not decode`, { cause });
