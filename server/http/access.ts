/**
 * Whose pages may talk to this server from inside a browser. No client is authenticated; pages of other sites are kept out,
 * which a browser lets send requests to any server that its user can reach. A client that is no browser sends no Origin.
 * Sources: Fetch standard (CORS); Fetch Metadata Request Headers (W3C), of which Sec-Fetch-Site is used; RFC 9110, section 7.2 (Host).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Origins } from './origins.ts';

export interface AccessPolicy {
  /** Other origins whose pages may read and write. */
  readonly corsOrigins: Origins;
  /** By which name the world knows this server. */
  readonly publicUrl: URL | undefined;
  /** How many proxies in front of this server may say by which name, and by which scheme, a client called it. */
  readonly trustedHops: number;
  /** Listening on this machine only: the name that it is called by is checked too, against DNS rebinding. */
  readonly loopback: boolean;
}

/** A server that only its developer's machine reaches: pages on other ports of that machine may use it. */
export const isDevelopment = ({ loopback, publicUrl }: Pick<AccessPolicy, 'loopback' | 'publicUrl'>): boolean =>
  loopback && publicUrl === undefined;

const safeMethods: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);
const exposedHeaders = 'Causality-Token, Content-Disposition, Content-Range, ETag, Retry-After';
const preflightSeconds = 7_200;

/** 127.0.0.0/8 as an IPv6 address, as URL spells it. */
const mappedLoopback = /^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/;

/** @param host a name or an address, IPv6 in brackets or not, without a port */
export function isLoopback(host: string): boolean {
  const name = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  return (
    /^(.+\.)?localhost$/.test(name) ||
    /^(::ffff:)?127(\.\d{1,3}){3}$/.test(name) ||
    name === '::1' ||
    mappedLoopback.test(name)
  );
}

/** What nearly all clients call a loopback server: known without parsing. */
const loopbackHost = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/;

const parseUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

/** The value that the outermost trusted proxy set, of a header to which proxies append. */
function forwarded({ headers }: IncomingMessage, name: string, trustedHops: number): string | undefined {
  const header = headers[name];
  if (trustedHops === 0 || header === undefined) return undefined;
  const values = String(header).split(',');
  return values[Math.max(0, values.length - trustedHops)]?.trim().toLowerCase();
}

/** The address of the client, as far as it can be believed; for logs. */
export function clientAddress(request: IncomingMessage, { trustedHops }: AccessPolicy): string | undefined {
  return forwarded(request, 'x-forwarded-for', trustedHops) ?? request.socket.remoteAddress;
}

/** Whether a page of this origin may read and write here: ours, or one that a setting allows. */
function isOriginAllowed(origin: string, request: IncomingMessage, policy: AccessPolicy): boolean {
  if (policy.corsOrigins.has(origin)) return true;
  const url = parseUrl(origin);
  if (url === undefined || url.host === '') return false;
  if (policy.publicUrl !== undefined && url.origin === policy.publicUrl.origin) return true;
  if (isDevelopment(policy) && /^https?:$/.test(url.protocol) && isLoopback(url.hostname)) return true;
  const isHost = (host: string | undefined) =>
    host !== undefined && parseUrl(`${url.protocol}//${host}`)?.host === url.host;
  // A proxy in front may speak https where this server speaks http: the scheme is compared only where a trusted one says it.
  const scheme = forwarded(request, 'x-forwarded-proto', policy.trustedHops);
  if (scheme !== undefined && url.protocol !== `${scheme}:`) return false;
  return isHost(request.headers.host) || isHost(forwarded(request, 'x-forwarded-host', policy.trustedHops));
}

/** A loopback server is called by another name only in DNS rebinding, or by a proxy that passes the name on. */
function isHostAllowed(host: string | undefined, { loopback, publicUrl, corsOrigins }: AccessPolicy): boolean {
  if (!loopback || host === undefined || loopbackHost.test(host)) return true;
  const hostname = parseUrl(`http://${host}`)?.hostname;
  if (hostname === undefined) return false;
  return isLoopback(hostname) || hostname === publicUrl?.hostname || corsOrigins.hasHostname(hostname);
}

/** Any of these, with any value, makes a browser ask before it sends a request to another site. */
export const preflightedHeaders = ['x-graphql-yoga-csrf', 'apollo-require-preflight', 'x-requested-with'] as const;

export interface Refusal {
  /** In words for its sender, and for the operator: what was received, and which setting allows it. */
  readonly problem: string;
  /** What is refused, for a log that names each once. */
  readonly subject: string;
}

/**
 * Why a request is refused (403); undefined where it is not.
 * @param isUpgrade an upgrade counts as a write
 */
export function refusal(request: IncomingMessage, policy: AccessPolicy, isUpgrade = false): Refusal | undefined {
  const { host, origin } = request.headers;
  if (!isHostAllowed(host, policy)) {
    const problem = `this server listens on loopback only, and was called by the name ${quoted(host)}: set PUBLIC_URL to the address that clients use, or HOST to listen for other machines`;
    return { problem, subject: `host ${host}` };
  }
  const isWrite = isUpgrade || !safeMethods.has(request.method);
  if (!isWrite) return undefined;
  if (origin === undefined) return crossSiteRefusal(request, policy);
  if (isOriginAllowed(origin, request, policy)) return undefined;
  const problem = `pages of ${quoted(origin)} may not write here: ${remedyFor(origin)}`;
  return { problem, subject: `origin ${origin}` };
}

const remedyFor = (origin: string): string =>
  origin === 'null'
    ? 'such a page has no origin that could be allowed (a file, or a frame with a sandbox), so serve it over HTTP'
    : "add it to CORS_ORIGINS, or set PUBLIC_URL if it is this server's own address";

/** Values of Sec-Fetch-Site that a page of another site cannot bring about. */
const ownSites: ReadonlySet<string> = new Set(['same-origin', 'same-site', 'none']);

/**
 * Why a query by GET is refused (403): a page of another site could have it sent by a link or an image. Browsers tell by
 * Sec-Fetch-Site, to addresses that they hold trustworthy; a request that has neither this nor an Origin is no browser's, or one
 * whose answer no page can read.
 */
export function crossSiteRefusal(request: IncomingMessage, policy: AccessPolicy): Refusal | undefined {
  const { 'sec-fetch-site': site, origin } = request.headers;
  if (site === undefined ? origin === undefined : ownSites.has(String(site))) return undefined;
  if (origin !== undefined && isOriginAllowed(origin, request, policy)) return undefined;
  if (preflightedHeaders.some((name) => request.headers[name] !== undefined)) return undefined;
  const remedy = `send it by POST, or with a header of one of the names ${preflightedHeaders.join(', ')}`;
  const from = origin === undefined ? '' : ` of ${quoted(origin)}`;
  return {
    problem: `a page of another site${from} had this request sent: add the page's origin to CORS_ORIGINS, or ${remedy}`,
    subject: `cross-site ${origin ?? 'without an origin'}`,
  };
}

const quoted = (text: string | undefined): string => JSON.stringify((text ?? '').slice(0, 300));

/** As `writeHead` takes them: name, value, name, value, … */
export type HeaderList = readonly string[];

const varyingHeaders: HeaderList = ['X-Content-Type-Options', 'nosniff', 'Vary', 'Origin'];

/** The headers of every answer to a request that is not refused: the CORS headers that its origin is due, too. */
export function accessHeaders(request: IncomingMessage, policy: AccessPolicy): HeaderList {
  const { origin } = request.headers;
  if (origin === undefined || !isOriginAllowed(origin, request, policy)) return varyingHeaders;
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
  if (origin !== undefined && isOriginAllowed(origin, request, policy)) {
    // PUT is taken nowhere; a page is to read why.
    response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, OPTIONS');
    response.setHeader('Access-Control-Max-Age', preflightSeconds);
    if (requestedHeaders !== undefined) response.setHeader('Access-Control-Allow-Headers', requestedHeaders);
  }
  response.writeHead(204, { Allow: 'GET, HEAD, POST, OPTIONS' }).end();
  return true;
}
