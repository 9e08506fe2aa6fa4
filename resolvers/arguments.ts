/** Checks arguments that need no state. Each error names the argument as the client wrote it. */
import { BadUserInputError, PayloadTooLargeError } from '../errors.ts';
import { limits } from '../limits.ts';
import { isSystemCollection, systemPrefix } from '../replica/values/collections.ts';
import { objectFromJson } from '../replica/values/json.ts';
import type { Value, ValueObject } from '../replica/values/value.ts';

/** @throws {BadUserInputError} */
export function checkCollection(name: string, argument = 'collection'): string {
  if (name.length === 0) throw new BadUserInputError(argument, 'a collection name must not be empty');
  // Counting code points is only needed above the limit: a code point has one or two UTF-16 units.
  const characters = name.length > limits.collectionCharacters ? [...name].length : name.length;
  if (characters > limits.collectionCharacters) {
    const problem = `a collection name may have at most ${limits.collectionCharacters} characters, not ${characters}`;
    throw new BadUserInputError(argument, problem);
  }
  if (/[\p{Cc}\p{Cs}]/u.test(name)) {
    throw new BadUserInputError(argument, 'a collection name must not contain control characters or lone surrogates');
  }
  if (isSystemCollection(name)) {
    throw new BadUserInputError(argument, `names beginning with ${systemPrefix} are reserved: choose another`);
  }
  return name;
}

/** @throws {BadUserInputError} */
export function checkId(id: Value | undefined, argument: string): string {
  if (typeof id === 'number' || typeof id === 'bigint') {
    throw new BadUserInputError(argument, `an id must be a string: send "${id}" instead of ${id}`);
  }
  if (typeof id !== 'string') throw new BadUserInputError(argument, 'an id must be a string');
  const bytes = Buffer.byteLength(id);
  if (bytes === 0 || bytes > limits.idBytes) {
    throw new BadUserInputError(argument, `an id must have 1 to ${limits.idBytes} bytes, not ${bytes}`);
  }
  if (/\p{Cs}/u.test(id)) throw new BadUserInputError(argument, 'an id must not contain lone surrogates');
  return id;
}

export interface CheckedDocument {
  /** Undefined if the server is to generate one. */
  readonly id: string | undefined;
  /** The document without `_id`. */
  readonly fields: ValueObject;
}

/** @throws {BadUserInputError} @throws {PayloadTooLargeError} */
export function checkDocument(json: unknown, argument: string): CheckedDocument {
  const document = objectFromJson(json, argument);
  checkBytes(json, argument);
  return splitId(document, argument);
}

/** @param json a document or a part of one @throws {PayloadTooLargeError} */
export function checkBytes(json: unknown, argument: string): void {
  const bytes = Buffer.byteLength(JSON.stringify(json));
  if (bytes > limits.documentBytes) throw new PayloadTooLargeError(argument, bytes, limits.documentBytes);
}

/** @throws {BadUserInputError} */
function splitId(document: ValueObject, argument: string): CheckedDocument {
  if (!Object.hasOwn(document, '_id')) return { id: undefined, fields: document };
  const fields: Record<string, Value> = Object.create(null);
  for (const [key, value] of Object.entries(document)) if (key !== '_id') fields[key] = value;
  return { id: checkId(document._id, `${argument}._id`), fields };
}

export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** Without `first` and `last` the page is the whole result, up to limits.pageSize. @throws {BadUserInputError} */
export function checkPage({ first, after, last, before }: PageArguments) {
  const sizes = { first: checkPageSize(first, 'first'), last: checkPageSize(last, 'last') };
  if (sizes.first === undefined && sizes.last === undefined) sizes.first = limits.pageSize;
  return { ...sizes, after: after ?? undefined, before: before ?? undefined };
}

/** @throws {BadUserInputError} */
export function checkPageSize(size: number | null | undefined, argument: 'first' | 'last'): number | undefined {
  if (size === null || size === undefined) return undefined;
  if (size < 0) throw new BadUserInputError(argument, `must be 0 or more, not ${size}`);
  if (size > limits.pageSize) {
    throw new BadUserInputError(
      argument,
      `a page may have at most ${limits.pageSize} documents: continue with a cursor`,
    );
  }
  return size;
}
