/** Applies entries of the log, whole and in one turn; a client whose transaction comes back is answered in the same turn. */
import { type HybridClock, millisecondsOf } from '../crdt/clock.ts';
import type { Delta } from '../crdt/delta.ts';
import { documentExists } from '../crdt/document.ts';
import type { Origin } from '../crdt/version.ts';
import type { Logger } from '../environment/logger.ts';
import type { LogEntry, RecordAfter } from '../log/log.ts';
import type { PreparedEntry } from '../state/prefix.ts';
import type { OwnWrites } from '../state/roles.ts';
import type { ReplicaState } from '../state/state.ts';
import type { EntryApplier } from './follower.ts';

export interface ApplierOptions {
  readonly state: ReplicaState;
  readonly own: OwnWrites;
  readonly clock: HybridClock;
  readonly logger: Logger;
}

/** Documents that the server's log names for a late transaction; too-late.ndjson has all of them. */
const documentsToldOf = 10;

export class Applier implements EntryApplier {
  readonly #options: ApplierOptions;
  /** The entry whose states an embedded log was given: they are computed once. */
  #prepared: PreparedEntry | undefined;
  /** Transactions. */
  applied = 0;
  clocksAhead = 0;
  lastWriteAtMilliseconds: number | undefined;

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  /** The states of the documents that an entry touches, as they will be; it is the next that is applied. */
  recordsAfter(entry: LogEntry): readonly RecordAfter[] {
    const { prefix } = this.#options.state;
    this.#prepared = prefix.prepare(entry);
    let time = prefix.removed.newest;
    return this.#prepared.transactions.flatMap(({ delta, position, after }) => {
      time = Math.max(time, delta.time);
      return after.map((record): RecordAfter => {
        if (documentExists(record.state)) return record;
        return { ...record, removed: { collection: record.collection, id: record.id, position, time } };
      });
    });
  }

  /**
   * @param entry follows on the head
   * @param deltas what its body says, where that is known
   * @throws {MalformedBytesError} @throws {UnknownFormatError} it does not decode, and nothing of it was applied
   */
  apply(entry: LogEntry, deltas?: readonly Delta[]): void {
    const { state, own } = this.#options;
    const prepared =
      this.#prepared?.entry.mark === entry.mark ? this.#prepared : state.prefix.prepare(entry, undefined, deltas);
    this.#prepared = undefined;
    for (const transaction of prepared.transactions) {
      const { origin, number, time } = transaction.delta;
      const at = { log: entry.log, position: transaction.position, mark: entry.mark };
      this.#takeTime(time, origin);
      const missing = state.apply(transaction, at, own.get(origin, number));
      own.cameBack(origin, number, state);
      if (missing.length > 0) this.goOnWithout(new Map(missing));
      this.applied += 1;
    }
    state.prefix.advance(entry);
    this.reveal();
  }

  /** P41. The log goes on without transactions up to these numbers by origin: those that are here are taken back. */
  goOnWithout(numbers: ReadonlyMap<Origin, number>): void {
    const { state, own, logger } = this.#options;
    const transactions = own.cameTooLate(numbers);
    if (transactions.length === 0) return;
    const late = transactions.map(({ origin, number, delta }) => ({
      transaction: `${origin} ${number}`,
      documents: delta.operations.slice(0, documentsToldOf).map(({ collection, id }) => `${collection} ${id}`),
    }));
    logger.error({ late }, 'the log went on without these: they are in the data folder, in too-late.ndjson');
    for (const transaction of transactions) state.drop(transaction);
  }

  /** P49. Shows what was taken over from the journal, and has seen nothing but what is here by now. */
  reveal(): void {
    const { state, own } = this.#options;
    for (const transaction of own.reveal(state.prefix.origins)) state.journal(transaction, false);
  }

  #takeTime(time: number, origin: string): void {
    const milliseconds = millisecondsOf(time);
    if (!this.#options.clock.receive(time)) {
      this.clocksAhead += 1;
      this.#options.logger.warn({ origin, time: milliseconds }, 'a clock is more than a minute ahead of this one');
    }
    this.lastWriteAtMilliseconds = Math.max(this.lastWriteAtMilliseconds ?? 0, milliseconds);
  }
}
