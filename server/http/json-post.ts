/**
 * The lean way of GraphQL over HTTP: an operation that comes by POST as JSON, and is answered once, as JSON. Whatever is out
 * of the ordinary about such a request is left to yoga, with what was read of it. Both ways answer alike, to the byte.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLError } from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';
import { ServerBusyError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Execution } from '../execution/execution.ts';
import { toldError } from '../operation/graphql-errors.ts';
import { type OperationRequest, Prepared } from '../operation/request.ts';
import type { Answer, Result } from '../operation/result.ts';
import type { ByteBudget } from '../traffic/byte-budget.ts';
import { jsonPieces, roughBytes } from '../traffic/json-pieces.ts';
import type { HeaderList } from './access.ts';
import { headersByCode, statusOf } from './graphql-status.ts';

const json = 'application/json';
const graphqlResponse = 'application/graphql-response+json';
type MediaType = typeof json | typeof graphqlResponse;

const contentTypes: Readonly<Record<MediaType, string>> = {
  [json]: `${json}; charset=utf-8`,
  [graphqlResponse]: `${graphqlResponse}; charset=utf-8`,
};

/** What of a request's body makes it one for yoga: application/graphql+json is as good, and rare. */
export function isJsonPost({ method, headers }: IncomingMessage): boolean {
  const { 'content-type': type = '', 'content-encoding': encoding } = headers;
  return method === 'POST' && isIdentity(encoding) && /^application\/json\s*(;|$)/i.test(type);
}

/** Whether a body comes as it is. @param encoding the value of Content-Encoding */
export const isIdentity = (encoding: string | undefined): boolean =>
  encoding === undefined || /^\s*(?:identity)?\s*$/i.test(encoding);

/** In which of the two the answer goes: the first that the header names; undefined where it names neither. */
export function mediaTypeOf(accept: string | undefined): MediaType | undefined {
  if (accept === undefined || accept === '' || accept === '*/*') return json;
  for (const accepted of accept.replace(/\s/g, '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = accepted.split(';');
    const charset = parameters.find((parameter) => parameter.includes('charset='));
    if (charset !== undefined && charset !== 'charset=utf-8') continue;
    const [kind = '', subtype] = type.split('/');
    if (kind !== '*' && kind !== 'application') continue;
    if (subtype === '*' || subtype === 'json') return json;
    if (subtype === 'graphql-response+json') return graphqlResponse;
  }
  return undefined;
}

const parameterNames: ReadonlySet<string> = new Set(['query', 'variables', 'operationName', 'extensions']);

const isAbsentOrObject = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && !Array.isArray(value));

/** Whether there is nothing in them that yoga would refuse. */
function areOrdinary(parameters: GraphQLParams): boolean {
  if (typeof parameters.query !== 'string') return false;
  if (!isAbsentOrObject(parameters.variables) || !isAbsentOrObject(parameters.extensions)) return false;
  return Object.keys(parameters).every((name) => parameterNames.has(name));
}

/** The answer to an operation that comes so; undefined where it is left to yoga: nothing was done then. */
export function runJsonPost(
  execution: Execution,
  request: OperationRequest,
  parameters: GraphQLParams,
): Answer | Promise<Answer> | undefined {
  if (!areOrdinary(parameters)) return undefined;
  const prepared = execution.prepare(request);
  if (!(prepared instanceof Prepared)) return { result: { errors: prepared }, token: undefined };
  return prepared.operation.definition.operation === 'subscription' ? undefined : execution.run(prepared);
}

/** @param headers of the answer, beside those that every one of GraphQL has. @returns once it is handed on, or its reader left */
export function sendJson(
  response: ServerResponse,
  headers: HeaderList,
  mediaType: MediaType,
  { result, token, hasWritten }: Answer,
  budget: ByteBudget,
): Promise<void> | undefined {
  const { errors } = result;
  const status = errors === undefined || 'data' in result ? 200 : statusOf(errors, mediaType === graphqlResponse);
  return send(response, headers, { mediaType, status, json: result, errors, token, hasWritten }, budget);
}

/** Answers in the order of their operations. A batch as a whole has no status but 200, and the newest of their tokens. */
export function sendBatch(
  response: ServerResponse,
  headers: HeaderList,
  answers: readonly Answer[],
  budget: ByteBudget,
): Promise<void> | undefined {
  const token = answers.findLast((answer) => answer.token !== undefined)?.token;
  const hasWritten = answers.some((answer) => answer.hasWritten);
  const results = answers.map(({ result }) => result);
  return send(response, headers, { mediaType: json, status: 200, json: results, token, hasWritten }, budget);
}

/** Whether an answer is sent piece by piece, and counts as bytes in flight. */
export const isLarge = (result: unknown): boolean =>
  roughBytes(result, limits.largeAnswerBytes) > limits.largeAnswerBytes;

interface Sent {
  readonly mediaType: MediaType;
  readonly status: number;
  readonly json: unknown;
  readonly errors?: Result['errors'];
  readonly token: string | undefined;
  readonly hasWritten: boolean | undefined;
}

function send(
  response: ServerResponse,
  headers: HeaderList,
  sent: Sent,
  budget: ByteBudget,
): Promise<void> | undefined {
  const { mediaType, status, json: value, errors, token, hasWritten = false } = sent;
  const told = [...headers, 'Cache-Control', 'no-store', 'Content-Type', contentTypes[mediaType]];
  if (isLarge(value)) {
    const claim = budget.claim(response);
    // The result is in memory already: one that is larger than the budget gets through while there is nothing else.
    const bytes = Math.min(roughBytes(value), budget.maximumBytes);
    if (hasWritten) claim.mustHold(bytes);
    else if (!claim.holds(bytes)) {
      const refused = [publicServerBusy()];
      return send(response, headers, { ...sent, status: 503, json: { errors: refused }, errors: refused }, budget);
    }
    if (token !== undefined) told.push('Causality-Token', token);
    response.writeHead(status, told);
    return writePieces(response, jsonPieces(value, limits.answerPieceCharacters));
  }
  const body = JSON.stringify(value);
  told.push('Content-Length', String(Buffer.byteLength(body)));
  if (token !== undefined) told.push('Causality-Token', token);
  if (status !== 200) for (const error of errors ?? []) told.push(...headersOf(error));
  // At once: none is set before, as each would be looked up by name then. As text, the body is sent together with the head.
  response.writeHead(status, told);
  response.write(body);
  // Else it waits for the end, which is nothing, and is written as a list of two.
  response.socket?.uncork();
  response.end();
  return undefined;
}

const publicServerBusy = () => {
  const { message, code } = new ServerBusyError();
  return toldError(message, { extensions: { code } });
};

const headersOf = ({ extensions }: GraphQLError): readonly string[] =>
  Object.entries(headersByCode[String(extensions.code)] ?? {}).flat();

/** Each once the reader has taken the one before, and in a turn of its own. */
async function writePieces(response: ServerResponse, pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) {
    if (!response.write(piece)) await drained(response);
    await new Promise(setImmediate);
    if (response.destroyed) return;
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
    if (response.closed) done();
  });
}
