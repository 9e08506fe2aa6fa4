/** GraphQL over WebSocket (protocol graphql-transport-ws): queries, mutations and subscriptions on one connection. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, GraphQLSchema } from 'graphql';
import { CloseCode, handleProtocols, makeServer, type Server } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { limits } from '../../limits.ts';
import type { Logger } from '../../replica/environment/logger.ts';
import type { Execution } from '../execution/execution.ts';
import { Prepared } from '../operation/request.ts';
import type { SocketBuffers } from '../traffic/socket-buffers.ts';
import { withinTime } from '../traffic/within-time.ts';
import { WebSocketSession } from './session.ts';

export interface WebSocketsOptions {
  readonly execution: Execution;
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
  readonly socketBuffers: SocketBuffers;
  /** A monotonic clock, in milliseconds. */
  readonly elapsed: () => number;
  /** Called with 1 when a WebSocket opens, and with -1 when it closes. */
  sockets(change: 1 | -1): void;
}

/** Close code on shutdown: clients reconnect. */
const goingAway = 1001;

export class WebSockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: limits.requestBytes,
    perMessageDeflate: false,
    // Pongs go through the outlet, so that they are counted.
    autoPong: false,
    // Otherwise one packet is handled in one turn, and an id that is completed and reused in it would still be in use.
    allowSynchronousEvents: false,
  });
  readonly #options: WebSocketsOptions;
  readonly #protocol: Server<WebSocketSession>;
  readonly #sessions = new Set<WebSocketSession>();
  readonly #looks: NodeJS.Timeout;
  #isClosing = false;

  constructor(options: WebSocketsOptions) {
    this.#options = options;
    const { execution, schema } = options;
    this.#protocol = makeServer<Record<string, unknown> | undefined, WebSocketSession>({
      connectionInitWaitTimeout: limits.connectionInitMilliseconds,
      onConnect: (context) => {
        if (context.extra.checkPlain()) context.extra.context = context;
      },
      onPing: ({ extra: session }) => void session.checkPlain(),
      onSubscribe: ({ extra: session }, id, payload) => {
        const asked = session.begin(id, payload);
        if (!(asked instanceof Prepared)) return asked;
        const { operation, request } = asked;
        return { schema, document: operation.document, operationName: request.operationName, contextValue: asked };
      },
      execute: (args) => execution.run(preparedOf(args)).then(({ result }) => result),
      onComplete: ({ extra: session }, id) => session.executed(id),
    });
    this.#server.on('error', (err) => options.logger.error({ err }, 'the WebSocket server failed'));
    this.#looks = setInterval(() => {
      for (const session of this.#sessions) session.look();
    }, limits.lookMilliseconds);
    this.#looks.unref();
  }

  /** Upgrades an accepted request to a WebSocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#isClosing || this.#server.clients.size >= limits.sockets) {
      refuseUpgrade(socket, 503, this.#isClosing ? 'this server is shutting down' : 'too many connections');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#opened(opened, request.socket));
  }

  /**
   * Stops reading, waits for running operations, and closes all sockets with code 1001, on which clients reconnect.
   * Both steps have a time limit; sockets that are still open after it are terminated.
   */
  async close(): Promise<void> {
    const { clients } = this.#server;
    for (const client of clients) client.pause();
    await withinTime(this.#options.execution.settled(), limits.settleMilliseconds);
    this.#isClosing = true;
    for (const client of clients) client.resume();
    for (const client of clients) client.close(goingAway, 'Going away');
    clearInterval(this.#looks);
    await withinTime(new Promise<void>((resolve) => this.#server.close(() => resolve())), limits.goodbyeMilliseconds);
    for (const client of clients) client.terminate();
  }

  #opened(socket: WebSocket, stream: Socket): void {
    const { sockets, logger } = this.#options;
    const session = new WebSocketSession(socket, stream, { ...this.#options, isClosing: () => this.#isClosing });
    const { outlet } = session;
    const closed = this.#protocol.opened(
      {
        protocol: socket.protocol,
        // Returns nothing to wait for: unsent bytes are counted, and a waiting caller would keep the request in memory.
        send: (text) => outlet.send(text),
        close: (code = CloseCode.InternalServerError, reason = '') => outlet.close(code, reason),
        onMessage: (handle) => {
          session.handle = handle;
        },
      },
      session,
    );
    this.#sessions.add(session);
    sockets(1);
    // Must run before the listener of ws, which parses the bytes.
    stream.prependListener('data', (chunk: Buffer) => outlet.receiving(chunk.length));
    socket.on('ping', (data) => {
      outlet.receivedControl(data);
      outlet.pong(data);
    });
    socket.on('pong', (data) => outlet.receivedControl(data));
    socket.on('message', (data) => {
      outlet.received();
      const message = String(data);
      session.received(message).catch((err: unknown) => session.failed(message, err));
    });
    socket.once('close', (code, reason) => {
      this.#sessions.delete(session);
      sockets(-1);
      closed(code, String(reason)).catch((err: unknown) => logger.error({ err }, 'a WebSocket could not be left'));
    });
    // ws has closed the connection already, with the appropriate code.
    socket.on('error', (err) => logger.info({ err }, 'a WebSocket was closed because of invalid data from its client'));
  }
}

/** Answers an upgrade request with an error, and closes the connection. */
export function refuseUpgrade(socket: Duplex, status: 400 | 403 | 404 | 503, problem: string): void {
  const reason = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 503: 'Service Unavailable' }[status];
  const head = `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n`;
  socket.on('error', () => socket.destroy());
  socket.end(`${head}Content-Length: ${Buffer.byteLength(problem)}\r\n\r\n${problem}`);
}

function preparedOf({ contextValue }: ExecutionArgs): Prepared {
  if (!(contextValue instanceof Prepared)) throw new Error('an operation was executed without being prepared');
  return contextValue;
}
