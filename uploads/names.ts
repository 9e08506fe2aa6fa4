/** Checks filenames and media types from uploads: they go into response headers and into other people's folders. */
import { BadUserInputError } from '../errors.ts';
import { limits } from '../limits.ts';

const controlCharacters = /[\p{Cc}\p{Cs}]/u;
const contentTypePattern = /^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+$/;
const pathSeparators = /[/\\]/;

const unknownContentType = 'application/octet-stream';

/** Whether a name is valid for a file: no folders, no control characters, not too long. */
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
 * The last component of a filename; undefined if it is empty.
 * @throws {BadUserInputError} it is too long or contains control characters
 */
export function filenameOf(given: string, argument: string): string | undefined {
  const name = given.split(pathSeparators).at(-1) ?? '';
  if (name === '' || name === '.' || name === '..') return undefined;
  if (isFilename(name)) return name;
  throw new BadUserInputError(
    argument,
    `a filename may have at most ${limits.filenameBytes} bytes and no control characters`,
  );
}

/** A lower-case media type without parameters: `type/subtype`. RFC 9110, section 8.3.1. */
export function isContentType(type: string): boolean {
  return type.length <= limits.contentTypeCharacters && contentTypePattern.test(type);
}

/** The media type without parameters; an invalid one becomes application/octet-stream. */
export function contentTypeOf(given: string): string {
  const type = given.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return isContentType(type) ? type : unknownContentType;
}
