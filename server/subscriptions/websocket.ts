/** GraphQL over WebSocket (protocol graphql-transport-ws): queries, mutations and subscriptions on one connection. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, GraphQLSchema } from 'graphql';
import { CloseCode } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { BadUserInputError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { checkIntegers, hasManyDigits } from '../../replica/json-text.ts';
import type { Logger } from '../../replica/options.ts';
import { type Execution, Prepared } from '../execution.ts';
import { publicError, requestError } from '../graphql-errors.ts';
import { withinTime } from '../within-time.ts';
import { Connection } from './connection.ts';
import type { Reader } from './subscriptions.ts';
import { closeUnread, messageHead, WebSocketOutlet } from './web-socket-outlet.ts';

export interface WebSocketsOptions {
  readonly execution: Execution;
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
  /** Told of each connection: 1 where it opens, -1 where it is closed. */
  sockets(change: 1 | -1): void;
}

/** An operation that is to be run, and who reads what it answers. */
class SocketOperation {
  readonly prepared: Prepared;
  readonly reader: Reader;

  constructor(prepared: Prepared, reader: Reader) {
    this.prepared = prepared;
    this.reader = reader;
  }
}

export class WebSockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.requestBytes,
    perMessageDeflate: false,
    // Else what comes in one packet is handled in one turn: an id that is completed and taken again would still be in use.
    allowSynchronousEvents: false,
  });
  readonly #options: WebSocketsOptions;
  readonly #protocol: { dispose(): Promise<void> | void };
  /** By socket, where its last message has an integer that JSON.parse, through which graphql-ws reads it, makes another of. */
  readonly #lostDigits = new WeakMap<WebSocket, BadUserInputError>();
  /**
   * By socket, the ids of what is executed, also where its client has said complete: until it ends, graphql-ws would take
   * another operation under its id for it.
   */
  readonly #executed = new WeakMap<WebSocket, Set<string>>();
  readonly #connections = new WeakMap<WebSocket, Connection>();
  #isClosing = false;

  constructor(options: WebSocketsOptions) {
    this.#options = options;
    const { execution, schema, logger } = options;
    // Before graphql-ws listens, which handles a message in the same turn as far as onSubscribe.
    this.#server.on('connection', (socket) =>
      socket.on('message', (data) => this.#checkIntegers(socket, String(data))),
    );
    this.#protocol = useServer(
      {
        // Otherwise error messages become close reasons; one of more than 123 bytes ends the process.
        isProd: true,
        connectionInitWaitTimeout: limits.connectionInitMilliseconds,
        onSubscribe: (context, id, payload) => {
          const { socket } = context.extra;
          const { query, operationName, variables, extensions } = payload;
          if (this.#isClosing) return [requestError('this server is shutting down', 'STORE_UNAVAILABLE')];
          if (Object.keys(context.subscriptions).length > limits.subscriptionsPerSocket) {
            const problem = `a connection may run ${limits.subscriptionsPerSocket} operations at once: open another, or complete some`;
            return [requestError(problem, 'BAD_REQUEST')];
          }
          const lostDigits = this.#lostDigits.get(socket);
          if (lostDigits !== undefined) return [publicError(lostDigits, logger)];
          const prepared = execution.prepare({ query, operationName, variables, extensions, mayWrite: true });
          if (!(prepared instanceof Prepared)) return prepared;
          const connection = this.#connections.get(socket);
          if (connection === undefined) throw new Error('a socket came by that was not opened');
          const executed = this.#executed.get(socket);
          if (executed?.has(id)) {
            const problem = 'the operation that was completed under this id has not ended';
            socket.close(CloseCode.SubscriberAlreadyExists, problem);
            return [requestError(problem, 'BAD_REQUEST')];
          }
          executed?.add(id);
          const reader = { connection, id: messageHead(id), isWaiting: () => id in context.subscriptions };
          const contextValue = new SocketOperation(prepared, reader);
          return { schema, document: prepared.operation.document, operationName, contextValue };
        },
        execute: (args) => execution.run(operationOf(args).prepared),
        subscribe: (args) => {
          const { prepared, reader } = operationOf(args);
          return execution.subscribe(prepared, reader);
        },
        onComplete: ({ extra: { socket } }, id) => void this.#executed.get(socket)?.delete(id),
        onNext: ({ extra: { socket } }) => {
          if (socket.bufferedAmount > limits.socketUnsentBytes) closeUnread(socket);
        },
      },
      this.#server,
    );
    this.#server.on('connection', (socket) => this.#opened(socket));
  }

  /** Takes over a connection that asked to become a WebSocket, and may. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#isClosing || this.#server.clients.size >= limits.sockets) {
      refuseUpgrade(socket, 503, this.#isClosing ? 'this server is shutting down' : 'too many connections');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (opened) => {
      const outlet = new WebSocketOutlet(opened, socket);
      const connection = new Connection({ outlet, elapsed: this.#options.elapsed });
      outlet.connection = connection;
      socket.on('drain', () => connection.drained());
      this.#connections.set(opened, connection);
      this.#server.emit('connection', opened, request);
    });
  }

  /**
   * Reads no more, waits for what runs, and closes all with code 1001, which clients take as: connect again. Both within
   * limits; who has not said goodbye by then is cut off.
   */
  async close(): Promise<void> {
    const { clients } = this.#server;
    for (const client of clients) client.pause();
    await withinTime(this.#options.execution.settled(), limits.settleMilliseconds);
    this.#isClosing = true;
    for (const client of clients) client.resume();
    await withinTime(Promise.resolve(this.#protocol.dispose()), limits.goodbyeMilliseconds);
    for (const client of clients) client.terminate();
  }

  #checkIntegers(socket: WebSocket, message: string): void {
    this.#lostDigits.delete(socket);
    if (!hasManyDigits(message)) return;
    try {
      JSON.parse(message);
      checkIntegers(message, '', ['payload', 'variables']);
    } catch (error) {
      if (error instanceof BadUserInputError) this.#lostDigits.set(socket, error);
    }
  }

  #opened(socket: WebSocket): void {
    const { sockets, logger } = this.#options;
    this.#executed.set(socket, new Set());
    sockets(1);
    socket.once('close', () => sockets(-1));
    // ws has closed the connection by then, with the code that fits; graphql-ws would print a stack for each.
    socket.removeAllListeners('error');
    socket.on('error', (err) => logger.info({ err }, 'a WebSocket was closed for what its client sent'));
  }
}

/** Answers a request to become a WebSocket with an error, and closes the connection. */
export function refuseUpgrade(socket: Duplex, status: 403 | 404 | 503, problem: string): void {
  const reason = { 403: 'Forbidden', 404: 'Not Found', 503: 'Service Unavailable' }[status];
  const head = `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n`;
  socket.on('error', () => socket.destroy());
  socket.end(`${head}Content-Length: ${Buffer.byteLength(problem)}\r\n\r\n${problem}`);
}

function operationOf({ contextValue }: ExecutionArgs): SocketOperation {
  if (!(contextValue instanceof SocketOperation)) throw new Error('an operation came by that was not prepared');
  return contextValue;
}
