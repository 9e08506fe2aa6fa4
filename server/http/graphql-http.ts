/**
 * GraphQL over HTTP. Yoga implements the protocol (content negotiation, status codes, server-sent events). The common
 * case, a JSON POST, takes the fast path of json-post.ts instead. Operations are executed like those of every other
 * transport.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createYoga, type GraphQLParams, type Plugin } from 'graphql-yoga';
import { BadUserInputError } from '../../errors.ts';
import type { Logger } from '../../replica/environment/logger.ts';
import { checkIntegers, jsonProblem } from '../../replica/values/json-text.ts';
import { isForm } from '../../uploads/form.ts';
import { readMultipartOperation } from '../../uploads/multipart.ts';
import type { UploadSession } from '../../uploads/upload-session.ts';
import type { Execution } from '../execution/execution.ts';
import { publicError, requestError, toldError } from '../operation/graphql-errors.ts';
import { type OperationRequest, Prepared } from '../operation/request.ts';
import type { Result } from '../operation/result.ts';
import type { ByteBudget } from '../traffic/byte-budget.ts';
import { roughBytes } from '../traffic/json-pieces.ts';
import type { SocketBuffers } from '../traffic/socket-buffers.ts';
import { withoutQualities } from './accept.ts';
import { type HeaderList, setHeaders } from './access.ts';
import { checkBatch, runBatch } from './batch.ts';
import { streamEvents } from './event-stream.ts';
import { withStatus } from './graphql-status.ts';
import { isIdentity, isJsonPost, isLarge, mediaTypeOf, runJsonPost, sendBatch, sendJson } from './json-post.ts';
import { readJson } from './request-body.ts';

export interface GraphQLHandlerOptions {
  readonly execution: Execution;
  readonly logger: Logger;
  /** A monotonic clock, in milliseconds. */
  readonly elapsed: () => number;
  /** The send buffers of subscriptions. */
  readonly socketBuffers: SocketBuffers;
  /** Opens a session that holds the files of a multipart request until it is answered. */
  beginUploads(): UploadSession;
  readonly budget: ByteBudget;
}

/** The context that yoga passes along with a request. */
interface ServerContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly held: {
    uploads?: UploadSession;
    /** The body, if it was read before yoga was called. */
    readonly body: Body | undefined;
  };
}

/** A parsed JSON body, or the error in it. */
type Body =
  | { readonly parameters: GraphQLParams }
  | { readonly batch: readonly GraphQLParams[] }
  | { readonly problem: unknown };

export interface GraphQLHandler {
  /** Resolves once the request is answered. @param headers of the response; they are not set yet */
  answer(request: IncomingMessage, response: ServerResponse, headers: HeaderList): Promise<void>;
  /** Destroys all subscriptions without an end, so that their clients reconnect. */
  cutStreams(): void;
}

const subscriptionTypes = /\btext\/event-stream\b|\btext\/\*|\*\/\*/;

export function graphqlHandler(options: GraphQLHandlerOptions): GraphQLHandler {
  const { execution, budget } = options;
  const streams = new Set<ServerResponse>();
  const maskError = (error: unknown) => withStatus(publicError(error, options.logger));
  const yoga = createYoga<ServerContext>({
    plugins: [bodies(options), operations(options, streams)],
    maskedErrors: { maskError },
    logging: false,
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    // Our own parsers enforce the limits.
    maxRequestBodySize: false,
    // Yoga answers every URL with this ending; no URL has it.
    healthCheckEndpoint: ' ',
  });
  const answerByYoga = async (
    req: IncomingMessage,
    res: ServerResponse,
    headers: HeaderList,
    body?: Body,
  ): Promise<void> => {
    if (res.headersSent) return;
    const held: ServerContext['held'] = { body };
    setHeaders(res, headers);
    res.setHeader('Cache-Control', 'no-store');
    // Yoga would wait for a drain even after the client has disconnected.
    res.once('close', () => res.emit('drain'));
    try {
      await yoga(req, res, { req, res, held });
    } finally {
      await held.uploads?.[Symbol.asyncDispose]();
    }
  };
  return {
    async answer(req, res, headers) {
      if (req.headers.accept !== undefined) req.headers.accept = withoutQualities(req.headers.accept);
      const mediaType = isJsonPost(req) ? mediaTypeOf(req.headers.accept) : undefined;
      if (mediaType === undefined) return answerByYoga(req, res, headers);
      const body = await readJson(req, res, budget).then(bodyOf, problemOf);
      if ('batch' in body) {
        const answers = await runBatch(execution, body.batch, (parameters) => requestOf(parameters, req));
        return sendBatch(res, headers, answers, budget);
      }
      const answer =
        'problem' in body ? undefined : runJsonPost(execution, requestOf(body.parameters, req), body.parameters);
      if (answer === undefined) return answerByYoga(req, res, headers, body);
      return sendJson(res, headers, mediaType, await answer, budget);
    },
    cutStreams() {
      for (const response of streams) response.destroy();
    },
  };
}

function bodyOf(json: unknown): Body {
  try {
    if (!Array.isArray(json)) return { parameters: parametersOf(json) };
    checkBatch(json);
    return { batch: json.map(parametersOf) };
  } catch (problem) {
    return { problem };
  }
}

const problemOf = (problem: unknown): Body => ({ problem });

/** Replaces yoga's parsers, which read bodies of any kind and size. */
function bodies({ beginUploads, budget }: GraphQLHandlerOptions): Plugin<object, ServerContext> {
  return {
    onRequestParse({ serverContext: { req, res, held }, setRequestParser }) {
      if (req.method === 'GET') setRequestParser(() => searchParameters(req));
      if (req.method !== 'POST') return;
      setRequestParser(async () => {
        if (held.body !== undefined) {
          if ('problem' in held.body) throw held.body.problem;
          if ('parameters' in held.body) return held.body.parameters;
        }
        const { 'content-type': type = '', 'content-encoding': encoding } = req.headers;
        if (isIdentity(encoding) && isForm(req)) {
          held.uploads = beginUploads();
          const claim = budget.claim(res);
          const hasRoom = (bytes: number) => claim.holds(bytes);
          return readMultipartOperation(req, res, { uploads: held.uploads, hasRoom }).catch((error: unknown) => {
            throw error instanceof BadUserInputError ? malformed(error) : error;
          });
        }
        if (isIdentity(encoding) && /^application\/(graphql\+)?json\s*(;|$)/i.test(type)) {
          return parametersOf(await readJson(req, res, budget));
        }
        const problem =
          'a GraphQL request must be sent as application/json, or with files as multipart/form-data, uncompressed';
        throw requestError(problem, 'UNSUPPORTED_MEDIA_TYPE');
      });
    },
  };
}

/** The request cannot be executed: 400, whatever the client accepts. */
const malformed = ({ message, code, details }: BadUserInputError) =>
  toldError(message, { extensions: { code, ...details, http: { status: 400 } } });

/** Yoga checks the other members, as in requests by GET. @throws {GraphQLError} */
function parametersOf(body: unknown): GraphQLParams {
  if (Array.isArray(body))
    throw requestError('a batch must be sent as application/json, and accept JSON', 'BAD_REQUEST');
  if (typeof body !== 'object' || body === null) throw requestError('the body is not a JSON object', 'BAD_REQUEST');
  if ('operationName' in body && body.operationName !== null && typeof body.operationName !== 'string') {
    throw requestError('operationName is not a string', 'BAD_REQUEST');
  }
  checkPersisted(body);
  return body;
}

/** On this error, clients that sent only the hash of a query send the query itself. @throws {GraphQLError} */
function checkPersisted({ query, extensions }: GraphQLParams): void {
  if (query || typeof extensions !== 'object' || extensions === null || !('persistedQuery' in extensions)) return;
  throw requestError('PersistedQueryNotSupported', 'PERSISTED_QUERY_NOT_SUPPORTED');
}

/** @throws {GraphQLError} @throws {BadUserInputError} */
function searchParameters({ url = '' }: IncomingMessage): GraphQLParams {
  const parameters = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  const objectOf = (name: string) => {
    const text = parameters.get(name) || 'null';
    const problem = jsonProblem(text);
    if (problem !== undefined) throw requestError(`${name}: ${problem}`, 'BAD_REQUEST');
    try {
      const object = JSON.parse(text);
      checkIntegers(text, name === 'variables' ? '' : name);
      return object;
    } catch (error) {
      throw error instanceof SyntaxError ? requestError(`${name} is not valid JSON`, 'BAD_REQUEST') : error;
    }
  };
  const found = {
    query: parameters.get('query') ?? undefined,
    operationName: parameters.get('operationName') || undefined,
    variables: objectOf('variables'),
    extensions: objectOf('extensions'),
  };
  checkPersisted(found);
  return found;
}

function operations(options: GraphQLHandlerOptions, streams: Set<ServerResponse>): Plugin<object, ServerContext> {
  const { execution, budget } = options;
  return {
    onParams({ setParamsHandler }) {
      setParamsHandler(async ({ params, context: { req, res, held } }) => {
        const prepared = execution.prepare(requestOf(params, req));
        if (!(prepared instanceof Prepared)) return { errors: prepared.map(withStatus) };
        const isSubscription = prepared.operation.definition.operation === 'subscription';
        if (isSubscription && !subscriptionTypes.test(req.headers.accept ?? '*/*')) {
          const problem = 'a subscription needs text/event-stream in the Accept header, or a WebSocket';
          return { errors: [withStatus(requestError(problem, 'NOT_ACCEPTABLE'))] };
        }
        if (isSubscription) {
          streams.add(res);
          res.once('close', () => streams.delete(res));
        }
        if (isSubscription) {
          // Undefined once the response is closed: yoga has nothing left to send.
          const refused = await streamEvents(prepared, res, options);
          return refused === undefined ? {} : yogaResult(refused);
        }
        const answer = await execution.run(prepared);
        const { result, token } = answer;
        if (isUndone(result)) held.uploads?.undo();
        if (isLarge(result)) {
          const mediaType = mediaTypeOf(req.headers.accept);
          if (mediaType !== undefined) {
            await sendJson(res, [], mediaType, answer, budget);
            return {};
          }
          if (!answer.hasWritten) return { errors: [withStatus(requestError(notStreamed, 'NOT_ACCEPTABLE'))] };
          budget.claim(res).mustHold(roughBytes(result));
        }
        if (token !== undefined) res.setHeader('Causality-Token', token);
        return yogaResult(result);
      });
    },
  };
}

const notStreamed = 'a response this large can only be sent as application/json: accept that';

/** Whether a mutation certainly wrote nothing. */
const isUndone = ({ errors = [], data }: Result): boolean =>
  errors.length > 0 &&
  (data ?? undefined) === undefined &&
  !errors.some(({ extensions }) => extensions.code === 'OUTCOME_UNKNOWN');

/** The status of a response without data depends on its errors. */
const yogaResult = (result: Result): Result =>
  'data' in result ? result : { ...result, errors: result.errors?.map(withStatus) };

function requestOf(
  { query = '', operationName, variables, extensions }: GraphQLParams,
  req: IncomingMessage,
): OperationRequest {
  const { 'causality-token': token } = req.headers;
  return {
    query,
    operationName,
    variables,
    extensions,
    token: typeof token === 'string' ? token : undefined,
    mayWrite: req.method === 'POST',
  };
}
