/** Whose pages may talk to a server: the policy as a table of requests. */
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  type AccessPolicy,
  accessHeaders,
  clientAddress,
  crossSiteRefusal,
  isLoopback,
  refusal,
} from '../../../server/http/access.ts';
import { Origins } from '../../../server/http/origins.ts';

const developing: AccessPolicy = {
  corsOrigins: Origins.parse(''),
  publicUrl: undefined,
  trustedHops: 0,
  loopback: true,
};
/** On loopback behind a proxy of the same machine. */
const proxied: AccessPolicy = { ...developing, publicUrl: new URL('https://app.example.org/api') };
const open: AccessPolicy = { ...developing, loopback: false };
const listed: AccessPolicy = {
  ...open,
  corsOrigins: Origins.parse('https://app.example.org, capacitor://localhost, http://localhost:*'),
};
const trusting: AccessPolicy = { ...open, trustedHops: 1 };

function request(method: string, headers: Readonly<Record<string, string>>): IncomingMessage {
  const made = new IncomingMessage(new Socket());
  made.method = method;
  Object.assign(made.headers, headers);
  return made;
}

const local = '127.0.0.1:4000';

describe('a write, an upgrade, and the CORS headers of an answer', () => {
  it.each<[string, AccessPolicy, Record<string, string>, boolean]>([
    ['no browser', developing, { host: local }, true],
    ['its own page', developing, { host: local, origin: 'http://127.0.0.1:4000' }, true],
    ['a page on another port of the machine', developing, { host: local, origin: 'http://localhost:5173' }, true],
    ['the same by IPv6', developing, { host: '[::1]:4000', origin: 'http://[::1]:5173' }, true],
    ['a page of the machine by another name', developing, { host: local, origin: 'https://shop.localhost' }, true],
    ['a foreign page', developing, { host: local, origin: 'https://evil.example' }, false],
    ['a page that hides its origin', developing, { host: local, origin: 'null' }, false],
    [
      'a page whose host begins like the machine',
      developing,
      { host: local, origin: 'http://localhost.evil.example' },
      false,
    ],
    ['an app with a page of its own scheme', developing, { host: local, origin: 'capacitor://localhost' }, false],
    ['DNS rebinding', developing, { host: 'evil.example:4000', origin: 'http://evil.example:4000' }, false],
    [
      'DNS rebinding of a page that names a host',
      developing,
      { host: 'evil.example:4000', 'x-forwarded-host': local },
      false,
    ],
    ['a host with a dot at its end', developing, { host: 'localhost.:4000' }, true],
    [
      'a page of the public address, host passed on',
      proxied,
      { host: 'app.example.org', origin: 'https://app.example.org' },
      true,
    ],
    ['a page of the public address, host replaced', proxied, { host: local, origin: 'https://app.example.org' }, true],
    ['a page of the machine, to a public server', proxied, { host: local, origin: 'http://localhost:5173' }, false],
    ['a page of the public host by another scheme', proxied, { host: local, origin: 'http://app.example.org' }, false],
    ['an open server by any name', open, { host: 'tideline:4000' }, true],
    [
      'a page of the machine, to an open server',
      open,
      { host: 'tideline:4000', origin: 'http://localhost:5173' },
      false,
    ],
    ['a page behind a proxy that passes the host on', open, { host: 'a.example', origin: 'https://a.example' }, true],
    [
      'a page that says that it is forwarded',
      open,
      { host: 'a.example', origin: 'https://b.example', 'x-forwarded-host': 'b.example' },
      false,
    ],
    [
      'a page that a trusted proxy forwards',
      trusting,
      { host: local, origin: 'https://b.example', 'x-forwarded-host': 'b.example' },
      true,
    ],
    [
      'a page that says so to a trusted proxy',
      trusting,
      { host: local, origin: 'https://evil.example', 'x-forwarded-host': 'evil.example, b.example' },
      false,
    ],
    [
      'a page of the scheme that a trusted proxy names',
      trusting,
      { host: 'b.example', origin: 'https://b.example', 'x-forwarded-proto': 'https' },
      true,
    ],
    [
      'a page of another scheme than a trusted proxy names',
      trusting,
      { host: 'b.example', origin: 'http://b.example', 'x-forwarded-proto': 'https' },
      false,
    ],
    ['a page of another site that has no origin', open, { host: 'a.example', 'sec-fetch-site': 'cross-site' }, false],
    ['a listed origin', listed, { host: 'a.example', origin: 'https://app.example.org' }, true],
    ['a listed origin by another scheme', listed, { host: 'a.example', origin: 'http://app.example.org' }, false],
    ['a listed app', listed, { host: 'a.example', origin: 'capacitor://localhost' }, true],
    ['a listed host on any port', listed, { host: 'a.example', origin: 'http://localhost:5173' }, true],
    ['a listed host on the scheme’s own port', listed, { host: 'a.example', origin: 'http://localhost' }, true],
    [
      'a listed host with more behind it',
      listed,
      { host: 'a.example', origin: 'http://localhost:5173.evil.example' },
      false,
    ],
  ])('of %s', (_, policy, headers, isAllowed) => {
    expect(refusal(request('POST', headers), policy) === undefined).toBe(isAllowed);
    expect(refusal(request('GET', headers), policy, true) === undefined).toBe(isAllowed);
    const { origin } = headers;
    const allowed = accessHeaders(request('POST', headers), policy).includes('Access-Control-Allow-Origin');
    if (origin !== undefined && headers.host !== 'evil.example:4000') expect(allowed).toBe(isAllowed);
  });

  it('is refused with what was received, and the settings that allow it', () => {
    const foreign = refusal(request('POST', { host: local, origin: 'https://shop.example' }), developing);
    expect(foreign?.problem).toMatch(/"https:\/\/shop\.example".*CORS_ORIGINS.*PUBLIC_URL/);
    const named = refusal(request('GET', { host: 'tideline:4000' }), developing);
    expect(named?.problem).toMatch(/"tideline:4000".*PUBLIC_URL.*HOST/);
    const hidden = refusal(request('POST', { host: local, origin: 'null' }), developing);
    expect(hidden?.problem).toMatch(/"null".*serve it over HTTP/);
    expect(hidden?.problem).not.toContain('CORS_ORIGINS');
  });
});

describe('a query by GET', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['of no browser', {}, true],
    ['of the same origin', { 'sec-fetch-site': 'same-origin' }, true],
    ['of the same site', { 'sec-fetch-site': 'same-site' }, true],
    ['typed by its user', { 'sec-fetch-site': 'none' }, true],
    ['of another site', { 'sec-fetch-site': 'cross-site' }, false],
    ['of another site that is allowed', { 'sec-fetch-site': 'cross-site', origin: 'https://app.example.org' }, true],
    ['of another site that is not', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, false],
    ['of a foreign origin, from a browser that says no site', { origin: 'https://evil.example' }, false],
    ['of an allowed origin, from a browser that says no site', { origin: 'https://app.example.org' }, true],
    ['of an origin that is hidden', { origin: 'null' }, false],
    ['of a site of no known kind', { 'sec-fetch-site': 'other' }, false],
    ['of another site that asked first', { 'sec-fetch-site': 'cross-site', 'x-requested-with': '' }, true],
  ])('%s', (_, headers, isAllowed) => {
    expect(crossSiteRefusal(request('GET', { host: 'a.example', ...headers }), listed) === undefined).toBe(isAllowed);
  });
});

it.each<[string, number, string | undefined]>([
  ['203.0.113.9', 0, undefined],
  ['203.0.113.9', 1, '203.0.113.9'],
  ['198.51.100.1, 203.0.113.9', 1, '203.0.113.9'],
  ['198.51.100.1, 203.0.113.9', 2, '198.51.100.1'],
  ['203.0.113.9', 2, '203.0.113.9'],
])('a client that is forwarded for %s over %i trusted proxies has the address %s', (header, trustedHops, address) => {
  expect(clientAddress(request('GET', { 'x-forwarded-for': header }), { ...open, trustedHops })).toBe(address);
});

describe('origins', () => {
  it.each([
    'https://app.example.org/path',
    'https://user@app.example.org',
    'app.example.org',
    '*',
    'https://*.example.org',
    'http://localhost:*/x',
    'http://localhost:port',
    'null',
    'mailto:a@example.org',
    'https://',
  ])('are not %s', (text) => {
    expect(() => Origins.parse(`https://fine.example,${text}`)).toThrow(RangeError);
    expect(() => Origins.parse(`https://fine.example,${text}`)).toThrow(JSON.stringify(text));
  });

  it('are spelt as browsers spell them', () => {
    const origins = Origins.parse(
      ' HTTPS://App.Example.org:443/ ,tauri://localhost,chrome-extension://abcdef,http://LOCALHOST:*,',
    );
    expect(origins.list).toEqual([
      'https://app.example.org',
      'tauri://localhost',
      'chrome-extension://abcdef',
      'http://localhost:*',
    ]);
    expect(origins.has('https://app.example.org')).toBe(true);
    expect(origins.has('http://localhost:80')).toBe(true);
    expect(origins.hasHostname('localhost')).toBe(true);
  });
});

it.each([
  ['localhost', true],
  ['LOCALHOST.', true],
  ['a.localhost', true],
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['[::1]', true],
  ['::ffff:127.0.0.1', true],
  ['[::ffff:7f00:1]', true],
  ['[::ffff:8000:1]', false],
  ['0.0.0.0', false],
  ['localhost.example', false],
  ['128.0.0.1', false],
])('%s is on loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
