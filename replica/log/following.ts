/** The checks that every adapter of the log makes on its stored entries. docs/internals/protocol.md, P2 and P8. */
import { LogReplacedError, MalformedBytesError, UnknownFormatError } from '../../errors.ts';
import type { Head, LogId, Position } from '../crdt/version.ts';
import { decodeEntry } from './entry.ts';
import type { LogEntry } from './log.ts';

/** An entry as it is stored: the position in its key, and its bytes. */
export interface StoredEntry {
  readonly last: Position;
  readonly bytes: Uint8Array;
}

/**
 * P8. Decodes what is stored after a position, as far as it decodes and follows on.
 * @param head the log's, as of the same moment
 * @throws {LogReplacedError} what is stored does not follow on `after`, or ends before it
 * @throws {MalformedBytesError} @throws {UnknownFormatError} the first one does not decode
 */
export function decodeFollowing(
  head: Head | undefined,
  log: LogId,
  after: Position,
  stored: Iterable<StoredEntry>,
): LogEntry[] {
  if (head === undefined) throw new LogReplacedError(`there is no log ${log} any more`);
  if (head.log !== log) throw new LogReplacedError(`the log is ${head.log} now, and not ${log} any more`);
  if (head.position < after) throw new LogReplacedError(`log ${log} ends at ${head.position}, before ${after}`);

  const entries: LogEntry[] = [];
  let previous: LogEntry | undefined;
  for (const one of stored) {
    let entry: LogEntry;
    try {
      entry = decodeStored(one, log, previous);
    } catch (error) {
      if (entries.length > 0) break;
      throw error;
    }
    if (entry.first > after + 1 && previous === undefined) {
      throw new LogReplacedError(`log ${log} has nothing at ${after + 1} any more`);
    }
    entries.push(entry);
    previous = entry;
  }
  if (entries.length === 0 && head.position > after) {
    throw new LogReplacedError(`log ${log} has nothing at ${after + 1} any more`);
  }
  return entries;
}

function decodeStored({ last, bytes }: StoredEntry, log: LogId, previous: LogEntry | undefined): LogEntry {
  const where = `the entry that ends at ${last} of log ${log}`;
  let entry: LogEntry;
  try {
    entry = decodeEntry(bytes);
  } catch (error) {
    if (error instanceof UnknownFormatError) throw new UnknownFormatError(where, error.format);
    throw new MalformedBytesError(`${where} does not decode`, { cause: error });
  }
  if (entry.log !== log || entry.last !== last)
    throw new MalformedBytesError(`${where} belongs to another log or position`);
  if (previous !== undefined && (entry.first !== previous.last + 1 || entry.before !== previous.mark)) {
    throw new MalformedBytesError(`${where} does not follow the entry before it`);
  }
  return entry;
}

/**
 * P6. Whether a sender stands in this log's history.
 * @param next the stored entry after the sender's position, asked for where the log goes on after it
 * @throws {LogReplacedError} it does not
 */
export function checkSeen(head: Head | undefined, seen: Head, next: () => LogEntry | undefined): asserts head is Head {
  if (head === undefined) throw new LogReplacedError(`there is no log ${seen.log} any more`);
  if (head.log !== seen.log) throw new LogReplacedError(`the log is ${head.log} now, and not ${seen.log} any more`);
  if (head.position < seen.position) {
    throw new LogReplacedError(`log ${seen.log} ends at ${head.position}, before ${seen.position}`);
  }
  const entry = head.position === seen.position ? undefined : next();
  const mark = entry === undefined ? head.mark : entry.before;
  if (head.position > seen.position && entry?.first !== seen.position + 1) {
    throw new LogReplacedError(`position ${seen.position} of log ${seen.log} is gone`);
  }
  if (mark !== seen.mark) throw new LogReplacedError(`log ${seen.log} has another history at ${seen.position}`);
}
