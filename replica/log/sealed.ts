/**
 * Records with a checksum: lines of text, each ended by LF, that scripts and people can read, then bytes.
 *
 *   format, field, field, …, checksum, body
 *
 * The checksum is the SHA-1, in hex, of all but its own line. It finds damage, not malice: no source of trust.
 */
import { createHash, hash } from 'node:crypto';
import { MalformedBytesError, UnknownFormatError } from '../../errors.ts';

/** More than the longest fields of any record need. */
const maximumHeaderBytes = 512;
const numberPattern = /^(0|[1-9][0-9]{0,15})$/;

/** In one go: of what is short, making an object to be fed takes longer than the hash. */
export const sha1 = (data: string | Uint8Array): string => hash('sha1', data);

/** From so many bytes on a copy takes longer than that object. */
const longBytes = 4096;

const sha1OfBoth = (header: Uint8Array, body: Uint8Array): string =>
  body.length < longBytes
    ? sha1(Buffer.concat([header, body]))
    : createHash('sha1').update(header).update(body).digest('hex');

/** @param fields ASCII without LF, together shorter than 400 characters */
export function seal(format: number, fields: readonly (string | number)[], body: Uint8Array): Buffer {
  const header = Buffer.from(`${[format, ...fields].join('\n')}\n`);
  return Buffer.concat([header, Buffer.from(`${sha1OfBoth(header, body)}\n`), body]);
}

/**
 * @param what names the record in errors
 * @returns its fields as text, unchecked, and its body: a view of the bytes given
 * @throws {MalformedBytesError} @throws {UnknownFormatError}
 */
export function unseal(what: string, format: number, fieldCount: number, bytes: Uint8Array): Sealed {
  const sealed = splitSealed(what, format, fieldCount, bytes);
  sealed.check();
  return sealed;
}

/**
 * As `unseal`, but that it is whole is checked only when `check` is called; that throws too.
 * @throws {MalformedBytesError} @throws {UnknownFormatError}
 */
export function splitSealed(what: string, format: number, fieldCount: number, bytes: Uint8Array): Sealed {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // A character for each byte, so that lengths are lengths of bytes. All lines at once: to look for each is slower.
  const head = buffer.toString('latin1', 0, maximumHeaderBytes);
  const [formatText, ...fields] = head.split('\n', fieldCount + 2);
  const found = head.includes('\n') ? parseNumber(formatText) : undefined;
  if (found === undefined || found === 0) throw new MalformedBytesError(`${what} is malformed: no format`);
  if (found !== format) throw new UnknownFormatError(what, found);

  const checksum = fields.length > fieldCount ? fields.pop() : undefined;
  const checksumStart = fields.reduce((length, field) => length + field.length + 1, `${format}\n`.length);
  const end = checksumStart + (checksum?.length ?? 0) + 1;
  if (head[end - 1] !== '\n') throw new MalformedBytesError(`${what} is malformed: its header ends early`);
  const body = buffer.subarray(end);
  return {
    fields,
    body,
    check() {
      if (sha1OfBoth(buffer.subarray(0, checksumStart), body) === checksum) return;
      throw new MalformedBytesError(`${what} is malformed: wrong checksum`);
    },
  };
}

export interface Sealed {
  readonly fields: readonly string[];
  readonly body: Buffer;
  /** @throws {MalformedBytesError} the checksum does not match */
  check(): void;
}

/** A safe integer of 0 and more, written the one way; undefined where it is none. */
export function parseNumber(text: string | undefined): number | undefined {
  if (text === undefined || !numberPattern.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}
