/**
 * One WebSocket of the protocol graphql-transport-ws. graphql-ws handles its life cycle, queries and mutations.
 * Subscriptions are started here instead, as graphql-ws would keep about two kilobytes for each open one.
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
  /** A monotonic clock, in milliseconds. */
  readonly elapsed: () => number;
  readonly isClosing: () => boolean;
}

/** A prepared operation, or the errors in it. */
type Asked = Prepared | readonly GraphQLError[];

export class WebSocketSession {
  /** Everything is sent through it. */
  readonly outlet: WebSocketOutlet;
  readonly #socket: WebSocket;
  readonly #options: SessionOptions;
  readonly #signsOfLife: SignsOfLife;
  readonly #connection: Connection;
  /** Set by connection_init. */
  context: SessionContext | undefined;
  /** Passes a message to graphql-ws. */
  handle: ((message: string) => Promise<void>) | undefined;
  /**
   * The ids of running operations, including completed ones that have not ended: graphql-ws would mistake a new
   * operation with such an id for the old one.
   */
  readonly #executed = new Set<string>();
  /** Set if the current message has an integer that JSON.parse would change. */
  #lostDigits: BadUserInputError | undefined;
  /** The length of the current message. */
  #characters = 0;
  /** The prepared operation of the current message, if it was parsed here. */
  #asked: Asked | undefined;

  /** @param stream the stream that ws writes to */
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

  /** Called at intervals: disconnects a client that does not read or is gone. */
  look(): void {
    this.#connection.look();
    const found = this.#signsOfLife.look();
    if (found === 'ask') this.outlet.ping();
    else if (found === 'leave') this.#socket.terminate();
  }

  /** Handles a message. @param message the raw text, not yet validated */
  received(message: string): Promise<void> {
    // The connection is closing, so a response could not be sent.
    if (!this.outlet.isOpen) return Promise.resolve();
    const problem = jsonProblem(message);
    if (problem !== undefined) {
      this.#refuse(message, problem);
      return Promise.resolve();
    }
    this.#characters = message.length;
    this.#lostDigits = lostDigitsIn(message);
    this.#asked = undefined;
    // A cheap pre-check: only a message that contains the word can be a subscription.
    if (message.includes('subscription') && this.#hasBegun(message)) return Promise.resolve();
    return this.handle?.(message) ?? Promise.resolve();
  }

  /** Handles a rejection of `received`. */
  failed(message: string, err: unknown): void {
    if (isStackOverflow(err)) this.outlet.close(CloseCode.BadRequest, 'the message is nested too deeply');
    else if (isOfServers(message)) this.outlet.close(CloseCode.BadRequest, 'only a server may send this message');
    else {
      this.#options.logger.error({ err }, 'a message over a WebSocket failed unexpectedly');
      this.outlet.close(CloseCode.InternalServerError, 'Internal server error');
    }
  }

  /**
   * Refuses a message without parsing it: ends its operation with an error if its id is recognised; otherwise closes
   * the connection.
   */
  #refuse(message: string, problem: string): void {
    const id = subscribedId(message);
    if (id === undefined || !this.context?.acknowledged || id in this.context.subscriptions) {
      this.outlet.close(CloseCode.BadRequest, problem);
      return;
    }
    const payload = [requestError(problem, 'BAD_REQUEST')];
    this.outlet.send(JSON.stringify({ id, type: MessageType.Error, payload }));
  }

  /**
   * Called by graphql-ws for a message other than an operation.
   * @returns false if it is too long; the connection is then closed
   */
  checkPlain(): boolean {
    if (this.#characters <= limits.plainMessageCharacters) return true;
    const problem = `a message without an operation may have at most ${limits.plainMessageCharacters} characters`;
    this.outlet.close(CloseCode.BadRequest, problem);
    return false;
  }

  /** Called by graphql-ws to start an operation: returns it prepared, and marks its id as running. */
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

  /** @returns whether the message started a subscription; invalid messages are left to graphql-ws */
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
    // The id is still in use, and the connection closed by now.
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

/** The usual spelling: id and type come before the payload. */
const subscribeHead =
  /^\s*\{\s*(?:"id"\s*:\s*"([^"\\]{1,256})"\s*,\s*"type"\s*:\s*"subscribe"|"type"\s*:\s*"subscribe"\s*,\s*"id"\s*:\s*"([^"\\]{1,256})")/;

/** The id of an operation, read from the beginning of its message. */
function subscribedId(message: string): string | undefined {
  const found = subscribeHead.exec(message);
  return found?.[1] ?? found?.[2];
}

const typesOfServers: ReadonlySet<string> = new Set([MessageType.ConnectionAck, MessageType.Next, MessageType.Error]);

/** Whether only servers send the message's type: graphql-ws throws on valid messages in the wrong direction. */
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
