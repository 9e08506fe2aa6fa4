/**
 * A run: entries of one log that follow on one another, as one record, for a replica's own disk. docs/internals/protocol.md, P33.
 * A sealed record; its fields are log, position and mark before the first, how many entries there are, and how many bytes their
 * lines have. Its body is a line for each (origin, first number, last number, count of transactions, bytes of its body), then
 * their bodies. So an entry costs a line: neither a checksum nor a place on the disk of its own.
 */
import { MalformedBytesError } from '../../errors.ts';
import { sharedName } from '../codec/shared-names.ts';
import type { Mark, Position } from '../crdt/version.ts';
import { isRange, markOf } from './entry.ts';
import { isLogId, isMark, isOrigin } from './ids.ts';
import type { LogEntry } from './log.ts';
import { parseNumber, seal, unseal } from './sealed.ts';

const runFormat = 1;

/** @param entries each follows on the one before it */
export function encodeRun(entries: readonly [LogEntry, ...LogEntry[]]): Buffer {
  const [{ log, first, before }] = entries;
  let lines = '';
  for (const { origin, firstNumber, lastNumber, count, body } of entries)
    lines += `${origin} ${firstNumber} ${lastNumber} ${count} ${body.length}\n`;
  const bodies = Buffer.concat([Buffer.from(lines), ...entries.map(({ body }) => body)]);
  return seal(runFormat, [log, first - 1, before, entries.length, lines.length], bodies);
}

/** @returns bodies are views of the bytes given @throws {MalformedBytesError} @throws {UnknownFormatError} */
export function decodeRun(bytes: Uint8Array): readonly LogEntry[] {
  const { fields, body } = unseal('a run of log entries', runFormat, 5, bytes);
  const [log, positionText, markText, countText, lineBytesText] = fields;
  const lineBytes = parseNumber(lineBytesText);
  let position: Position | undefined = parseNumber(positionText);
  if (!isLogId(log) || !isMark(markText) || position === undefined || lineBytes === undefined)
    throw malformed('its head');
  let mark: Mark = markText;
  let from = lineBytes;
  const lines = body.toString('latin1', 0, lineBytes).split('\n');
  if (lines.pop() !== '' || lines.length !== parseNumber(countText)) throw malformed('its lines');
  const entries: LogEntry[] = [];
  for (const line of lines) {
    const [origin, ...texts] = line.split(' ');
    const [firstNumber = 0, lastNumber = 0, count = 0, length] = texts.map(parseNumber);
    if (!isOrigin(origin) || !isRange(firstNumber, lastNumber, count) || length === undefined)
      throw malformed('a line');
    const before = mark;
    mark = markOf(before, origin, firstNumber, lastNumber);
    entries.push({
      log: sharedName(log),
      first: position + 1,
      last: position + count,
      before,
      mark,
      origin: sharedName(origin),
      firstNumber,
      lastNumber,
      count,
      body: body.subarray(from, from + length),
    });
    position += count;
    from += length;
  }
  if (from !== body.length) throw malformed('its length');
  return entries;
}

const malformed = (what: string) => new MalformedBytesError(`a run of log entries is malformed: ${what}`);
