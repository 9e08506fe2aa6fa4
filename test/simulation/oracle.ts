/** The log as Redis got it, and the state of every document at every position of it: what no replica may differ from. */
import { type DocumentState, documentExists } from '../../replica/crdt/document.ts';
import { encodeDocument } from '../../replica/crdt/document-codec.ts';
import type { Head, LogId, Mark, Origin, Position } from '../../replica/crdt/version.ts';
import { DocumentMap } from '../../replica/document-map.ts';
import { markAtStart } from '../../replica/log/entry.ts';
import type { LogEntry } from '../../replica/log/log.ts';
import { Prefix, type PreparedTransaction } from '../../replica/prefix.ts';

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

export class Oracle {
  readonly #logged: (transaction: PreparedTransaction) => void;
  #entries: LogEntry[] = [];
  #prefix: Prefix | undefined;
  #documents = new DocumentMap<Since[]>();
  /** By position; the first is position 1. */
  #names: LoggedName[] = [];

  /** @param logged told of each transaction that got a place in the log */
  constructor(logged: (transaction: PreparedTransaction) => void) {
    this.#logged = logged;
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

  at(position: Position): LoggedName | undefined {
    return this.#names[position - 1];
  }

  markAt(position: Position): Mark | undefined {
    return position === 0 && this.log !== undefined ? markAtStart(this.log) : this.at(position)?.mark;
  }

  appended(entry: LogEntry): void {
    if (this.log !== entry.log) this.#beginLog(entry.log);
    for (const transaction of this.#take(entry)) this.#logged(transaction);
  }

  /** The log went back: what it no longer has never was. @param head where it ends now; undefined where there is none */
  setBack(head: Head | undefined): void {
    const entries = this.#entries.filter(({ last }) => last <= (head?.position ?? 0));
    this.#prefix = undefined;
    if (head) this.#beginLog(head.log);
    for (const entry of entries) this.#take(entry);
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

  #beginLog(log: LogId): void {
    this.#entries = [];
    this.#names = [];
    this.#documents = new DocumentMap();
    this.#prefix = new Prefix({ log, position: 0, mark: markAtStart(log) }, new Map(), [], new Map());
  }

  #take(entry: LogEntry): readonly PreparedTransaction[] {
    const prefix = this.#prefix;
    if (!prefix) return [];
    const { transactions } = prefix.prepare(entry);
    for (const transaction of transactions) {
      prefix.put(transaction);
      const { origin, number } = transaction.delta;
      this.#names.push({ origin, number, mark: entry.mark });
      for (const { collection, id, state } of transaction.after) {
        const since = this.#documents.get(collection, id);
        if (since) since.push({ position: transaction.position, state });
        else this.#documents.set(collection, id, [{ position: transaction.position, state }]);
      }
    }
    prefix.advance(entry);
    this.#entries.push(entry);
    return transactions;
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
