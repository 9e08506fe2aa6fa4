/** GraphQL over WebSocket (protocol graphql-transport-ws): queries, mutations and subscriptions on one connection. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, GraphQLSchema } from 'graphql';
import { CloseCode, handleProtocols, makeServer, type Server } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { limits } from '../../limits.ts';
import type { Logger } from '../../replica/options.ts';
import { type Execution, Prepared } from '../execution.ts';
import { withinTime } from '../within-time.ts';
import { closeUnread } from './web-socket-outlet.ts';
import { WebSocketSession } from './web-socket-session.ts';

export interface WebSocketsOptions {
  readonly execution: Execution;
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
  /** Told of each connection: 1 where it opens, -1 where it is closed. */
  sockets(change: 1 | -1): void;
}

/** Of a close: clients take it as, connect again. */
const goingAway = 1001;

export class WebSockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: limits.requestBytes,
    perMessageDeflate: false,
    // Else what comes in one packet is handled in one turn: an id that is completed and taken again would still be in use.
    allowSynchronousEvents: false,
  });
  readonly #options: WebSocketsOptions;
  readonly #protocol: Server<WebSocketSession>;
  readonly #sessions = new Map<WebSocket, WebSocketSession>();
  readonly #signsOfLife: NodeJS.Timeout;
  #isClosing = false;

  constructor(options: WebSocketsOptions) {
    this.#options = options;
    const { execution, schema } = options;
    this.#protocol = makeServer<Record<string, unknown> | undefined, WebSocketSession>({
      connectionInitWaitTimeout: limits.connectionInitMilliseconds,
      onConnect: (context) => {
        context.extra.context = context;
      },
      onSubscribe: ({ extra: session }, id, payload) => {
        const asked = session.begin(id, payload);
        if (!(asked instanceof Prepared)) return asked;
        const { operation, request } = asked;
        return { schema, document: operation.document, operationName: request.operationName, contextValue: asked };
      },
      execute: (args) => execution.run(preparedOf(args)).then(({ result }) => result),
      onComplete: ({ extra: session }, id) => session.executed(id),
      onNext: ({ extra: { socket } }) => {
        if (socket.bufferedAmount > limits.socketUnsentBytes) closeUnread(socket);
      },
    });
    this.#server.on('error', (err) => options.logger.error({ err }, 'the WebSocket server failed'));
    this.#signsOfLife = setInterval(() => this.#askForSignsOfLife(), limits.signOfLifeMilliseconds);
    this.#signsOfLife.unref();
  }

  /** Takes over a connection that asked to become a WebSocket, and may. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#isClosing || this.#server.clients.size >= limits.sockets) {
      refuseUpgrade(socket, 503, this.#isClosing ? 'this server is shutting down' : 'too many connections');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#opened(opened, socket));
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
    for (const client of clients) client.close(goingAway, 'Going away');
    clearInterval(this.#signsOfLife);
    await withinTime(new Promise<void>((resolve) => this.#server.close(() => resolve())), limits.goodbyeMilliseconds);
    for (const client of clients) client.terminate();
  }

  #opened(socket: WebSocket, stream: Duplex): void {
    const { sockets, logger, execution, elapsed } = this.#options;
    const session = new WebSocketSession(socket, stream, {
      execution,
      logger,
      elapsed,
      isClosing: () => this.#isClosing,
    });
    const closed = this.#protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) =>
          new Promise((resolve, reject) => {
            if (socket.readyState === socket.OPEN) socket.send(text, (error) => (error ? reject(error) : resolve()));
            else resolve();
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) => {
          session.handle = handle;
        },
      },
      session,
    );
    this.#sessions.set(socket, session);
    sockets(1);
    socket.on('pong', () => {
      session.isAlive = true;
    });
    socket.on('message', (data) => {
      session.received(String(data)).catch((err: unknown) => {
        logger.error({ err }, 'a message over a WebSocket failed unexpectedly');
        // No reason: one of more than 123 bytes would end the process.
        socket.close(CloseCode.InternalServerError, 'Internal server error');
      });
    });
    socket.once('close', (code, reason) => {
      this.#sessions.delete(socket);
      sockets(-1);
      closed(code, String(reason)).catch((err: unknown) => logger.error({ err }, 'a WebSocket could not be left'));
    });
    // ws has closed the connection by then, with the code that fits.
    socket.on('error', (err) => logger.info({ err }, 'a WebSocket was closed for what its client sent'));
  }

  /** Who gave none since the last time is cut off. */
  #askForSignsOfLife(): void {
    for (const [socket, session] of this.#sessions) {
      if (!session.isAlive) socket.terminate();
      else if (socket.readyState === socket.OPEN) {
        session.isAlive = false;
        socket.ping();
      }
    }
  }
}

/** Answers a request to become a WebSocket with an error, and closes the connection. */
export function refuseUpgrade(socket: Duplex, status: 403 | 404 | 503, problem: string): void {
  const reason = { 403: 'Forbidden', 404: 'Not Found', 503: 'Service Unavailable' }[status];
  const head = `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n`;
  socket.on('error', () => socket.destroy());
  socket.end(`${head}Content-Length: ${Buffer.byteLength(problem)}\r\n\r\n${problem}`);
}

function preparedOf({ contextValue }: ExecutionArgs): Prepared {
  if (!(contextValue instanceof Prepared)) throw new Error('an operation came by that was not prepared');
  return contextValue;
}
