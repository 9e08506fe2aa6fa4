/** The HTTP status of GraphQL responses, by the codes of their errors. */
import type { GraphQLError } from 'graphql';
import { statusByCode } from '../../errors.ts';
import { toldError } from '../operation/graphql-errors.ts';

/** Refusals by HTTP itself: their status applies whatever media type the client accepts. */
const refusals: ReadonlySet<string> = new Set([
  'BAD_REQUEST',
  'FORBIDDEN',
  'METHOD_NOT_ALLOWED',
  'NOT_ACCEPTABLE',
  'PAYLOAD_TOO_LARGE',
  'SERVER_BUSY',
  'UNSUPPORTED_MEDIA_TYPE',
]);

/** Further headers for these errors. */
export const headersByCode: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  METHOD_NOT_ALLOWED: { Allow: 'GET, POST' },
  SERVER_BUSY: { 'Retry-After': '1' },
};

/**
 * The status of any other error for clients that accept application/graphql-response+json; all others expect 200. Every
 * fault of the client is 400, as 404 or 409 would seem to be about /graphql itself.
 */
function strictStatusOf(code: string): number {
  const status = statusByCode[code] ?? 400;
  return status < 500 ? 400 : status;
}

/**
 * Adds the status for yoga as `extensions.http`, which is never sent. Errors that yoga found itself may have one
 * already.
 */
export function withStatus(error: GraphQLError): GraphQLError {
  const { message, nodes, source, positions, path, extensions } = error;
  if (extensions.http?.status !== undefined && !extensions.http.spec) return error;
  const code = String(extensions.code);
  const headers = headersByCode[code];
  const http = refusals.has(code)
    ? { status: statusByCode[code], ...(headers && { headers }) }
    : { status: strictStatusOf(code), spec: true };
  return toldError(message, { nodes, source, positions, path, extensions: { ...extensions, http } });
}

/**
 * The status of a response without data.
 * @param isStrict whether the client accepts application/graphql-response+json
 */
export function statusOf(errors: readonly GraphQLError[], isStrict: boolean): number {
  let highest = 0;
  for (const { extensions } of errors) {
    const code = String(extensions.code);
    if (refusals.has(code)) highest = Math.max(highest, statusByCode[code] ?? 0);
    else if (isStrict) highest = Math.max(highest, strictStatusOf(code));
  }
  return highest === 0 ? 200 : highest;
}
