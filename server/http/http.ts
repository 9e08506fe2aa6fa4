/** The HTTP server: routes requests, refuses those that may not pass, and closes all connections on shutdown. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getHeapStatistics } from 'node:v8';
import type { GraphQLSchema } from 'graphql';
import { hiddenMessage } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../replica/environment/logger.ts';
import type { Replica } from '../../replica/replica.ts';
import { answerError, answerJson } from '../../uploads/answers.ts';
import { awaitExpectation } from '../../uploads/expectation.ts';
import type { AttachmentsHandler } from '../../uploads/http.ts';
import type { UploadSession } from '../../uploads/upload-session.ts';
import type { Execution } from '../execution/execution.ts';
import { asksForPage, graphiqlHandler } from '../graphiql/graphiql.ts';
import type { ByteBudget } from '../traffic/byte-budget.ts';
import { LeastRate, type Pace } from '../traffic/least-rate.ts';
import { SocketBuffers } from '../traffic/socket-buffers.ts';
import { withinTime } from '../traffic/within-time.ts';
import { refuseUpgrade, WebSockets } from '../websocket/websocket.ts';
import {
  type AccessPolicy,
  accessHeaders,
  answerCors,
  clientAddress,
  crossSiteRefusal,
  isLoopback,
  type Refusal,
  refusal,
} from './access.ts';
import { type GraphQLHandler, graphqlHandler } from './graphql-http.ts';
import { healthOf } from './health.ts';
import type { Metrics } from './metrics.ts';
import { declineOffer, offersWebSocket } from './offered-protocol.ts';
import type { Origins } from './origins.ts';
import { pathOf, resolveTarget } from './request-target.ts';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly corsOrigins: Origins;
  readonly publicUrl: URL | undefined;
  readonly trustedHops: number;
  readonly schema: GraphQLSchema;
  readonly replica: Replica;
  readonly execution: Execution;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** A monotonic clock, in milliseconds. */
  readonly elapsed: () => number;
  readonly attachmentsHandler: AttachmentsHandler;
  beginUploads(): UploadSession;
  readonly budget: ByteBudget;
  readonly pace: Pace | undefined;
  /** Whether the replica serves requests. */
  isReady(): boolean;
}

const graphqlPath = '/graphql';

export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #policy: AccessPolicy;
  readonly #graphql: GraphQLHandler;
  readonly #graphiql: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly #webSockets: WebSockets;
  readonly #leastRate: LeastRate;
  readonly #loggedRefusals = new Set<string>();
  #isClosing = false;

  constructor(options: HttpServerOptions) {
    const { host, corsOrigins, publicUrl, trustedHops, schema, metrics, logger } = options;
    this.#options = options;
    this.#policy = { corsOrigins, publicUrl, trustedHops, loopback: isLoopback(host) };
    this.#leastRate = new LeastRate(options.elapsed, tooSlow, options.pace);
    const socketBuffers = new SocketBuffers({ maximumBytes: bufferedBytesAllowed(), logger });
    this.#graphql = graphqlHandler({ ...options, socketBuffers });
    this.#graphiql = graphiqlHandler(schema);
    this.#webSockets = new WebSockets({ ...options, socketBuffers, sockets: metrics.sockets });
    this.#server = createServer({
      headersTimeout: limits.headersMilliseconds,
      requestTimeout: limits.requestMilliseconds,
    });
    this.#server.maxConnections = limits.connections;
    this.#server.on('request', (request, response) => this.#requested(request, response));
    this.#server.on('checkContinue', (request, response) => {
      awaitExpectation(request, response);
      this.#requested(request, response);
    });
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Whether only this machine can reach the server. */
  get isLoopback(): boolean {
    return this.#policy.loopback;
  }

  /**
   * @returns its URL without a path.
   * @throws {Error} Node's error if it cannot listen: `code` is EADDRINUSE, EACCES, …
   */
  listen(): Promise<string> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        const address = this.#server.address();
        const bound = typeof address === 'object' && address !== null ? address.port : port;
        resolve(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
      });
    });
  }

  /** Accepts no more connections, lets running requests finish, and then closes all; within limits of time. */
  async close(): Promise<void> {
    const { settleMilliseconds, goodbyeMilliseconds } = limits;
    const begun = this.#options.elapsed();
    this.#isClosing = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    await this.#webSockets.close();
    this.#leastRate.close();
    this.#graphql.cutStreams();
    const rest = settleMilliseconds - (this.#options.elapsed() - begun);
    if (!(await withinTime(closed, Math.max(rest, goodbyeMilliseconds)))) this.#server.closeAllConnections();
    await closed;
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    const { elapsed, metrics, logger } = this.#options;
    const begun = elapsed();
    const isResolved = resolveTarget(request);
    const pathname = graphqlPathOr(pathOf(request));
    // `on` is cheaper than `once`, and the event comes only once.
    const exchange = this.#leastRate.begin(request, response);
    response.on('close', () => {
      this.#leastRate.end(exchange);
      metrics.requested(routeOf(pathname), response.statusCode, elapsed() - begun);
      if (this.#isClosing) this.#server.closeIdleConnections();
    });
    // A response may be written to after its client has disconnected.
    response.on('error', destroy);
    if (!isResolved) {
      answerError(response, 'BAD_REQUEST', "the request's target must be a path or an http URL");
      return;
    }
    this.#answer(pathname, request, response).catch((err: unknown) => {
      logger.error({ err, pathname }, 'a request failed unexpectedly');
      if (response.headersSent) response.destroy();
      else answerError(response, 'INTERNAL_SERVER_ERROR', hiddenMessage);
    });
  }

  /** Sends the common case, a GraphQL POST, straight to its handler, which writes all headers at once. */
  #answer(pathname: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isOperation = pathname === graphqlPath && request.method === 'POST';
    if (!isOperation || refusal(request, this.#policy) !== undefined)
      return this.#answerOther(pathname, request, response);
    return this.#graphql.answer(request, response, accessHeaders(request, this.#policy));
  }

  async #answerOther(pathname: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { replica, metrics, attachmentsHandler } = this.#options;
    if (pathname === '/health/live') return answerJson(response, 200, { live: true });
    if (pathname === '/health/ready') {
      const ready = this.#options.isReady() && !this.#isClosing;
      return answerJson(response, ready ? 200 : 503, healthOf(replica.status, ready, this.#isClosing));
    }
    const refused = refusal(request, this.#policy);
    if (refused !== undefined) return this.#refuse(request, response, refused);
    if (answerCors(request, response, this.#policy)) return;
    if (pathname === graphqlPath) {
      if (asksForPage(request)) return this.#graphiql(request, response);
      if (request.method === 'PUT') return refuseReservation(response);
      const crossSite = crossSiteRefusal(request, this.#policy);
      return crossSite === undefined
        ? this.#graphql.answer(request, response, [])
        : this.#refuse(request, response, crossSite);
    }
    if (await attachmentsHandler(request, response)) return;
    if (pathname === '/metrics') {
      response.writeHead(200, { 'Content-Type': metrics.contentType }).end(await metrics.read());
    } else if (pathname === '/') {
      response.writeHead(302, { Location: `.${graphqlPath}` }).end();
    } else {
      const places = `${graphqlPath}, /attachments, /health/live, /health/ready and /metrics`;
      answerError(response, 'NOT_FOUND', `nothing is at this path: see ${places}`);
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, refused: Refusal): void {
    this.#logRefusal(request, refused);
    answerError(response, 'FORBIDDEN', refused.problem);
  }

  /** Logs each origin and host once: a refused page tries again and again. */
  #logRefusal(request: IncomingMessage, { problem, subject }: Refusal): void {
    if (this.#loggedRefusals.has(subject) || this.#loggedRefusals.size >= limits.loggedRefusals) return;
    this.#loggedRefusals.add(subject);
    this.#options.logger.warn({ refused: subject, client: clientAddress(request, this.#policy) }, problem);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!offersWebSocket(request)) {
      declineOffer(this.#server, request, socket, head);
      return;
    }
    const isResolved = resolveTarget(request);
    const pathname = graphqlPathOr(pathOf(request));
    const refused = refusal(request, this.#policy, true);
    if (!isResolved) refuseUpgrade(socket, 400, "the request's target must be a path or an http URL");
    else if (refused !== undefined) {
      this.#logRefusal(request, refused);
      refuseUpgrade(socket, 403, refused.problem);
    } else if (pathname !== graphqlPath) refuseUpgrade(socket, 404, `WebSockets are at ${graphqlPath}`);
    else this.#webSockets.upgrade(request, socket, head);
  }
}

const bufferedBytesAllowed = () =>
  Math.min(limits.socketsBufferedBytes, getHeapStatistics().heap_size_limit * limits.socketsBufferedHeapShare);

/** Strips the trailing slash from GraphQL's path. */
const graphqlPathOr = (pathname: string): string => (pathname === `${graphqlPath}/` ? graphqlPath : pathname);

const routes: ReadonlySet<string> = new Set(['/', graphqlPath, '/health/live', '/health/ready', '/metrics']);

/** The route's label in metrics: one of a fixed few, whatever the path. */
function routeOf(pathname: string): string {
  if (pathname.startsWith('/attachments')) return '/attachments';
  return routes.has(pathname) ? pathname : 'other';
}

/**
 * Clients of GraphQL over server-sent events use PUT to reserve a stream in single connection mode. They show their
 * user only the reason phrase of a refusal.
 */
function refuseReservation(response: ServerResponse): void {
  const problem =
    'Method Not Allowed: this server has no single connection mode; leave out singleConnection, or use graphql-ws';
  response.statusMessage = problem;
  response.setHeader('Allow', 'GET, POST');
  answerError(response, 'METHOD_NOT_ALLOWED', problem);
}

/** Refuses a slow request without waiting for the rest of it. */
function tooSlow(response: ServerResponse): void {
  response.setHeader('Connection', 'close');
  // Node does not end the request after the response, so a reader of its body would wait for ever.
  response.once('finish', () => response.req.destroy());
  answerError(response, 'REQUEST_TOO_SLOW', 'the body arrived too slowly, so the request was given up');
}

function destroy(this: ServerResponse): void {
  this.destroy();
}
