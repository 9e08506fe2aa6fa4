/**
 * Resolves the request target. Source: RFC 9112, section 3.2: clients send a path; a client that takes this server for
 * a proxy sends an absolute URI, which every server must accept, and whose authority replaces the Host header.
 */
import type { IncomingMessage } from 'node:http';

const absoluteForm = /^https?:\/\/([^/?#@]+)((?:[/?][^#]*)?)$/i;

/**
 * Rewrites the request's URL and host as if the client had sent a path.
 * @returns false if the target is neither a path nor an http URI
 */
export function resolveTarget(request: IncomingMessage): boolean {
  const { url = '/' } = request;
  if (url.startsWith('/') || (url === '*' && request.method === 'OPTIONS')) return true;
  const [, authority, path = ''] = absoluteForm.exec(url) ?? [];
  if (authority === undefined || !URL.canParse(`http://${authority}`)) return false;
  request.headers.host = authority;
  request.url = path.startsWith('/') ? path : `/${path}`;
  return true;
}

/** The part of the URL before the query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}
