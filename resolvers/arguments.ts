/** Checks of arguments that need no state: each error names the argument as the client wrote it. */
import { BadUserInputError, PayloadTooLargeError } from '../errors.ts';
import { limits } from '../limits.ts';
import { objectFromJson } from '../replica/values/json.ts';
import type { Value, ValueObject } from '../replica/values/value.ts';

/** Names beginning so are the system's. */
export const systemPrefix = '__';

/** @throws {BadUserInputError} */
export function checkCollection(name: string, argument = 'collection'): string {
  if (name.length === 0) throw new BadUserInputError(argument, 'a collection has a name: it is empty');
  // Counted only where there may be too many: a character has one or two units of JavaScript's length.
  const characters = name.length > limits.collectionCharacters ? [...name].length : name.length;
  if (characters > limits.collectionCharacters) {
    const problem = `${characters} characters, and a collection's name has at most ${limits.collectionCharacters}`;
    throw new BadUserInputError(argument, problem);
  }
  if (/[\p{Cc}\p{Cs}]/u.test(name)) {
    throw new BadUserInputError(argument, "a collection's name has no control characters and no lone surrogates");
  }
  if (name.startsWith(systemPrefix)) {
    throw new BadUserInputError(argument, `names beginning with ${systemPrefix} are the system's: choose another`);
  }
  return name;
}

/** @throws {BadUserInputError} */
export function checkId(id: Value | undefined, argument: string): string {
  if (typeof id === 'number' || typeof id === 'bigint') {
    throw new BadUserInputError(argument, `an id is a string: send "${id}" in the place of ${id}`);
  }
  if (typeof id !== 'string') throw new BadUserInputError(argument, 'an id is a string');
  const bytes = Buffer.byteLength(id);
  if (bytes === 0 || bytes > limits.idBytes) {
    throw new BadUserInputError(argument, `an id has 1 to ${limits.idBytes} bytes, and this one ${bytes}`);
  }
  if (/\p{Cs}/u.test(id)) throw new BadUserInputError(argument, 'an id has no lone surrogates');
  return id;
}

export interface CheckedDocument {
  /** Undefined where one is to be made. */
  readonly id: string | undefined;
  /** Without `_id`. */
  readonly fields: ValueObject;
}

/** @throws {BadUserInputError} @throws {PayloadTooLargeError} */
export function checkDocument(json: unknown, argument: string): CheckedDocument {
  const document = objectFromJson(json, argument);
  checkBytes(json, argument);
  return splitId(document, argument);
}

/** @param json a document, or what is to be part of one @throws {PayloadTooLargeError} */
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

/** Without `first` and `last`, the page is the whole result, up to the limit. @throws {BadUserInputError} */
export function checkPage({ first, after, last, before }: PageArguments) {
  const sizes = { first: checkPageSize(first, 'first'), last: checkPageSize(last, 'last') };
  if (sizes.first === undefined && sizes.last === undefined) sizes.first = limits.pageSize;
  return { ...sizes, after: after ?? undefined, before: before ?? undefined };
}

/** @throws {BadUserInputError} */
export function checkPageSize(size: number | null | undefined, argument: 'first' | 'last'): number | undefined {
  if (size === null || size === undefined) return undefined;
  if (size < 0) throw new BadUserInputError(argument, `a page has 0 or more documents, not ${size}`);
  if (size > limits.pageSize) {
    throw new BadUserInputError(argument, `a page has at most ${limits.pageSize} documents: read on with a cursor`);
  }
  return size;
}
