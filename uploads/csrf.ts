/**
 * Uploads are of a content type that any page may send across sites without a preflight. A header of one's own forces one, so it
 * is asked for: the one that the GraphQL endpoint takes.
 */
import type { IncomingMessage } from 'node:http';

/** Any of these, with any value. The first is GraphQL Yoga's, the others what Apollo's clients and other libraries send. */
export const csrfHeaders = ['x-graphql-yoga-csrf', 'apollo-require-preflight', 'x-requested-with'];

export function isPreflighted(request: IncomingMessage): boolean {
  return csrfHeaders.some((name) => request.headers[name] !== undefined);
}
