/** JSON responses of the attachment routes, and the HTTP status of each error. */
import type { ServerResponse } from 'node:http';
import { TidelineError } from '../errors.ts';
import type { Logger } from '../replica/environment/logger.ts';

const statusByCode: Readonly<Record<string, number>> = {
  BAD_USER_INPUT: 400,
  ATTACHMENT_NOT_FOUND: 404,
  ATTACHMENT_UNAVAILABLE: 409,
  TRANSACTION_CONFLICT: 409,
  TOKEN_UNREACHABLE: 409,
  PAYLOAD_TOO_LARGE: 413,
  STORE_UNAVAILABLE: 503,
  SERVER_BUSY: 503,
  REPLICA_BEHIND: 503,
  OUTCOME_UNKNOWN: 503,
};

export function answerJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}

/**
 * Sends an error in the form of a GraphQL error. An error that is not a TidelineError is logged, and its message is not
 * sent.
 */
export function answerError(response: ServerResponse, error: unknown, logger: Logger): void {
  const isOurs = error instanceof TidelineError;
  if (!isOurs) logger.error({ err: error }, 'a request for attachments failed');
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const message = isOurs ? error.message : 'Unexpected error.';
  const extensions = isOurs ? { code: error.code, ...error.details } : { code: 'INTERNAL_SERVER_ERROR' };
  const status = isOurs ? (statusByCode[error.code] ?? 500) : 500;
  if (status === 503) response.setHeader('Retry-After', '1');
  response.setHeader('Cache-Control', 'no-store');
  answerJson(response, status, { errors: [{ message, extensions }] });
}
