/** Applies entries of the log, whole and in one turn; whoever made a transaction here is answered in the same turn. */
import { type HybridClock, millisecondsOf } from '../crdt/clock.ts';
import type { Delta } from '../crdt/delta.ts';
import { documentExists } from '../crdt/document.ts';
import type { Logger } from '../environment/logger.ts';
import type { LogEntry, RecordAfter } from '../log/log.ts';
import type { TransactionFeed } from '../readers/feed.ts';
import type { PreparedEntry } from '../state/prefix.ts';
import type { ReplicaState } from '../state/state.ts';
import type { Outbox } from '../sync/outbox/outbox.ts';

export interface ApplierOptions {
  readonly state: ReplicaState;
  readonly feed: TransactionFeed;
  readonly clock: HybridClock;
  readonly logger: Logger;
  readonly outbox: () => Outbox;
  /** Of what is durable here now. */
  readonly token: () => string;
}

export class Applier {
  readonly #options: ApplierOptions;
  /** What an embedded log was given the states of, so that it is worked out once. */
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
    const { state, feed, token } = this.#options;
    const outbox = this.#options.outbox();
    const prepared =
      this.#prepared?.entry.mark === entry.mark ? this.#prepared : state.prefix.prepare(entry, undefined, deltas);
    this.#prepared = undefined;
    for (const transaction of prepared.transactions) {
      const { origin, number, time } = transaction.delta;
      const at = { log: entry.log, position: transaction.position, mark: entry.mark };
      this.#takeTime(time, origin);
      const missing = state.apply(transaction, at, outbox.get(origin, number));
      outbox.cameBack(origin, number, token);
      if (missing.length > 0) outbox.cameTooLate(new Map(missing));
      feed.applied(transaction, at);
      this.applied += 1;
    }
    state.prefix.advance(entry);
    for (const transaction of outbox.reveal(state.prefix.origins)) state.journal(transaction, false);
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
