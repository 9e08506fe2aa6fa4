/** The HTTP status of GraphQL answers, by the codes of their errors. */
import type { GraphQLError } from 'graphql';
import { toldError } from '../operation/graphql-errors.ts';

/** Errors of HTTP itself: the answer has this status whatever its reader accepts. */
const statusByCode: Readonly<Record<string, number>> = {
  BAD_REQUEST: 400,
  FORBIDDEN: 403,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  PAYLOAD_TOO_LARGE: 413,
  SERVER_BUSY: 503,
  UNSUPPORTED_MEDIA_TYPE: 415,
};

/** What such an answer says beside its status. */
export const headersByCode: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  METHOD_NOT_ALLOWED: { Allow: 'GET, POST' },
  SERVER_BUSY: { 'Retry-After': '1' },
};

/** All others: only who accepts application/graphql-response+json expects another status than 200. */
const graphqlStatusByCode: Readonly<Record<string, number>> = {
  INTERNAL_SERVER_ERROR: 500,
  STORE_UNAVAILABLE: 503,
  REPLICA_BEHIND: 503,
};

/** The error as yoga takes it: `extensions.http` is its status, and never sent. Errors that yoga found itself may have theirs. */
export function withStatus(error: GraphQLError): GraphQLError {
  const { message, nodes, source, positions, path, extensions } = error;
  if (extensions.http?.status !== undefined && !extensions.http.spec) return error;
  const code = String(extensions.code);
  const status = statusByCode[code];
  const http =
    status === undefined
      ? { status: graphqlStatusByCode[code] ?? 400, spec: true }
      : { status, ...(headersByCode[code] && { headers: headersByCode[code] }) };
  return toldError(message, { nodes, source, positions, path, extensions: { ...extensions, http } });
}

/** The status of an answer without data. @param isStrict whether its reader accepts application/graphql-response+json */
export function statusOf(errors: readonly GraphQLError[], isStrict: boolean): number {
  let highest = 0;
  for (const { extensions } of errors) {
    const code = String(extensions.code);
    const status = statusByCode[code] ?? (isStrict ? (graphqlStatusByCode[code] ?? 400) : 0);
    highest = Math.max(highest, status);
  }
  return highest === 0 ? 200 : highest;
}
