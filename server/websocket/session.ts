/**
 * One WebSocket of protocol graphql-transport-ws. graphql-ws keeps its life cycle and answers queries and mutations; that a
 * subscription begins is handled here, as graphql-ws would keep some two kilobytes for as long as one is open.
 */
import type { Socket } from 'node:net';
import type { GraphQLError } from 'graphql';
import { CloseCode, type Context, MessageType, parseMessage, type SubscribePayload } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { BadUserInputError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../replica/environment/logger.ts';
import { checkIntegers, hasManyDigits, jsonProblem } from '../../replica/values/json-text.ts';
import type { Execution } from '../execution/execution.ts';
import { isStackOverflow, publicError, requestError } from '../operation/graphql-errors.ts';
import { Prepared } from '../operation/request.ts';
import { Connection } from '../subscriptions/connection.ts';
import { Subscription } from '../subscriptions/subscription.ts';
import { messageHead } from '../subscriptions/web-socket-frames.ts';
import type { SocketBuffers } from '../traffic/socket-buffers.ts';
import { WebSocketOutlet } from './outlet.ts';
import { SignsOfLife } from './signs-of-life.ts';

export type SessionContext = Context<Record<string, unknown> | undefined, WebSocketSession>;

export interface SessionOptions {
  readonly execution: Execution;
  readonly logger: Logger;
  readonly socketBuffers: SocketBuffers;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
  readonly isClosing: () => boolean;
}

/** What is to be run, or what is wrong with it. */
type Asked = Prepared | readonly GraphQLError[];

export class WebSocketSession {
  /** All that is sent goes through it. */
  readonly outlet: WebSocketOutlet;
  readonly #socket: WebSocket;
  readonly #options: SessionOptions;
  readonly #signsOfLife: SignsOfLife;
  readonly #connection: Connection;
  /** Set with the handshake. */
  context: SessionContext | undefined;
  /** Takes what is not handled here. */
  handle: ((message: string) => Promise<void>) | undefined;
  /**
   * The ids of what is executed, also where its client has said complete: until it ends, another operation under its id would
   * be taken for it.
   */
  readonly #executed = new Set<string>();
  /** Where the message at hand has an integer that JSON.parse makes another of. */
  #lostDigits: BadUserInputError | undefined;
  /** Of the message at hand. */
  #characters = 0;
  /** What the message at hand asks for, where it was looked at here. */
  #asked: Asked | undefined;

  /** @param stream what ws itself writes to */
  constructor(socket: WebSocket, stream: Socket, options: SessionOptions) {
    const { elapsed, socketBuffers } = options;
    this.#socket = socket;
    this.#options = options;
    this.outlet = new WebSocketOutlet({
      socket,
      stream,
      socketBuffers,
      ended: (id) => {
        if (this.context !== undefined) delete this.context.subscriptions[id];
      },
    });
    this.#connection = new Connection({ outlet: this.outlet, elapsed });
    this.outlet.connection = this.#connection;
    this.#signsOfLife = new SignsOfLife(this.outlet, elapsed);
  }

  /** Called now and then: whoever does not read, or is not there any more, is cut off. */
  look(): void {
    this.#connection.look();
    const found = this.#signsOfLife.look();
    if (found === 'ask') this.outlet.ping();
    else if (found === 'leave') this.#socket.terminate();
  }

  /** @param message as it came, whatever it is */
  received(message: string): Promise<void> {
    // It is closing, and nothing would be answered.
    if (!this.outlet.isOpen) return Promise.resolve();
    const problem = jsonProblem(message);
    if (problem !== undefined) {
      this.#refuse(message, problem);
      return Promise.resolve();
    }
    this.#characters = message.length;
    this.#lostDigits = lostDigitsIn(message);
    this.#asked = undefined;
    // Only what has the word can be one.
    if (message.includes('subscription') && this.#hasBegun(message)) return Promise.resolve();
    return this.handle?.(message) ?? Promise.resolve();
  }

  /** What `received` ended with. */
  failed(message: string, err: unknown): void {
    if (isStackOverflow(err)) this.outlet.close(CloseCode.BadRequest, 'the message is nested too deeply');
    else if (isOfServers(message)) this.outlet.close(CloseCode.BadRequest, 'only a server sends such a message');
    else {
      this.#options.logger.error({ err }, 'a message over a WebSocket failed unexpectedly');
      this.outlet.close(CloseCode.InternalServerError, 'Internal server error');
    }
  }

  /** Of a message that is not parsed: its operation ends with an error where it can be told which it is; else the connection is closed. */
  #refuse(message: string, problem: string): void {
    const id = subscribedId(message);
    if (id === undefined || !this.context?.acknowledged || id in this.context.subscriptions) {
      this.outlet.close(CloseCode.BadRequest, problem);
      return;
    }
    const payload = [requestError(problem, 'BAD_REQUEST')];
    this.outlet.send(JSON.stringify({ id, type: MessageType.Error, payload }));
  }

  /** For graphql-ws, of a message that is no operation. @returns whether it may be so long; else the connection is closed */
  checkPlain(): boolean {
    if (this.#characters <= limits.plainMessageCharacters) return true;
    const problem = `a message without an operation has at most ${limits.plainMessageCharacters} characters`;
    this.outlet.close(CloseCode.BadRequest, problem);
    return false;
  }

  /** For graphql-ws: what a message asks for, and that it is executed from now on. */
  begin(id: string, payload: SubscribePayload): Asked {
    const asked = this.#asked ?? this.#prepare(payload);
    if (!(asked instanceof Prepared)) return asked;
    if (this.#executed.has(id)) {
      const problem = 'the operation that was completed under this id has not ended';
      this.outlet.close(CloseCode.SubscriberAlreadyExists, problem);
      return [requestError(problem, 'BAD_REQUEST')];
    }
    this.#executed.add(id);
    return asked;
  }

  executed(id: string): void {
    this.#executed.delete(id);
  }

  /** @returns whether a subscription begins with it; whatever is wrong with a message is told by graphql-ws */
  #hasBegun(text: string): boolean {
    const { context } = this;
    const message = messageIn(text);
    if (message?.type !== MessageType.Subscribe || !context?.acknowledged || message.id in context.subscriptions)
      return false;
    const { id, payload } = message;
    this.#asked = this.#prepare(payload);
    if (!(this.#asked instanceof Prepared) || this.#asked.operation.definition.operation !== 'subscription')
      return false;
    const prepared = this.begin(id, payload);
    // An id that is still in use: it is closed by now.
    if (!(prepared instanceof Prepared)) return true;
    context.subscriptions[id] = null;
    this.#open(id, prepared, context).catch((err: unknown) => {
      this.#options.logger.error({ err }, 'a subscription failed unexpectedly');
      this.outlet.close(CloseCode.InternalServerError, 'Internal server error');
    });
    return true;
  }

  async #open(id: string, prepared: Prepared, context: SessionContext): Promise<void> {
    const isWaiting = () => id in context.subscriptions;
    const reader = { connection: this.#connection, id: messageHead(id), isWaiting };
    const answer = await this.#options.execution.subscribe(prepared, reader);
    this.executed(id);
    if (answer instanceof Subscription) {
      if (!answer.isOver) context.subscriptions[id] = answer;
    } else if (isWaiting()) {
      delete context.subscriptions[id];
      this.outlet.send(JSON.stringify({ id, type: MessageType.Next, payload: answer }));
      this.outlet.send(JSON.stringify({ id, type: MessageType.Complete }));
    }
  }

  #prepare({ query, operationName, variables, extensions }: SubscribePayload): Asked {
    const { execution, logger, isClosing } = this.#options;
    if (isClosing()) return [requestError('this server is shutting down', 'STORE_UNAVAILABLE')];
    if (this.#executed.size + this.#connection.size >= limits.subscriptionsPerSocket) {
      const problem = `a connection may run ${limits.subscriptionsPerSocket} operations at once: open another, or complete some`;
      return [requestError(problem, 'BAD_REQUEST')];
    }
    if (this.#lostDigits !== undefined) return [publicError(this.#lostDigits, logger)];
    return execution.prepare({ query, operationName, variables, extensions, mayWrite: true });
  }
}

function messageIn(text: string) {
  try {
    return parseMessage(text);
  } catch {
    return undefined;
  }
}

/** As clients write it: id and type stand before the payload. */
const subscribeHead =
  /^\s*\{\s*(?:"id"\s*:\s*"([^"\\]{1,256})"\s*,\s*"type"\s*:\s*"subscribe"|"type"\s*:\s*"subscribe"\s*,\s*"id"\s*:\s*"([^"\\]{1,256})")/;

/** The id of an operation, told from the beginning of its message. */
function subscribedId(message: string): string | undefined {
  const found = subscribeHead.exec(message);
  return found?.[1] ?? found?.[2];
}

const typesOfServers: ReadonlySet<string> = new Set([MessageType.ConnectionAck, MessageType.Next, MessageType.Error]);

/** graphql-ws fails on a message that is right and comes from the wrong side. */
const isOfServers = (message: string): boolean => typesOfServers.has(messageIn(message)?.type ?? '');

function lostDigitsIn(message: string): BadUserInputError | undefined {
  if (!hasManyDigits(message)) return undefined;
  try {
    JSON.parse(message);
    checkIntegers(message, '', ['payload', 'variables']);
    return undefined;
  } catch (error) {
    return error instanceof BadUserInputError ? error : undefined;
  }
}
