/**
 * A log entry as bytes: what the log keeps, and what travels on the channel `deltas`. docs/protocol.md, P1 and P2.
 * A header of lines of text, each ended by LF, which a Redis script can write and read; then a frame for each transaction:
 *
 *   format, log, last position, mark before, origin, first number, last number, transactions, checksum
 *   frame: flags (1 byte; 1: placed), [length (1) and log, position (8)], length (4) and delta; big-endian
 *
 * The checksum is the SHA-1, in hex, of all bytes but its own line. It finds damage, not malice: no source of trust.
 */
import { createHash } from 'node:crypto';
import { MalformedBytesError, UnknownFormatError } from '../../errors.ts';
import type { LogId, Mark, Origin, Position } from '../crdt/version.ts';
import type { EncodedTransaction, LogEntry, Placed } from './log.ts';

const entryFormat = 1;
const headerLines = 9;
/** The longest header that can be: a log's id and an origin at their longest, five numbers of 16 digits, two hashes. */
const maximumHeaderBytes = 400;
const placedFlag = 1;
const lineFeed = 10;

const logIdPattern = /^[A-Za-z0-9._-]{1,64}$/;
const originPattern = /^[A-Za-z0-9._-]{1,73}$/;
const markPattern = /^[0-9a-f]{40}$/;
const numberPattern = /^[1-9][0-9]{0,15}$/;

type FramedTransaction = LogEntry['transactions'][number];

/** Checked wherever an id becomes part of a key or of a line. */
export const isLogId = (text: string): text is LogId => logIdPattern.test(text);
export const isOrigin = (text: string): text is Origin => originPattern.test(text);
export const isMark = (text: string): text is Mark => markPattern.test(text);

const sha1 = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** P1. What stands for the mark before position 1. */
export const markAtStart = (log: LogId): Mark => sha1(log);

/** P1. The mark of the entry that holds these numbers of an origin and follows on the mark `before`. */
export const markOf = (before: Mark, origin: Origin, firstNumber: number, lastNumber: number): Mark =>
  sha1(`${before}\n${origin}\n${firstNumber}\n${lastNumber}`);

/** A transaction as it stands in an entry's body. */
export function encodeFrame({ bytes, placed }: FramedTransaction): Buffer {
  const log = placed === undefined ? Buffer.alloc(0) : Buffer.from(placed.log);
  const placedBytes = placed === undefined ? 0 : 1 + log.length + 8;
  const frame = Buffer.allocUnsafe(1 + placedBytes + 4 + bytes.length);
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
  const header = [
    entryFormat,
    entry.log,
    entry.last,
    entry.before,
    entry.origin,
    entry.firstNumber,
    entry.lastNumber,
    entry.transactions.length,
    '',
  ].join('\n');
  const body = Buffer.concat(entry.transactions.map(encodeFrame));
  return Buffer.concat([Buffer.from(`${header}${sha1(header, body)}\n`), body]);
}

/** @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeEntry(bytes: Uint8Array): LogEntry {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { lines, end } = headerOf(buffer);
  const [, log, last, before, origin, firstNumber, lastNumber, count, checksum] = lines;
  if (log === undefined || !isLogId(log)) throw malformed('the log id');
  if (before === undefined || !isMark(before)) throw malformed('the mark before');
  if (origin === undefined || !isOrigin(origin)) throw malformed('the origin');
  const numbers = {
    last: parseNumber(last, 'the last position'),
    first: parseNumber(firstNumber, 'the first number'),
    latest: parseNumber(lastNumber, 'the last number'),
    count: parseNumber(count, 'the count of transactions'),
  };
  if (numbers.count > numbers.last) throw malformed('the count of transactions');
  // An origin's refused numbers are skipped, so an entry may have fewer transactions than its range has numbers.
  const span = numbers.latest - numbers.first + 1;
  if (span < numbers.count || (numbers.count === 1 && span !== 1)) throw malformed('the range of numbers');

  const body = buffer.subarray(end);
  const checked = buffer.subarray(0, end - (checksum ?? '').length - 1);
  if (sha1(checked, body) !== checksum) throw malformed('the checksum');
  return {
    log,
    first: numbers.last - numbers.count + 1,
    last: numbers.last,
    before,
    mark: markOf(before, origin, numbers.first, numbers.latest),
    origin,
    firstNumber: numbers.first,
    lastNumber: numbers.latest,
    transactions: decodeFrames(body, numbers.count),
  };
}

function headerOf(buffer: Buffer): { lines: string[]; end: number } {
  const head = buffer.subarray(0, maximumHeaderBytes);
  const firstEnd = head.indexOf(lineFeed);
  const format = firstEnd < 0 ? 0 : Number(head.toString('latin1', 0, firstEnd));
  if (Number.isSafeInteger(format) && format > entryFormat) throw new UnknownFormatError('a log entry', format);
  if (format !== entryFormat) throw malformed('the format');
  let end = 0;
  for (let line = 0; line < headerLines; line++) {
    end = head.indexOf(lineFeed, end) + 1;
    if (end === 0) throw malformed('the header');
  }
  return { lines: head.toString('latin1', 0, end - 1).split('\n'), end };
}

function decodeFrames(body: Buffer, count: number): FramedTransaction[] {
  const transactions: FramedTransaction[] = [];
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > body.length) throw malformed('the body, which ends early');
    at += length;
    return body.subarray(at - length, at);
  };
  for (let index = 0; index < count; index++) {
    const flags = take(1).readUInt8();
    if (flags > placedFlag) throw malformed('the flags of a transaction');
    const placed = flags === placedFlag ? decodePlaced(take) : undefined;
    transactions.push({ placed, bytes: take(take(4).readUInt32BE()) });
  }
  if (at !== body.length) throw malformed('the body, which goes on');
  return transactions;
}

function decodePlaced(take: (length: number) => Buffer): Placed {
  const log = take(take(1).readUInt8()).toString('latin1');
  const position = Number(take(8).readBigUInt64BE());
  if (!isLogId(log) || !Number.isSafeInteger(position) || position === 0) throw malformed('the place of a transaction');
  return { log, position };
}

function parseNumber(text: string | undefined, what: string): number {
  const number = text !== undefined && numberPattern.test(text) ? Number(text) : 0;
  if (number === 0 || !Number.isSafeInteger(number)) throw malformed(what);
  return number;
}

const malformed = (what: string) => new MalformedBytesError(`a log entry is malformed: ${what}`);
