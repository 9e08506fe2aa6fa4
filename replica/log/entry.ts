/**
 * A log entry as bytes: what the log keeps, and what travels on the channel `deltas`. docs/internals/protocol.md, P1 and P2.
 * A sealed record; its fields are log, last position, mark before, origin, first number, last number and the count of
 * transactions, so that a Redis script can write and read it; its body is their deltas, of which the log knows nothing.
 */

import { MalformedBytesError } from '../../errors.ts';
import { decodeBatch } from '../codec/delta-codec.ts';
import { sharedName } from '../codec/shared-names.ts';
import type { Delta } from '../crdt/delta.ts';
import type { LogId, Mark, Origin, Position } from '../crdt/version.ts';
import { isLogId, isMark, isOrigin } from './ids.ts';
import type { LogEntry, OfferedTransaction } from './log.ts';
import { parseNumber, type Sealed, seal, sha1, splitSealed } from './sealed.ts';

const entryFormat = 2;

/** P1. What stands for the mark before position 1. */
export const markAtStart = (log: LogId): Mark => sha1(log);

/** P1. The mark of the entry that holds these numbers of an origin and follows on the mark `before`. */
export const markOf = (before: Mark, origin: Origin, firstNumber: number, lastNumber: number): Mark =>
  sha1(`${before}\n${origin}\n${firstNumber}\n${lastNumber}`);

/** @throws {MalformedBytesError} @throws {UnknownFormatError} its body does not decode */
export function deltasOf(entry: LogEntry): readonly Delta[] {
  return decodeBatch(entry, entry.body);
}

/**
 * @param shared of the batch
 * @param transactions that go together; the first gets the position after `lastBefore`
 */
export function makeEntry(
  log: LogId,
  lastBefore: Position,
  before: Mark,
  shared: Uint8Array,
  transactions: readonly [OfferedTransaction, ...OfferedTransaction[]],
): LogEntry {
  const [{ origin, number: firstNumber }] = transactions;
  const { number: lastNumber } = transactions.at(-1) ?? transactions[0];
  return {
    log,
    first: lastBefore + 1,
    last: lastBefore + transactions.length,
    before,
    mark: markOf(before, origin, firstNumber, lastNumber),
    origin,
    firstNumber,
    lastNumber,
    count: transactions.length,
    body: bodyOf(shared, transactions),
  };
}

/** The body of an entry of transactions: the shared part of their batch, then their frames. */
export const bodyOf = (shared: Uint8Array, transactions: readonly OfferedTransaction[]): Uint8Array =>
  Buffer.concat([shared, ...transactions.map(({ frame }) => frame)]);

/** About the bytes of the fields of an entry. */
const fieldBytes = 200;

/** About as many as it takes in the log. */
export const bytesOf = ({ body }: LogEntry): number => fieldBytes + body.length;

export function encodeEntry(entry: LogEntry): Buffer {
  const { log, last, before, origin, firstNumber, lastNumber, count, body } = entry;
  return seal(entryFormat, [log, last, before, origin, firstNumber, lastNumber, count], body);
}

/** The fields that an entry's mark is computed from, and its position. */
export type EntryPlace = Pick<LogEntry, 'log' | 'last' | 'before' | 'origin' | 'firstNumber' | 'lastNumber'>;

/** P2. @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeEntry(bytes: Uint8Array): LogEntry {
  return checkedEntry(splitEntry(bytes));
}

/**
 * P12. Undefined where the entry that the head names is known: nobody needs the rest, and most that a replica hears is its own.
 * @throws {MalformedBytesError} @throws {UnknownFormatError}
 */
export function decodeUnlessKnown(bytes: Uint8Array, isKnown: (place: EntryPlace) => boolean): LogEntry | undefined {
  const sealed = splitEntry(bytes);
  const [log = '', last, before = '', origin = '', firstNumber, lastNumber] = sealed.fields;
  // Unchecked: what an entry that is known says is in order.
  const place = {
    log,
    last: Number(last),
    before,
    origin,
    firstNumber: Number(firstNumber),
    lastNumber: Number(lastNumber),
  };
  return isKnown(place) ? undefined : checkedEntry(sealed);
}

const splitEntry = (bytes: Uint8Array): Sealed => splitSealed('a log entry', entryFormat, 7, bytes);

/** @throws {MalformedBytesError} */
function checkedEntry(sealed: Sealed): LogEntry {
  const [log, lastText, before, origin, firstNumberText, lastNumberText, countText] = sealed.fields;
  if (!isLogId(log)) throw malformed('its log id');
  if (!isMark(before)) throw malformed('its mark before');
  if (!isOrigin(origin)) throw malformed('its origin');
  const last = positive(lastText, 'its last position');
  const firstNumber = positive(firstNumberText, 'its first number');
  const lastNumber = positive(lastNumberText, 'its last number');
  const count = positive(countText, 'its count of transactions');
  if (count > last) throw malformed('its count of transactions');
  if (!isRange(firstNumber, lastNumber, count)) throw malformed('its range of numbers');
  sealed.check();
  return {
    log: sharedName(log),
    first: last - count + 1,
    last,
    before,
    mark: markOf(before, origin, firstNumber, lastNumber),
    origin: sharedName(origin),
    firstNumber,
    lastNumber,
    count,
    body: sealed.body,
  };
}

/** Whether an entry's numbers make a range. It may hold fewer transactions: refused numbers are skipped. */
export function isRange(firstNumber: number, lastNumber: number, count: number): boolean {
  const span = lastNumber - firstNumber + 1;
  return firstNumber > 0 && count > 0 && (count === 1 ? span === 1 : span >= count);
}

function positive(text: string | undefined, what: string): number {
  const number = parseNumber(text);
  if (number === undefined || number === 0) throw malformed(what);
  return number;
}

const malformed = (what: string) => new MalformedBytesError(`a log entry is malformed: ${what}`);
