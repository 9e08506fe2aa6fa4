/** The HTTP status of GraphQL answers, by the codes of their errors. */
import type { GraphQLError } from 'graphql';
import { statusByCode } from '../../errors.ts';
import { toldError } from '../operation/graphql-errors.ts';

/** Refusals by HTTP itself: the answer has their status whatever media type its reader accepts. */
const refusals: ReadonlySet<string> = new Set([
  'BAD_REQUEST',
  'FORBIDDEN',
  'METHOD_NOT_ALLOWED',
  'NOT_ACCEPTABLE',
  'PAYLOAD_TOO_LARGE',
  'SERVER_BUSY',
  'UNSUPPORTED_MEDIA_TYPE',
]);

/** What such an answer says beside its status. */
export const headersByCode: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  METHOD_NOT_ALLOWED: { Allow: 'GET, POST' },
  SERVER_BUSY: { 'Retry-After': '1' },
};

/**
 * The status of any other error, for readers that accept application/graphql-response+json; all others expect 200. Every
 * fault of the client is 400: 404 or 409 would seem to speak of /graphql itself.
 */
function strictStatusOf(code: string): number {
  const status = statusByCode[code] ?? 400;
  return status < 500 ? 400 : status;
}

/** The error as yoga takes it: `extensions.http` is its status, and never sent. Errors that yoga found itself may have theirs. */
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

/** The status of an answer without data. @param isStrict whether its reader accepts application/graphql-response+json */
export function statusOf(errors: readonly GraphQLError[], isStrict: boolean): number {
  let highest = 0;
  for (const { extensions } of errors) {
    const code = String(extensions.code);
    if (refusals.has(code)) highest = Math.max(highest, statusByCode[code] ?? 0);
    else if (isStrict) highest = Math.max(highest, strictStatusOf(code));
  }
  return highest === 0 ? 200 : highest;
}
