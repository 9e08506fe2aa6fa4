/** What an uploader calls a file, checked: names and types go into headers and into other people's folders. */
import { BadUserInputError } from '../errors.ts';
import { limits } from '../limits.ts';

const controlCharacters = /[\p{Cc}\p{Cs}]/u;
const contentTypePattern = /^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+$/;
const pathSeparators = /[/\\]/;

const unknownContentType = 'application/octet-stream';

/** Whether it may stand as a file's name: no folders, no control characters, not too long. */
export function isFilename(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    Buffer.byteLength(name) <= limits.filenameBytes &&
    !pathSeparators.test(name) &&
    !controlCharacters.test(name)
  );
}

/**
 * The file's name without folders; undefined where nothing is left.
 * @throws {BadUserInputError} too long, or control characters in it
 */
export function filenameOf(given: string, argument: string): string | undefined {
  const name = given.split(pathSeparators).at(-1) ?? '';
  if (name === '' || name === '.' || name === '..') return undefined;
  if (isFilename(name)) return name;
  throw new BadUserInputError(
    argument,
    `a file's name has at most ${limits.filenameBytes} bytes and no control characters`,
  );
}

/** A media type without parameters, RFC 9110 section 8.3.1: `type/subtype`, lower case. */
export function isContentType(type: string): boolean {
  return type.length <= limits.contentTypeCharacters && contentTypePattern.test(type);
}

/** What is no media type counts as bytes of unknown type. */
export function contentTypeOf(given: string): string {
  const type = given.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return isContentType(type) ? type : unknownContentType;
}
