/** The two ways of GraphQL over HTTP beside each other: yoga's, which application/graphql+json goes, and the lean one. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import { decodeToken } from '../../replica/token.ts';
import { mediaTypeOf } from '../../server/http/json-post.ts';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';
import { eventually } from '../servers/wait.ts';

let server: EmbeddedServer;
beforeAll(async () => {
  server = await openServer({ CORS_ORIGINS: 'https://app.example.org' });
  await server.run('mutation { upsert(collection: "cars", document: { _id: "vw", doors: 4 }) { document { _id } } }');
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

interface Sent {
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

interface Received {
  readonly status: number | undefined;
  readonly reason: string | undefined;
  /** In their order, as they were spelt. */
  readonly headers: readonly string[];
  readonly body: string;
}

function send({ body, headers = {}, method = 'POST' }: Sent, contentType: string): Promise<Received> {
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          reason: response.statusMessage,
          headers: response.rawHeaders,
          body: Buffer.concat(chunks).toString(),
        }),
      );
      response.on('error', reject);
    };
    const length = String(Buffer.byteLength(body));
    const all = { 'content-type': contentType, 'content-length': length, ...headers };
    httpRequest(`${server.url}/graphql`, { method, headers: all }, answered).on('error', reject).end(body);
  });
}

/** Without what differs each time: the moment, and the place in the log. */
function comparable({ status, reason, headers, body }: Received) {
  const pairs = headers.flatMap((name, index) => {
    if (index % 2 === 1 || name.toLowerCase() === 'date') return [];
    const value = headers[index + 1] ?? '';
    if (name.toLowerCase() !== 'causality-token') return [`${name.toLowerCase()}: ${value}`];
    decodeToken(value, 'token');
    const inBody = /"causality":\{"token":"([^"]+)"/.exec(body)?.[1];
    return [`causality-token: ${inBody === undefined || inBody === value ? '…' : 'another than that of the body'}`];
  });
  return { status, reason, headers: pairs.sort(), body: body.replace(/"token":"[^"]+"/, '"token":"…"') };
}

const query = (text: string, more: object = {}) => JSON.stringify({ query: text, ...more });
const read = '{ document(collection: "cars", id: "vw") { _id value updatedAt } }';
const strict = 'application/graphql-response+json';

const bodies: readonly (readonly [string, string | Uint8Array])[] = [
  ['a query', query(read)],
  ['a query for what is not there', query('{ document(collection: "cars", id: "none") { _id } }')],
  ['introspection', query('{ __schema { queryType { name } } }')],
  [
    'variables',
    query('query ($id: ID!) { document(collection: "cars", id: $id) { _id } }', { variables: { id: 'vw' } }),
  ],
  ['null for what may be left out', query(read, { variables: null, operationName: null, extensions: null })],
  ['one operation of several', query(`query A ${read} query B ${read}`, { operationName: 'B' })],
  ['several operations, none named', query(`query A ${read} query B ${read}`)],
  ['an operation that is not there', query(read, { operationName: 'None' })],
  ['an empty operation’s name', query(read, { operationName: '' })],
  [
    'a mutation',
    query('mutation { upsert(collection: "cars", document: { _id: "gti", doors: 3 }) { document { value } } }'),
  ],
  [
    'a mutation that fails',
    query('mutation { update(collection: "cars", id: "none", operations: []) { document { _id } } }'),
  ],
  ['a query of which a field fails', query('{ a: document(collection: "", id: "a") { _id } replica { ready } }')],
  ['a query that fails as a whole', query('{ documents(collection: "") { totalCount } }')],
  ['a syntax error', query('{')],
  ['an invalid query', query('{ nonsense other }')],
  ['an empty query', query('')],
  ['a missing variable', query('query ($id: ID!) { document(collection: "cars", id: $id) { _id } }')],
  [
    'a variable of another type',
    query('query ($n: Int) { documents(collection: "c", first: $n) { totalCount } }', { variables: { n: 'x' } }),
  ],
  ['letters of many bytes', query('{ document(collection: "語", id: "🚗") { _id } }')],
  ['a token that is none', query(read, { extensions: { causality: { token: 'none' } } })],
  ['a token that is no string', query(read, { extensions: { causality: { token: 7 } } })],
  ['other extensions', query(read, { extensions: { persistedQuery: { version: 1 } } })],
  [
    'an integer that loses digits',
    `{"query": "query ($w: Filter) { documents(collection: \\"t\\", where: $w) { totalCount } }", "variables": {"w": {"path": "n", "eq": 9007199254740993}}}`,
  ],
  ['no query', '{}'],
  ['a query that is no string', '{"query": 1}'],
  ['a query that is null', '{"query": null}'],
  ['variables that are a list', query(read, { variables: [] })],
  ['variables that are a text', query(read, { variables: '{}' })],
  ['extensions that are a list', query(read, { extensions: [] })],
  ['an operation’s name that is a number', query(read, { operationName: 7 })],
  ['an unknown member', query(read, { extra: 1 })],
  ['an unknown member that is null', query(read, { extra: null })],
  ['half of an object', '{"query": "{ __typename }'],
  ['a number', '1'],
  ['null', 'null'],
  ['nothing', ''],
  ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
  ['more than the limit', `{"query":"{ __typename }","variables":{"x":"${'x'.repeat(limits.requestBytes)}"}}`],
];

const accepts = [
  undefined,
  '*/*',
  'application/json',
  strict,
  `${strict}; charset=utf-8, application/json; charset=utf-8`,
  `application/json;q=0.5, ${strict}`,
  'application/*',
  'APPLICATION/JSON',
  'application/json; charset=iso-8859-1',
  'text/event-stream, */*',
  'text/event-stream',
  'multipart/mixed',
  'text/html',
];

async function expectAlike(sent: Sent): Promise<void> {
  const lean = comparable(await send(sent, 'application/json'));
  const yoga = comparable(await send(sent, 'application/graphql+json'));
  expect(lean).toEqual(yoga);
}

describe('the lean way answers as yoga does, to the byte', () => {
  it.each(bodies)('%s', async (_, body) => {
    for (const accept of [undefined, strict])
      await expectAlike({ body, headers: accept === undefined ? {} : { accept } });
  });

  it.each(accepts)('where its reader accepts %s', async (accept) => {
    for (const text of [read, '{ nonsense }', '{ documents(collection: "") { totalCount } }'])
      await expectAlike({ body: query(text), headers: accept === undefined ? {} : { accept } });
  });

  it.each([
    ['an origin that may', { origin: 'https://app.example.org' }],
    ['an origin that may not', { origin: 'https://evil.example' }],
    ['another host’s name', { host: 'evil.example' }],
    ['a compressed body', { 'content-encoding': 'gzip' }],
    ['a body that is said to be as it is', { 'content-encoding': 'identity' }],
    ['a token in the header that is none', { 'causality-token': 'none' }],
    ['a connection that ends with it', { connection: 'close' }],
  ])('to %s', async (_, headers) => {
    await expectAlike({ body: query(read), headers });
    await expectAlike({ body: query('{'), headers });
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])('to %s', async (method) => {
    await expectAlike({ body: query(read), method });
  });

  it('with a token that is waited for', async () => {
    const { token } = await server.ask(read);
    await expectAlike({ body: query(read), headers: { 'causality-token': token ?? '' } });
    await expectAlike({ body: query(read, { extensions: { causality: { token } } }) });
  });

  it('where a subscription is not to be answered by events', async () => {
    const body = query('subscription { replica { id } }');
    for (const accept of ['application/json', strict]) await expectAlike({ body, headers: { accept } });
  });
});

describe('a subscription by POST as JSON', () => {
  it.each(['text/event-stream', '*/*'])('is answered by events to who accepts %s', async (accept) => {
    const leaving = new AbortController();
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: query('subscription { documents(collection: "cars") { initial } }'),
      signal: leaving.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('"initial":true')) break;
    }
    expect(text).toContain('event: next');
    leaving.abort();
  });
});

describe('operations on one connection', () => {
  const packet = (text: string) => {
    const head = `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    return `${head}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
  };
  const connected = () => connect(Number(new URL(server.url).port), '127.0.0.1');

  it('that are asked for before the first is answered are answered in their order', async () => {
    const socket = connected();
    const write = 'mutation { upsert(collection: "cars", document: { _id: "äöü", n: 1 }) { document { _id } } }';
    socket.write(
      packet(query(write)) + packet(query('{ second: __typename }')) + packet(query('{ third: __typename }')),
    );
    let text = '';
    for await (const chunk of socket) {
      text += Buffer.from(chunk).toString();
      if (text.includes('third')) break;
    }
    const bodies = [...text.matchAll(/^Content-Length: (\d+)\r\n(?:.+\r\n)*\r\n(.*\})(?=HTTP|$)/gm)];
    expect(bodies.map(([, length, body = '']) => Number(length) - Buffer.byteLength(body))).toEqual([0, 0, 0]);
    const answers = bodies.map(([, , body = '']) => JSON.parse(body).data);
    expect(answers).toEqual([{ upsert: { document: { _id: 'äöü' } } }, { second: 'Query' }, { third: 'Query' }]);
  });

  it('whose client leaves before its answer are executed, and harm nobody', async () => {
    const socket = connected();
    socket.on('error', () => undefined);
    const write = 'mutation { upsert(collection: "cars", document: { _id: "left", n: 1 }) { document { _id } } }';
    await new Promise((written) => socket.write(packet(query(write)), written));
    socket.resetAndDestroy();
    await eventually('the write of who left is there', async () => {
      const { data } = await server.ask('{ document(collection: "cars", id: "left") { _id } }');
      return JSON.stringify(data) === '{"document":{"_id":"left"}}';
    });
  });
});

describe('the media type of an answer', () => {
  it.each([
    [undefined, 'application/json'],
    ['', 'application/json'],
    ['application/graphql-response+json, application/json', 'application/graphql-response+json'],
    ['text/html, application/*;q=0.1', 'application/json'],
    ['text/html', undefined],
  ])('where %s is accepted is %s', (accept, mediaType) => {
    expect(mediaTypeOf(accept)).toBe(mediaType);
  });
});

describe('the audits of GraphQL over HTTP', () => {
  const audited = (contentType: string) =>
    serverAudits({
      url: () => `${server.url}/graphql`,
      fetchFn: (url: string, init: RequestInit = {}) => {
        const headers = new Headers(init.headers);
        headers.set('x-graphql-yoga-csrf', '1');
        if (headers.get('content-type')?.startsWith('application/json')) headers.set('content-type', contentType);
        return fetch(url, { ...init, headers });
      },
    });
  for (const [way, contentType] of [
    ['lean', 'application/json'],
    ['yoga’s', 'application/graphql+json'],
  ] as const) {
    it.each(audited(contentType).map(({ name, fn }) => [name, fn] as const))(`${way} way: %s`, async (_, fn) => {
      const result = await fn();
      expect('reason' in result ? result.reason : undefined).toBeUndefined();
      expect(result.status).toBe('ok');
    });
  }
});
