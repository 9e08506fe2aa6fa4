/**
 * The `id` arguments of the API. Each names a document of a collection by its `_id`, or, if no document has that `_id`,
 * by its global id. Which of them applies depends on the version that is read, so a transaction decides it anew in each
 * run.
 */

import { BadUserInputError, DocumentNotFoundError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { DocumentReader } from '../replica/query/access/document-reader.ts';
import type { LiveQueryDefinition } from '../replica/query/live/result-change.ts';
import { compareValues } from '../replica/values/value.ts';
import { checkId } from './arguments.ts';
import type { Context } from './context.ts';
import { type DocumentName, decodeGlobalId, describeGlobalId } from './global-ids.ts';

/** @param text the argument `id` @throws {BadUserInputError} */
export function checkName({ warnings }: Context, collection: string, text: string): DocumentName {
  const globalId = decodeGlobalId(text);
  if (globalId !== undefined && Buffer.byteLength(text) > limits.idBytes) {
    if (globalId.collection !== collection) throw new BadUserInputError('id', `it is ${describeGlobalId(globalId)}`);
    return { collection, id: globalId.id, globalId: undefined };
  }
  const name = { collection, id: checkId(text, 'id'), globalId };
  warnings?.name(name);
  return name;
}

/** The `_id` of the named document, which need not exist. */
export function namedId(reader: DocumentReader, { collection, id, globalId }: DocumentName): string {
  const isGlobalId = globalId?.collection === collection && reader.get(collection, id) === undefined;
  return isGlobalId ? globalId.id : id;
}

/**
 * @throws {DocumentNotFoundError} for a global id of another collection: a write alone would only say that no document
 * has it
 */
export function writableId(reader: DocumentReader, name: DocumentName): string {
  const { collection, id, globalId } = name;
  if (globalId !== undefined && globalId.collection !== collection && reader.get(collection, id) === undefined) {
    throw new DocumentNotFoundError(collection, id, `it is ${describeGlobalId(globalId)}`);
  }
  return namedId(reader, name);
}

/** The live query whose result is the named document, or nothing. */
export function liveQueryOf({ collection, id, globalId }: DocumentName): LiveQueryDefinition {
  const path = ['_id'];
  if (globalId?.collection !== collection) {
    return { collection, filter: { kind: 'eq', path, value: id }, order: [], first: undefined };
  }
  // If both documents exist, the one with this `_id` has to come first.
  const direction = compareValues(id, globalId.id) < 0 ? 'ASC' : 'DESC';
  return {
    collection,
    filter: { kind: 'in', path, values: [id, globalId.id] },
    order: [{ path, direction }],
    first: 1,
  };
}
