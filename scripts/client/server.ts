/** A client for a running server's GraphQL API: one request at a time, retried while the server is away. */
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../limits.ts';

/** The server processed the request and refused it. */
export class RefusedError extends Error {
  readonly code: string;
  /** The refused argument, from `extensions.argument`. */
  readonly argument: string | undefined;
  constructor(code: string, message: string, argument: string | undefined) {
    super(message);
    this.code = code;
    this.argument = argument;
  }
}

/** Retrying the request would not help. */
export class UnusableServerError extends Error {}

/** There was no response, or one that asks to retry later. */
class AwayError extends Error {}

/** Codes with which the server asks to retry the same request later. */
const temporaryCodes = new Set(['STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN', 'REPLICA_BEHIND', 'TRANSACTION_CONFLICT']);

export interface ServerOptions {
  readonly url: string;
  /** Ends the waiting for a server that is away. A running request is finished. */
  readonly stopped: AbortSignal;
  /** Called once each time the server goes away. */
  readonly onAway: (problem: string) => void;
  readonly patienceMilliseconds?: number;
}

export class Server {
  readonly #options: ServerOptions;
  #token: string | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /**
   * Returns the `data` of one operation. It sees everything that earlier operations saw or wrote, whichever replica
   * answers. It may be sent more than once, so it must be idempotent.
   * @throws {RefusedError} @throws {UnusableServerError}
   */
  async ask(query: string, variables: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const { stopped, onAway, url, patienceMilliseconds = limits.clientPatienceMilliseconds } = this.#options;
    const giveUpAt = Date.now() + patienceMilliseconds;
    for (let wait = 250, told = false; ; wait = Math.min(wait * 2, 5_000)) {
      try {
        return await this.#askOnce(query, variables);
      } catch (error) {
        if (!(error instanceof AwayError)) throw error;
        if (stopped.aborted || Date.now() + wait > giveUpAt) throw new UnusableServerError(`${url}: ${error.message}`);
        if (!told) onAway(`${url}: ${error.message}; trying again`);
        told = true;
        await sleep(wait, undefined, { signal: stopped }).catch(() => {});
      }
    }
  }

  async #askOnce(query: string, variables: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const extensions = { causality: { token: this.#token } };
    const { status, body } = await this.#post(JSON.stringify({ query, variables, extensions }));
    if (!isRecord(body) || !('data' in body || 'errors' in body)) {
      if (status === 429 || status >= 500) throw new AwayError(`it answers with status ${status}`);
      const problem = `it answers with status ${status}, but not with a GraphQL response`;
      throw new UnusableServerError(`${this.#options.url}: ${problem}: give Tideline's address with --url`);
    }
    const refused = firstRefusal(body.errors);
    if (refused?.code === 'TOKEN_UNREACHABLE' && this.#token !== undefined) {
      this.#token = undefined;
      return this.#askOnce(query, variables);
    }
    if (refused !== undefined && temporaryCodes.has(refused.code)) throw new AwayError(refused.message);
    if (refused !== undefined) throw refused;
    this.#token = tokenOf(body.extensions) ?? this.#token;
    return isRecord(body.data) ? body.data : {};
  }

  async #post(json: string): Promise<{ status: number; body: unknown }> {
    const { url } = this.#options;
    let text: string;
    let status: number;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
        body: json,
        signal: AbortSignal.timeout(limits.clientRequestMilliseconds),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      throw awayOrUnusable(url, error);
    }
    return { status, body: parsed(text) };
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch only says that it failed. The reason is in its cause: a network error has a code, an invalid URL has none. */
function awayOrUnusable(url: string, error: unknown): Error {
  if (!(error instanceof Error)) return new UnusableServerError(`${url}: ${String(error)}`);
  if (error.name === 'TimeoutError')
    return new AwayError(`no answer within ${limits.clientRequestMilliseconds / 1000} s`);
  const { cause } = error;
  if (!(cause instanceof Error)) return new UnusableServerError(`${url}: ${error.message}`);
  if (!('code' in cause)) return new UnusableServerError(`${url}: ${cause.message}`);
  return new AwayError(`it cannot be reached (${String(cause.code)})`);
}

function firstRefusal(errors: unknown): RefusedError | undefined {
  if (!Array.isArray(errors) || errors.length === 0) return undefined;
  const error: unknown = errors[0];
  const { message, extensions } = isRecord(error) ? error : {};
  const { code, argument } = isRecord(extensions) ? extensions : {};
  return new RefusedError(
    typeof code === 'string' ? code : 'UNKNOWN',
    typeof message === 'string' ? message : 'the server gave no reason',
    typeof argument === 'string' ? argument : undefined,
  );
}

function tokenOf(extensions: unknown): string | undefined {
  const causality = isRecord(extensions) ? extensions.causality : undefined;
  const token = isRecord(causality) ? causality.token : undefined;
  return typeof token === 'string' ? token : undefined;
}
