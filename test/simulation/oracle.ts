/** The log as Redis got it, and the state of every document at every position of it: what no replica may differ from. */

import { encodeDocument } from '../../replica/codec/document-codec.ts';
import { documentExists } from '../../replica/crdt/document.ts';
import type { DocumentState } from '../../replica/crdt/document-node.ts';
import type { Head, LogId, Mark, Origin, Position } from '../../replica/crdt/version.ts';
import { decodeStoredChunk } from '../../replica/log/chunk.ts';
import { decodeEntry, markAtStart } from '../../replica/log/entry.ts';
import type { DocumentRecord, LogEntry } from '../../replica/log/log.ts';
import type { ClosedLog } from '../../replica/log/snapshots.ts';
import { DocumentMap } from '../../replica/state/document-map.ts';
import { type Missing, Prefix, type PreparedTransaction } from '../../replica/state/prefix.ts';
import type { SimulatedRedis } from './redis.ts';

/** Each transaction puts a document of its own there. */
export const eventCollection = 'events';

/** A document's state from a position on. */
interface Since {
  readonly position: Position;
  readonly state: DocumentState | undefined;
}

export interface LoggedName {
  readonly origin: Origin;
  readonly number: number;
  readonly mark: Mark;
}

/** What a log began with. */
interface Base {
  readonly head: Head;
  readonly closedLogs: readonly ClosedLog[];
  readonly records: readonly DocumentRecord[];
  readonly origins: ReadonlyMap<Origin, number>;
}

/** All that an oracle knows. */
export interface History {
  readonly base: Base | undefined;
  readonly entries: readonly LogEntry[];
}

export const emptyHistory: History = { base: undefined, entries: [] };

export interface OracleTold {
  /**
   * A transaction got a place in the log.
   * @param isRepeated whether its event is in the log already @param missing what the log went on without
   */
  logged(transaction: PreparedTransaction, isRepeated: boolean, missing: Missing): void;
}

export class Oracle {
  readonly #told: OracleTold;
  #base: Base | undefined;
  #entries: LogEntry[] = [];
  #prefix: Prefix | undefined;
  #documents = new DocumentMap<Since[]>();
  /** By position; the first is position 1. */
  #names: LoggedName[] = [];
  readonly #events = new Set<string>();

  constructor(told: OracleTold) {
    this.#told = told;
  }

  get log(): LogId | undefined {
    return this.#prefix?.head.log;
  }

  get position(): Position {
    return this.#prefix?.head.position ?? 0;
  }

  /** Where an origin stands in the log. */
  numberOf(origin: Origin): number {
    return this.#prefix?.origins.get(origin) ?? 0;
  }

  get origins(): ReadonlyMap<Origin, number> {
    return this.#prefix?.origins ?? new Map();
  }

  /** Whether an event is in the log, or was in one that it grew from. */
  has(event: string): boolean {
    return this.#events.has(event);
  }

  get events(): ReadonlySet<string> {
    return this.#events;
  }

  at(position: Position): LoggedName | undefined {
    return this.#names[position - 1];
  }

  markAt(position: Position): Mark | undefined {
    return position === 0 && this.log !== undefined ? markAtStart(this.log) : this.at(position)?.mark;
  }

  appended(entry: LogEntry): void {
    if (this.log !== entry.log)
      this.#begin({
        head: { log: entry.log, position: 0, mark: markAtStart(entry.log) },
        closedLogs: [],
        records: [],
        origins: new Map(),
      });
    this.#take(entry, true);
  }

  /** A log began where another was closed: with what its snapshot holds. */
  begun({ snapshots, stream }: SimulatedRedis): void {
    const manifest = snapshots.manifest();
    if (!manifest) throw new Error('a log that grew has a manifest');
    const { name, chunks, begin, origins } = manifest.generation;
    const records = Array.from({ length: chunks }, (_, index) => snapshots.readChunk(name, index)).flatMap((bytes) =>
      bytes ? [...decodeStoredChunk(bytes).records] : [],
    );
    this.#begin({ head: begin, closedLogs: manifest.closedLogs, records, origins });
    for (const { bytes } of stream) this.#take(decodeEntry(bytes), true);
  }

  save(): History {
    return { base: this.#base, entries: [...this.#entries] };
  }

  setBack({ base, entries }: History): void {
    this.#prefix = undefined;
    this.#base = undefined;
    this.#entries = [];
    this.#names = [];
    this.#documents = new DocumentMap();
    this.#events.clear();
    if (!base) return;
    this.#begin(base);
    for (const entry of entries) this.#take(entry, false);
  }

  stateAt(collection: string, id: string, position: Position): DocumentState | undefined {
    return this.#documents.get(collection, id)?.findLast((since) => since.position <= position)?.state;
  }

  /** Whether a document was ever there, up to the log's end. */
  everExisted(collection: string, id: string): boolean {
    return this.#documents.get(collection, id)?.some(({ state }) => documentExists(state)) ?? false;
  }

  /** Every document that there ever was, as of a position. */
  *statesAt(position: Position): Iterable<readonly [collection: string, id: string, state: DocumentState | undefined]> {
    for (const [collection, id] of this.#documents) yield [collection, id, this.stateAt(collection, id, position)];
  }

  #begin(base: Base): void {
    const { head, closedLogs, records, origins } = base;
    this.#base = base;
    this.#entries = [];
    this.#names = [];
    this.#documents = new DocumentMap();
    this.#events.clear();
    this.#prefix = new Prefix(head, closedLogs, records, origins);
    for (const { collection, id, state } of records) {
      this.#documents.set(collection, id, [{ position: 0, state }]);
      if (collection === eventCollection && documentExists(state)) this.#events.add(id);
    }
  }

  #take(entry: LogEntry, isNew: boolean): void {
    const prefix = this.#prefix;
    if (!prefix) return;
    const { transactions } = prefix.prepare(entry);
    for (const transaction of transactions) {
      const missing = prefix.put(transaction);
      const { origin, number, operations } = transaction.delta;
      this.#names.push({ origin, number, mark: entry.mark });
      for (const { collection, id, state } of transaction.after) {
        const since = this.#documents.get(collection, id);
        if (since) since.push({ position: transaction.position, state });
        else this.#documents.set(collection, id, [{ position: transaction.position, state }]);
      }
      const event = operations.find(({ collection }) => collection === eventCollection)?.id;
      const isRepeated = event !== undefined && this.#events.has(event);
      if (event !== undefined) this.#events.add(event);
      if (isNew) this.#told.logged(transaction, isRepeated, missing);
    }
    prefix.advance(entry);
    this.#entries.push(entry);
  }
}

const spelled = new WeakMap<DocumentState, string>();

/** Whether two states are the same to the last stamp. */
export function sameState(a: DocumentState | undefined, b: DocumentState | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && spell(a) === spell(b));
}

function spell(state: DocumentState): string {
  let text = spelled.get(state);
  if (text === undefined) {
    text = Buffer.from(encodeDocument(state)).toString('latin1');
    spelled.set(state, text);
  }
  return text;
}
