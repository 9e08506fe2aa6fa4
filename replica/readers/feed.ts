/** `transactions` streams: what is in the log, as it is applied here, or from a token on. docs/internals/protocol.md, section "Feeds". */

import { HistoryUnavailableError, LogReplacedError, TokenUnreachableError } from '../../errors.ts';
import { invariant } from '../../invariant.ts';
import { limits } from '../../limits.ts';
import { millisecondsOf } from '../crdt/clock.ts';
import type { Delta, WireOperation } from '../crdt/delta.ts';
import { documentExists } from '../crdt/document.ts';
import type { Head, Mark, Position } from '../crdt/version.ts';
import { deltasOf, markAtStart } from '../log/entry.ts';
import type { Log, LogEntry } from '../log/log.ts';
import type { DocumentReader } from '../query/access/document-reader.ts';
import type { LoggedChange, LoggedTransaction, TransactionListener } from '../replica.ts';
import type { PreparedTransaction } from '../state/prefix.ts';
import type { ReplicaState } from '../state/state.ts';
import { encodeToken, type Token, tokenMarkDigits } from '../token.ts';
import { isSystemCollection } from '../values/collections.ts';
import { formatKeypath } from '../values/keypath.ts';

interface Reader {
  readonly listener: TransactionListener;
  /** Set while the log is read for it: what was applied meanwhile. */
  behind: LoggedTransaction[] | undefined;
}

export class TransactionFeed {
  readonly #log: Log;
  readonly #state: ReplicaState;
  readonly #readers = new Set<Reader>();

  constructor(log: Log, state: ReplicaState) {
    this.#log = log;
    this.#state = state;
  }

  /** Takes each transaction of the log, in order, once it is applied. */
  applied({ delta, position, after }: PreparedTransaction, at: Head): void {
    if (this.#readers.size === 0) return;
    const changes = changesOf(delta, (collection, id, index) => {
      const record = after[index];
      invariant(record !== undefined, 'a prepared transaction has a record for each document that it touches');
      const { state } = record;
      const document = documentExists(state) ? { collection, id, state } : undefined;
      return { kind: document ? 'UPSERTED' : 'REMOVED', document };
    });
    if (changes.length === 0) return;
    this.#tell(loggedTransaction(delta, changes, { ...at, position }));
  }

  /** Ends every stream: it cannot go on. */
  end(error: Error): void {
    for (const reader of [...this.#readers]) if (this.#readers.delete(reader)) reader.listener.ended(error);
  }

  /** @param after an undefined token: what comes from now on */
  open(after: Token | undefined, listener: TransactionListener): Disposable {
    const reader: Reader = { listener, behind: after ? [] : undefined };
    this.#readers.add(reader);
    if (after) {
      this.#catchUp(reader, after).catch((error: unknown) => {
        if (!this.#readers.delete(reader)) return;
        const unavailable = error instanceof LogReplacedError || error instanceof TokenUnreachableError;
        if (unavailable) listener.ended(new HistoryUnavailableError('the log does not reach back to the token'));
        else listener.ended(error instanceof Error ? error : new Error(String(error)));
      });
    }
    return { [Symbol.dispose]: () => this.#readers.delete(reader) };
  }

  #tell(transaction: LoggedTransaction): void {
    for (const reader of [...this.#readers]) {
      if (!reader.behind) reader.listener.told(transaction);
      else if (reader.behind.length < limits.unreadTransactions) reader.behind.push(transaction);
      else if (this.#readers.delete(reader))
        reader.listener.ended(new HistoryUnavailableError('too much was written while the log was read'));
    }
  }

  async #catchUp(reader: Reader, after: Token): Promise<void> {
    const upTo = this.#state.head;
    if (after.log !== upTo.log || after.told?.place) throw new TokenUnreachableError();
    this.#checkMark(after, after.position === 0 ? markAtStart(upTo.log) : this.#state.markAt(after.position));
    using view = this.#state.durableViews.open(this.#state.token);
    let position = after.position;
    while (position < upTo.position && this.#readers.has(reader)) {
      const entries = await this.#log.read(upTo.log, position, limits.readEntries);
      if (entries.length === 0) throw new LogReplacedError(`nothing follows on position ${position}`);
      for (const entry of entries) {
        if (entry.first > position + 1) throw new LogReplacedError(`nothing follows on position ${position}`);
        if (position === after.position) this.#checkMark(after, entry.first > position ? entry.before : entry.mark);
        this.#tellEntry(reader, entry, position, upTo.position, after, view);
        position = entry.last;
      }
    }
    const behind = reader.behind ?? [];
    reader.behind = undefined;
    for (const transaction of behind) if (this.#readers.has(reader)) reader.listener.told(transaction);
    if (this.#readers.has(reader)) reader.listener.caughtUp?.();
  }

  #tellEntry(
    reader: Reader,
    entry: LogEntry,
    after: Position,
    upTo: Position,
    token: Token,
    documents: DocumentReader,
  ) {
    deltasOf(entry).forEach((delta, index) => {
      const position = entry.first + index;
      if (position <= after || position > upTo || !this.#readers.has(reader)) return;
      if (delta.number <= (token.journaled.get(delta.origin) ?? 0)) return;
      // The present state does not say what the transaction did.
      const changes = changesOf(delta, (collection, id, _, operations) => ({
        kind: operations.some(removesAll) ? 'REMOVED' : 'UPSERTED',
        document: documents.get(collection, id),
      }));
      if (changes.length > 0)
        reader.listener.told(loggedTransaction(delta, changes, { log: entry.log, position, mark: entry.mark }));
    });
  }

  #checkMark(token: Token, mark: Mark | undefined): void {
    if (mark !== undefined && mark.slice(0, tokenMarkDigits) !== token.mark) throw new TokenUnreachableError();
  }
}

/** @param outcomeOf what became of the document that the transaction touched as its `index`th */
function changesOf(
  delta: Delta,
  outcomeOf: (
    collection: string,
    id: string,
    index: number,
    operations: readonly WireOperation[],
  ) => Pick<LoggedChange, 'kind' | 'document'>,
): readonly LoggedChange[] {
  return delta.operations.flatMap(({ collection, id, operations }, index): readonly LoggedChange[] => {
    if (isSystemCollection(collection)) return [];
    return [{ collection, id, paths: writtenPaths(operations), ...outcomeOf(collection, id, index, operations) }];
  });
}

const removesAll = ({ kind, path }: WireOperation): boolean => kind === 'remove' && path.length === 0;

/** Without the maps that were only made for what is written below them, and without the root, which has no keypath. */
function writtenPaths(operations: readonly WireOperation[]): readonly string[] {
  const above = new Set(
    operations.flatMap(({ path }) => path.slice(1).map((_, depth) => formatKeypath(path.slice(0, depth + 1)))),
  );
  const written = new Set<string>();
  for (const { kind, path } of operations) {
    if (path.length === 0) continue;
    const keypath = formatKeypath(path);
    if (kind !== 'makeMap' || !above.has(keypath)) written.add(keypath);
  }
  return [...written];
}

function loggedTransaction(delta: Delta, changes: readonly LoggedChange[], at: Head): LoggedTransaction {
  return {
    replica: delta.origin,
    log: at.log,
    position: at.position,
    committedAtMilliseconds: millisecondsOf(delta.time),
    changes,
    token: encodeToken({
      log: at.log,
      position: at.position,
      mark: at.mark.slice(0, tokenMarkDigits),
      journaled: new Map(),
      evicted: false,
    }),
  };
}
