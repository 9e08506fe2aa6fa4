/**
 * GraphQL over multipart/form-data. Source: GraphQL multipart request specification,
 * https://github.com/jaydenseric/graphql-multipart-request-spec, without its batching.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BadUserInputError } from '../errors.ts';
import { limits } from '../limits.ts';
import { checkIntegers, jsonProblem } from '../replica/values/json-text.ts';
import type { UploadedFile } from './attachments.ts';
import { withoutByteOrderMark } from './byte-order-mark.ts';
import { type HasRoom, readForm } from './form.ts';
import type { UploadSession } from './upload-session.ts';

/** The parameters of a GraphQL request; files are in `variables`, as instances of UploadedFile. */
export interface OperationParameters {
  readonly query?: string;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
  readonly extensions?: Record<string, unknown>;
}

export interface MultipartOptions {
  /** Holds the request's files. The caller disposes it after the execution, and also if reading fails. */
  readonly uploads: UploadSession;
  readonly hasRoom: HasRoom;
}

/**
 * Reads the request to its end and stores its files as blobs.
 * @throws {BadUserInputError} the body is not a form; `operations` or `map` violates the specification; a file is in
 * the map and not in
 *   the form, or in the form and not in the map; or its path does not lead to a null
 * @throws {PayloadTooLargeError} a file is larger than the session allows, or `operations` is larger than
 * limits.requestBytes
 * @throws {StoreUnavailableError} a file could not be stored
 */
export async function readMultipartOperation(
  request: IncomingMessage,
  response: ServerResponse,
  { uploads, hasRoom }: MultipartOptions,
): Promise<OperationParameters> {
  const formLimits = { files: limits.uploadFiles, fields: 2, fieldBytes: limits.requestBytes };
  const { fieldsByName, files } = await readForm(request, response, uploads, formLimits, hasRoom);
  const operations = parsedObject(fieldsByName, 'operations');
  const pathsByFile = parsedObject(fieldsByName, 'map');
  const parameters = parametersOf(operations);
  const missing = new Map(Object.entries(pathsByFile));
  for (const { field, file } of files) {
    const paths = missing.get(field);
    missing.delete(field);
    if (paths === undefined)
      throw new BadUserInputError(field, 'the map does not name this file, or the form repeats it');
    if (!isStrings(paths) || paths.length === 0) {
      throw new BadUserInputError(`map.${field}`, 'must be a list of paths, such as ["variables.file"]');
    }
    for (const path of paths) put(operations, path, file, `map.${field}`);
  }
  for (const field of missing.keys()) {
    throw new BadUserInputError(`map.${field}`, 'the request has no file of this name (a file needs a filename)');
  }
  return parameters;
}

function parsedObject(fieldsByName: ReadonlyMap<string, string>, name: string): Record<string, unknown> {
  const field = fieldsByName.get(name);
  if (field === undefined)
    throw new BadUserInputError(name, 'is missing: see the GraphQL multipart request specification');
  const text = withoutByteOrderMark(field);
  const problem = jsonProblem(text);
  if (problem !== undefined) throw new BadUserInputError(name, problem);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BadUserInputError(name, 'is not valid JSON', { cause: error });
  }
  checkIntegers(text, name);
  if (Array.isArray(value) && name === 'operations') {
    throw new BadUserInputError(name, 'must be one operation: batches cannot be sent as multipart');
  }
  if (!isObject(value)) throw new BadUserInputError(name, 'must be a JSON object');
  return value;
}

function parametersOf(operations: Record<string, unknown>): OperationParameters {
  const { query, operationName, variables, extensions } = operations;
  if (!isAbsentOrText(query)) throw new BadUserInputError('operations.query', 'must be a string');
  if (!isAbsentOrText(operationName)) throw new BadUserInputError('operations.operationName', 'must be a string');
  if (!isAbsentOrObject(variables)) throw new BadUserInputError('operations.variables', 'must be an object');
  if (!isAbsentOrObject(extensions)) throw new BadUserInputError('operations.extensions', 'must be an object');
  return {
    ...(query != null && { query }),
    ...(operationName != null && { operationName }),
    ...(variables != null && { variables }),
    ...(extensions != null && { extensions }),
  };
}

/**
 * Replaces a null in the variables by a file. A path is a list of keys and indexes joined by dots: `variables.files.0`.
 */
function put(operations: Record<string, unknown>, path: string, file: UploadedFile, argument: string): void {
  const refuse = () =>
    new BadUserInputError(argument, `${JSON.stringify(path)} must lead to a null in the operation's variables`);
  const keys = path.split('.');
  const last = keys.pop();
  if (last === undefined || keys[0] !== 'variables') throw refuse();
  let place: unknown = operations;
  for (const key of keys) place = isContainer(place) && Object.hasOwn(place, key) ? Reflect.get(place, key) : undefined;
  if (!isContainer(place) || !Object.hasOwn(place, last) || Reflect.get(place, last) !== null) throw refuse();
  // Not an assignment: the key __proto__ would then set the prototype.
  Object.defineProperty(place, last, { value: file, enumerable: true, configurable: true, writable: true });
}

/** True for arrays and objects from JSON.parse, and false for a file that was already put in. */
function isContainer(value: unknown): value is object {
  return Array.isArray(value) || isObject(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function isAbsentOrText(value: unknown): value is string | null | undefined {
  return value === undefined || value === null || typeof value === 'string';
}

function isAbsentOrObject(value: unknown): value is Record<string, unknown> | null | undefined {
  return value === undefined || value === null || isObject(value);
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'string');
}
