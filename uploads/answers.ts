/** JSON responses, and errors in the form of GraphQL errors, of all routes but /graphql. */
import type { ServerResponse } from 'node:http';
import { hiddenMessage, statusByCode, TidelineError } from '../errors.ts';
import type { Logger } from '../replica/environment/logger.ts';

export function answerJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}

/** Sends an error in the form of a GraphQL error, with the status of its code. */
export function answerError(response: ServerResponse, code: string, message: string, details: object = {}): void {
  const status = statusByCode[code] ?? 500;
  answerJson(response, status, { errors: [{ message, extensions: { code, ...details } }] });
}

/** Sends an error that was thrown. If it is not a TidelineError, it is logged, and its message is not sent. */
export function answerThrown(response: ServerResponse, error: unknown, logger: Logger): void {
  const isOurs = error instanceof TidelineError;
  if (!isOurs) logger.error({ err: error }, 'a request for attachments failed');
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.setHeader('Cache-Control', 'no-store');
  if (!isOurs) answerError(response, 'INTERNAL_SERVER_ERROR', hiddenMessage);
  else {
    if (statusByCode[error.code] === 503) response.setHeader('Retry-After', '1');
    answerError(response, error.code, error.message, error.details);
  }
}
