/**
 * Who may talk to this server from inside a browser. Nobody is asked who they are yet; what is held off here are pages of
 * other sites, which a browser lets talk to any server that its user can reach. Whatever is not a browser sends no Origin.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface AccessPolicy {
  /** Other origins whose pages may read and write. */
  readonly corsOrigins: ReadonlySet<string>;
  /** Listening on this machine only: then the name that it is called by is checked too. */
  readonly loopback: boolean;
}

const safeMethods: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);
const exposedHeaders = 'Causality-Token, Content-Disposition, Content-Range, ETag';
const preflightSeconds = 7_200;

/** @param host a name or an address, IPv6 in brackets or not, without a port */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return /^(.+\.)?localhost$/.test(name) || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(name) || name === '::1';
}

/** What nearly all who call a loopback server call it: known without parsing. */
const loopbackHost = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/;

const parseUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

/** Whether a page of this origin may write here: ours, or one that is named in CORS_ORIGINS. */
function isOriginAllowed(origin: string, hostHeader: string | undefined, policy: AccessPolicy): boolean {
  if (policy.corsOrigins.has(origin)) return true;
  const url = parseUrl(origin);
  return url !== undefined && hostHeader !== undefined && url.host === parseUrl(`${url.protocol}//${hostHeader}`)?.host;
}

/**
 * Under a name that is not this machine's, a loopback server is reached only by DNS rebinding, or through a proxy that
 * passes the name on.
 */
function isHostAllowed(hostHeader: string | undefined, policy: AccessPolicy): boolean {
  if (!policy.loopback || hostHeader === undefined || loopbackHost.test(hostHeader)) return true;
  const url = parseUrl(`http://${hostHeader}`);
  if (url === undefined) return false;
  return (
    isLoopback(url.hostname) || [...policy.corsOrigins].some((origin) => new URL(origin).hostname === url.hostname)
  );
}

/** Why a request is refused (403), in words for who sent it; undefined where it is not. An upgrade counts as a write. */
export function refusal(request: IncomingMessage, policy: AccessPolicy, isUpgrade = false): string | undefined {
  const { host, origin } = request.headers;
  if (!isHostAllowed(host, policy)) {
    return 'this server listens on loopback only, and was called by another name: add the page’s origin to CORS_ORIGINS';
  }
  const isWrite = isUpgrade || !safeMethods.has(request.method);
  if (isWrite && origin !== undefined && !isOriginAllowed(origin, host, policy)) {
    return 'pages of this origin may not write here: add it to CORS_ORIGINS';
  }
  return undefined;
}

/** As `writeHead` takes them: name, value, name, value, … */
export type HeaderList = readonly string[];

const varyingHeaders: HeaderList = ['X-Content-Type-Options', 'nosniff', 'Vary', 'Origin'];

/** What every answer to a request that is not refused says: the CORS headers that its origin is due, too. */
export function accessHeaders({ headers: { origin } }: IncomingMessage, policy: AccessPolicy): HeaderList {
  if (origin === undefined || !policy.corsOrigins.has(origin)) return varyingHeaders;
  const cors = ['Access-Control-Allow-Origin', origin, 'Access-Control-Expose-Headers', exposedHeaders];
  return [...varyingHeaders, ...cors];
}

export function setHeaders(response: ServerResponse, headers: HeaderList): void {
  for (let index = 0; index + 1 < headers.length; index += 2)
    response.setHeader(headers[index] ?? '', headers[index + 1] ?? '');
}

/** Sets the headers of `accessHeaders`. @returns true where it was a preflight, which is answered then */
export function answerCors(request: IncomingMessage, response: ServerResponse, policy: AccessPolicy): boolean {
  const { origin, 'access-control-request-headers': requestedHeaders } = request.headers;
  setHeaders(response, accessHeaders(request, policy));
  if (request.method !== 'OPTIONS') return false;
  if (origin !== undefined && policy.corsOrigins.has(origin)) {
    response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, OPTIONS');
    response.setHeader('Access-Control-Max-Age', preflightSeconds);
    if (requestedHeaders !== undefined) response.setHeader('Access-Control-Allow-Headers', requestedHeaders);
  }
  response.writeHead(204, { Allow: 'GET, HEAD, POST, OPTIONS' }).end();
  return true;
}
