/**
 * The fast path of GraphQL over HTTP: an operation sent by POST as JSON, with a single JSON response. Anything unusual
 * about a request is left to yoga, together with the parsed body. Both paths answer alike, byte for byte.
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

/** Whether a request may take the fast path. application/graphql+json is left to yoga, as it is rare. */
export function isJsonPost({ method, headers }: IncomingMessage): boolean {
  const { 'content-type': type = '', 'content-encoding': encoding } = headers;
  return method === 'POST' && isIdentity(encoding) && /^application\/json\s*(;|$)/i.test(type);
}

/** Whether a body is not compressed. @param encoding the value of Content-Encoding */
export const isIdentity = (encoding: string | undefined): boolean =>
  encoding === undefined || /^\s*(?:identity)?\s*$/i.test(encoding);

/** The media type of the response: the first of the two that the Accept header names; undefined if it names neither. */
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

/** Whether yoga would find nothing to refuse in the parameters. */
function areOrdinary(parameters: GraphQLParams): boolean {
  if (typeof parameters.query !== 'string') return false;
  if (!isAbsentOrObject(parameters.variables) || !isAbsentOrObject(parameters.extensions)) return false;
  return Object.keys(parameters).every((name) => parameterNames.has(name));
}

/** Runs the operation; undefined, without any effect, if it is left to yoga. */
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

/**
 * @param headers in addition to those of every GraphQL response
 * @returns once it is handed on, or the client has disconnected
 */
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

/**
 * Sends the answers in the order of their operations. A batch always has status 200, and the newest of their tokens.
 */
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

/** Whether a response is sent in pieces, and counts as bytes in flight. */
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
    // The result is in memory already, so one that is larger than the budget may pass if nothing else is in flight.
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
  // All headers in one call, as setHeader is slower. The body is text, so Node sends it together with the head.
  response.writeHead(status, told);
  response.write(body);
  // Flush now: a corked socket would write head and tail as two buffers at end().
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

/** Writes each piece once the client has taken the one before, and in a turn of its own. */
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
