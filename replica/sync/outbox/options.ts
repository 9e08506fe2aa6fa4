/** What an outbox is given: the log and the journal, and how its replica reads, shows and takes back. */
import type { Head } from '../../crdt/version.ts';
import type { Logger } from '../../environment/logger.ts';
import type { Timers } from '../../environment/timers.ts';
import type { StagedTransaction } from '../../history/staged.ts';
import type { Offer } from '../../log/batch.ts';
import type { Journal, KnownHistory } from '../../log/journal.ts';
import type { Log, LogEntry, RecordAfter } from '../../log/log.ts';

export interface OutboxOptions {
  readonly log: Log;
  readonly journal: Journal | undefined;
  readonly logger: Logger;
  readonly timers: Timers;
  readonly secret: string;
  readonly retryMilliseconds: readonly [number, number];
  readonly head: () => Head;
  readonly recordsAfter: (entry: LogEntry) => readonly RecordAfter[];
  /** What the journal is to know of the log up to here, beyond what it knows. */
  readonly known: (since: Head | undefined) => KnownHistory;
  /** The log's answer: entries with their positions, made of what was offered. */
  readonly appended: (entries: readonly LogEntry[], offers: readonly Offer[]) => void;
  /** Reads the log to its end. @throws {LogUnavailableError} */
  readonly catchUp: () => Promise<void>;
  /** Settles once the disk has the prefix that the replica shows, so that it has what journaled transactions saw. */
  readonly keepPrefix: () => Promise<void>;
  /** The journal holds it now: show it, and answer. */
  readonly journaled: (transaction: StagedTransaction) => string;
  /** It was refused: take it back from staging. */
  readonly refused: (transaction: StagedTransaction) => void;
  readonly cutOffChanged: (cutOff: boolean) => void;
  /** Why it takes no part in its site now, where that is known; one line for people. */
  readonly problem: () => string | undefined;
  /** How long a transaction waits until the log has all that it saw. */
  readonly contextMilliseconds: number;
  /** Came too late for the log, which went on without them: show them no more. */
  readonly tooLate: (transactions: readonly StagedTransaction[]) => void;
}
