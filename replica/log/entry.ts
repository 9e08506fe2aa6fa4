/**
 * A log entry as bytes: what the log keeps, and what travels on the channel `deltas`. docs/protocol.md, P1 and P2.
 * A sealed record; its fields are log, last position, mark before, origin, first number, last number and the count of
 * transactions, so that a Redis script can write and read it; its body is a frame for each transaction:
 *
 *   flags (1 byte; 1: placed), [length (1) and log, position (8)], length (4) and delta; big-endian
 */
import { MalformedBytesError } from '../../errors.ts';
import type { LogId, Mark, Origin, Position } from '../crdt/version.ts';
import type { EncodedTransaction, LogEntry, Placed } from './log.ts';
import { parseNumber, seal, sha1, unseal } from './sealed.ts';

export const entryFormat = 1;
const placedFlag = 1;

const logIdPattern = /^[A-Za-z0-9._-]{1,64}$/;
const originPattern = /^[A-Za-z0-9._-]{1,73}$/;
const markPattern = /^[0-9a-f]{40}$/;

/** A transaction as an entry holds it. */
export type FramedTransaction = LogEntry['transactions'][number];

/** Checked wherever one of these comes from outside, or becomes part of a key or a line. */
export const isLogId = (text: string | undefined): text is LogId => text !== undefined && logIdPattern.test(text);
export const isOrigin = (text: string | undefined): text is Origin => text !== undefined && originPattern.test(text);
export const isMark = (text: string | undefined): text is Mark => text !== undefined && markPattern.test(text);

/** P1. What stands for the mark before position 1. */
export const markAtStart = (log: LogId): Mark => sha1(log);

/** P1. The mark of the entry that holds these numbers of an origin and follows on the mark `before`. */
export const markOf = (before: Mark, origin: Origin, firstNumber: number, lastNumber: number): Mark =>
  sha1(`${before}\n${origin}\n${firstNumber}\n${lastNumber}`);

/** @param transactions consecutive ones of one origin; the first gets the position after `lastBefore` */
export function makeEntry(
  log: LogId,
  lastBefore: Position,
  before: Mark,
  transactions: readonly [EncodedTransaction, ...EncodedTransaction[]],
): LogEntry {
  const [{ origin, number: firstNumber }] = transactions;
  const lastNumber = transactions[transactions.length - 1]?.number ?? firstNumber;
  return {
    log,
    first: lastBefore + 1,
    last: lastBefore + transactions.length,
    before,
    mark: markOf(before, origin, firstNumber, lastNumber),
    origin,
    firstNumber,
    lastNumber,
    transactions: transactions.map(({ bytes, placed }) => ({ bytes, placed })),
  };
}

export function encodeEntry(entry: LogEntry): Buffer {
  const { log, last, before, origin, firstNumber, lastNumber, transactions } = entry;
  return seal(
    entryFormat,
    [log, last, before, origin, firstNumber, lastNumber, transactions.length],
    Buffer.concat(transactions.map(encodeFrame)),
  );
}

/** P2. @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeEntry(bytes: Uint8Array): LogEntry {
  const { fields, body } = unseal('a log entry', entryFormat, 7, bytes);
  const [log, lastText, before, origin, firstNumberText, lastNumberText, countText] = fields;
  if (!isLogId(log)) throw malformed('its log id');
  if (!isMark(before)) throw malformed('its mark before');
  if (!isOrigin(origin)) throw malformed('its origin');
  const last = positive(lastText, 'its last position');
  const firstNumber = positive(firstNumberText, 'its first number');
  const lastNumber = positive(lastNumberText, 'its last number');
  const count = positive(countText, 'its count of transactions');
  if (count > last) throw malformed('its count of transactions');
  // An origin's refused numbers are skipped, so an entry may have fewer transactions than its range has numbers.
  const span = lastNumber - firstNumber + 1;
  if (span < count || (count === 1 && span !== 1)) throw malformed('its range of numbers');
  return {
    log,
    first: last - count + 1,
    last,
    before,
    mark: markOf(before, origin, firstNumber, lastNumber),
    origin,
    firstNumber,
    lastNumber,
    transactions: decodeFrames(body, count),
  };
}

export function encodeFrame({ bytes, placed }: FramedTransaction): Buffer {
  const log = Buffer.from(placed?.log ?? '');
  const frame = Buffer.allocUnsafe(1 + (placed === undefined ? 0 : 1 + log.length + 8) + 4 + bytes.length);
  let at = frame.writeUInt8(placed === undefined ? 0 : placedFlag, 0);
  if (placed !== undefined) {
    at = frame.writeUInt8(log.length, at);
    at += log.copy(frame, at);
    at = frame.writeBigUInt64BE(BigInt(placed.position), at);
  }
  at = frame.writeUInt32BE(bytes.length, at);
  frame.set(bytes, at);
  return frame;
}

/** @throws {MalformedBytesError} where the body is not exactly so many frames */
export function decodeFrames(body: Buffer, count: number): FramedTransaction[] {
  const transactions: FramedTransaction[] = [];
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > body.length) throw malformed('its body ends early');
    at += length;
    return body.subarray(at - length, at);
  };
  for (let index = 0; index < count; index++) {
    const flags = take(1).readUInt8();
    if (flags > placedFlag) throw malformed('the flags of a transaction');
    const placed = flags === placedFlag ? decodePlaced(take) : undefined;
    transactions.push({ bytes: take(take(4).readUInt32BE()), placed });
  }
  if (at !== body.length) throw malformed('its body goes on');
  return transactions;
}

function decodePlaced(take: (length: number) => Buffer): Placed {
  const log = take(take(1).readUInt8()).toString('latin1');
  const position = Number(take(8).readBigUInt64BE());
  if (!isLogId(log) || !Number.isSafeInteger(position) || position === 0) throw malformed('the place of a transaction');
  return { log, position };
}

function positive(text: string | undefined, what: string): number {
  const number = parseNumber(text);
  if (number === undefined || number === 0) throw malformed(what);
  return number;
}

const malformed = (what: string) => new MalformedBytesError(`a log entry is malformed: ${what}`);
