/**
 * Where a request goes. Source: RFC 9112, section 3.2: clients send a path, and those that take this server for a proxy send
 * an absolute URI, which every server must accept; its authority takes the place of the Host header.
 */
import type { IncomingMessage } from 'node:http';

const absoluteForm = /^https?:\/\/([^/?#@]+)((?:[/?][^#]*)?)$/i;

/**
 * Gives the request the path and the host that its target names, spelt as in a request for the path itself.
 * @returns false where the target is neither a path nor a URI of http
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

/** What stands before the query in its URL. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}
