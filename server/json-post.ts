/**
 * The lean way of GraphQL over HTTP: an operation that comes by POST as JSON, and is answered once, as JSON. Whatever is out
 * of the ordinary about such a request is left to yoga, with what was read of it. Both ways answer alike, to the byte.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLParams } from 'graphql-yoga';
import type { HeaderList } from './access.ts';
import { type Execution, type OperationRequest, Prepared } from './execution.ts';
import { statusOf } from './graphql-status.ts';
import type { Answer } from './result.ts';

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

/** @param headers of the answer, beside those that every one of GraphQL has */
export function sendJson(response: ServerResponse, headers: HeaderList, mediaType: MediaType, answer: Answer): void {
  const { result, token } = answer;
  const { errors } = result;
  const status = errors === undefined || 'data' in result ? 200 : statusOf(errors, mediaType === graphqlResponse);
  write(response, headers, mediaType, { status, body: JSON.stringify(result), token });
}

/** Answers in the order of their operations. A batch as a whole has no status but 200, and the newest of their tokens. */
export function sendBatch(response: ServerResponse, headers: HeaderList, answers: readonly Answer[]): void {
  const token = answers.findLast((answer) => answer.token !== undefined)?.token;
  const body = JSON.stringify(answers.map(({ result }) => result));
  write(response, headers, json, { status: 200, body, token });
}

interface Sent {
  readonly status: number;
  readonly body: string;
  readonly token: string | undefined;
}

function write(response: ServerResponse, headers: HeaderList, mediaType: MediaType, { status, body, token }: Sent) {
  const told = [...headers, 'Cache-Control', 'no-store', 'Content-Type', contentTypes[mediaType]];
  told.push('Content-Length', String(Buffer.byteLength(body)));
  if (token !== undefined) told.push('Causality-Token', token);
  if (status === 405) told.push('Allow', 'GET, POST');
  // At once: none is set before, as each would be looked up by name then. As text, the body is sent together with the head.
  response.writeHead(status, told);
  response.write(body);
  // Else it waits for the end, which is nothing, and is written as a list of two.
  response.socket?.uncork();
  response.end();
}
