/** The state of a log up to a position: the same at every replica that stands there. */

import { limits } from '../limits.ts';
import type { Delta } from './crdt/delta.ts';
import { applyOperations, type DocumentState } from './crdt/document.ts';
import { covers, type Head, type Lineage, type Origin, type Writer } from './crdt/version.ts';
import { DocumentMap } from './document-map.ts';
import { KnownMarks } from './known-marks.ts';
import { deltasOf } from './log/entry.ts';
import type { DocumentRecord, LogEntry } from './log/log.ts';
import type { States } from './overlay.ts';
import { RecentHistory } from './recent-history.ts';

/** What one transaction of an entry does to the prefix, worked out and not yet in place. */
export interface PreparedTransaction {
  readonly delta: Delta;
  readonly position: number;
  /** A document each. */
  readonly after: readonly DocumentRecord[];
}

export interface PreparedEntry {
  readonly entry: LogEntry;
  readonly transactions: readonly PreparedTransaction[];
}

/** Numbers by origin that a transaction names and the log lacks: up to there all counts as in from now on. */
export type Missing = readonly (readonly [Origin, number])[];

const nothingMissing: Missing = [];

export class Prefix implements States {
  readonly #documents = new DocumentMap<DocumentState>();
  readonly #lineage: Lineage;
  readonly marks: KnownMarks;
  /** What was touched lately, and what it was before. */
  readonly recent: RecentHistory;
  /** Last number in the log, by origin. */
  readonly origins: Map<Origin, number>;
  #head: Head;

  constructor(head: Head, lineage: Lineage, records: Iterable<DocumentRecord>, origins: ReadonlyMap<Origin, number>) {
    this.#head = head;
    this.recent = new RecentHistory(head.position, limits.recentHistory);
    this.#lineage = lineage;
    this.origins = new Map(origins);
    this.marks = new KnownMarks(limits.knownMarks, head, origins);
    for (const { collection, id, state } of records) if (state) this.#documents.set(collection, id, state);
  }

  get head(): Head {
    return this.#head;
  }

  state(collection: string, id: string): DocumentState | undefined {
    return this.#documents.get(collection, id);
  }

  states(collection: string): Iterable<readonly [string, DocumentState]> {
    return this.#documents.ofCollection(collection);
  }

  collections(): Iterable<string> {
    return this.#documents.collections();
  }

  /**
   * @param entry follows on the head
   * @throws {MalformedBytesError} @throws {UnknownFormatError} a delta in it does not decode
   */
  prepare(entry: LogEntry): PreparedEntry {
    const states = new DocumentMap<DocumentRecord>();
    const transactions = deltasOf(entry).map((delta, index): PreparedTransaction => {
      const position = entry.first + index;
      const writer: Writer = {
        origin: delta.origin,
        number: delta.number,
        time: delta.time,
        log: delta.placed?.log ?? entry.log,
        position: delta.placed?.position ?? position,
        covers: (dot) => covers(delta.context, delta, this.#lineage, dot),
      };
      const after = delta.operations.map(({ collection, id, operations }): DocumentRecord => {
        const earlier = states.get(collection, id);
        const state = applyOperations(earlier ? earlier.state : this.state(collection, id), operations, writer);
        const record = { collection, id, state };
        states.set(collection, id, record);
        return record;
      });
      return { delta, position, after };
    });
    return { entry, transactions };
  }

  /**
   * Puts one transaction's documents in place.
   * @returns what the log went on without
   */
  put(transaction: PreparedTransaction): Missing {
    const { delta } = transaction;
    const missing = this.#raise(delta.context.origins);
    for (const { collection, id, state } of transaction.after) {
      this.recent.record(transaction.position, collection, id, this.state(collection, id), state);
      if (state) this.#documents.set(collection, id, state);
      else this.#documents.delete(collection, id);
    }
    this.origins.set(delta.origin, delta.number);
    return missing;
  }

  /** P41. What a context names counts as in once it is in the log. */
  #raise(names: ReadonlyMap<Origin, number>): Missing {
    let missing: [Origin, number][] | undefined;
    for (const [origin, number] of names) {
      if (number <= (this.origins.get(origin) ?? 0)) continue;
      missing ??= [];
      missing.push([origin, number]);
      this.origins.set(origin, number);
    }
    return missing ?? nothingMissing;
  }

  /** Called once all transactions of an entry are in place. */
  advance(entry: LogEntry): void {
    this.#head = { log: entry.log, position: entry.last, mark: entry.mark };
    this.marks.add(entry);
  }
}
