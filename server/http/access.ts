/**
 * Access control by origin: which web pages may use this server from a browser. Clients are not authenticated. The
 * checks keep out pages of other sites, as a browser lets any page send requests to any server that its user can reach.
 * Other clients send no Origin header.
 * Sources: Fetch standard (CORS); Fetch Metadata Request Headers (W3C), of which Sec-Fetch-Site is used; RFC 9110,
 * section 7.2 (Host).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Origins } from './origins.ts';

export interface AccessPolicy {
  /** Other origins whose pages may read and write. */
  readonly corsOrigins: Origins;
  /** The public address of this server. */
  readonly publicUrl: URL | undefined;
  /** How many proxies in front of this server are trusted to report the host name and scheme that a client used. */
  readonly trustedHops: number;
  /** True if the server listens on this machine only; the Host header is then checked too, against DNS rebinding. */
  readonly loopback: boolean;
}

/** Whether only the developer's machine can reach the server. Pages on its other ports may then use it. */
export const isDevelopment = ({ loopback, publicUrl }: Pick<AccessPolicy, 'loopback' | 'publicUrl'>): boolean =>
  loopback && publicUrl === undefined;

const safeMethods: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);
const exposedHeaders = 'Causality-Token, Content-Disposition, Content-Range, ETag, Retry-After';
const preflightSeconds = 7_200;

/** 127.0.0.0/8 mapped to IPv6, as URL formats it. */
const mappedLoopback = /^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/;

/** @param host a name or an address without a port; an IPv6 address may be in brackets */
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

/** The Host header of nearly all clients of a loopback server: accepted without parsing. */
const loopbackHost = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/;

const parseUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

/** The value set by the outermost trusted proxy, in a header to which each proxy appends. */
function forwarded({ headers }: IncomingMessage, name: string, trustedHops: number): string | undefined {
  const header = headers[name];
  if (trustedHops === 0 || header === undefined) return undefined;
  const values = String(header).split(',');
  return values[Math.max(0, values.length - trustedHops)]?.trim().toLowerCase();
}

/** The address of the client, as far as it can be trusted; for logs. */
export function clientAddress(request: IncomingMessage, { trustedHops }: AccessPolicy): string | undefined {
  return forwarded(request, 'x-forwarded-for', trustedHops) ?? request.socket.remoteAddress;
}

/** Whether pages of this origin may read and write here: the server's own origin, or one that a setting allows. */
function isOriginAllowed(origin: string, request: IncomingMessage, policy: AccessPolicy): boolean {
  if (policy.corsOrigins.has(origin)) return true;
  const url = parseUrl(origin);
  if (url === undefined || url.host === '') return false;
  if (policy.publicUrl !== undefined && url.origin === policy.publicUrl.origin) return true;
  if (isDevelopment(policy) && /^https?:$/.test(url.protocol) && isLoopback(url.hostname)) return true;
  const isHost = (host: string | undefined) =>
    host !== undefined && parseUrl(`${url.protocol}//${host}`)?.host === url.host;
  // A proxy may speak https where this server speaks http, so the scheme is compared only if a trusted proxy reports
  // it.
  const scheme = forwarded(request, 'x-forwarded-proto', policy.trustedHops);
  if (scheme !== undefined && url.protocol !== `${scheme}:`) return false;
  return isHost(request.headers.host) || isHost(forwarded(request, 'x-forwarded-host', policy.trustedHops));
}

/** A loopback server sees another host name only in DNS rebinding, or behind a proxy that forwards the name. */
function isHostAllowed(host: string | undefined, { loopback, publicUrl, corsOrigins }: AccessPolicy): boolean {
  if (!loopback || host === undefined || loopbackHost.test(host)) return true;
  const hostname = parseUrl(`http://${host}`)?.hostname;
  if (hostname === undefined) return false;
  return isLoopback(hostname) || hostname === publicUrl?.hostname || corsOrigins.hasHostname(hostname);
}

/** Headers that make a browser send a preflight before a cross-site request; any value will do. */
export const preflightedHeaders = ['x-graphql-yoga-csrf', 'apollo-require-preflight', 'x-requested-with'] as const;

export interface Refusal {
  /** The message for the client and the operator: what was received, and which setting allows it. */
  readonly problem: string;
  /** Identifies what was refused, so that the log names each once. */
  readonly subject: string;
}

/**
 * Why a request is refused (403); undefined if it is not.
 * @param isUpgrade true for an upgrade, which counts as a write
 */
export function refusal(request: IncomingMessage, policy: AccessPolicy, isUpgrade = false): Refusal | undefined {
  const { host, origin } = request.headers;
  if (!isHostAllowed(host, policy)) {
    const problem = `this server listens on loopback only, and was addressed as ${quoted(host)}: set PUBLIC_URL to the address that clients use, or HOST to listen for other machines`;
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
    ? 'its origin cannot be allowed, as it is a file or in a sandboxed frame: serve it over HTTP'
    : "add it to CORS_ORIGINS, or set PUBLIC_URL if it is this server's own address";

/** Values of Sec-Fetch-Site that a page of another site cannot cause. */
const ownSites: ReadonlySet<string> = new Set(['same-origin', 'same-site', 'none']);

/**
 * Why a query by GET is refused (403): a page of another site could cause it by a link or an image. Browsers send
 * Sec-Fetch-Site to addresses that they consider trustworthy. A request with neither this nor an Origin comes from
 * another client, or no page can read its response.
 */
export function crossSiteRefusal(request: IncomingMessage, policy: AccessPolicy): Refusal | undefined {
  const { 'sec-fetch-site': site, origin } = request.headers;
  if (site === undefined ? origin === undefined : ownSites.has(String(site))) return undefined;
  if (origin !== undefined && isOriginAllowed(origin, request, policy)) return undefined;
  if (preflightedHeaders.some((name) => request.headers[name] !== undefined)) return undefined;
  const remedy = `send it by POST, or with one of the headers ${preflightedHeaders.join(', ')}`;
  const from = origin === undefined ? '' : ` of ${quoted(origin)}`;
  return {
    problem: `a page of another site${from} caused this request: add the page's origin to CORS_ORIGINS, or ${remedy}`,
    subject: `cross-site ${origin ?? 'without an origin'}`,
  };
}

const quoted = (text: string | undefined): string => JSON.stringify((text ?? '').slice(0, 300));

/** Headers in the form of `writeHead`: name, value, name, value, … */
export type HeaderList = readonly string[];

const varyingHeaders: HeaderList = ['X-Content-Type-Options', 'nosniff', 'Vary', 'Origin'];

/** The headers of every response to an accepted request, with the CORS headers for its origin. */
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

/** Sets the headers of `accessHeaders`. @returns true if the request was a preflight, which is then answered */
export function answerCors(request: IncomingMessage, response: ServerResponse, policy: AccessPolicy): boolean {
  const { origin, 'access-control-request-headers': requestedHeaders } = request.headers;
  setHeaders(response, accessHeaders(request, policy));
  if (request.method !== 'OPTIONS') return false;
  if (origin !== undefined && isOriginAllowed(origin, request, policy)) {
    // PUT is listed, although it is not supported, so that a page can read the refusal.
    response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, OPTIONS');
    response.setHeader('Access-Control-Max-Age', preflightSeconds);
    if (requestedHeaders !== undefined) response.setHeader('Access-Control-Allow-Headers', requestedHeaders);
  }
  response.writeHead(204, { Allow: 'GET, HEAD, POST, OPTIONS' }).end();
  return true;
}
