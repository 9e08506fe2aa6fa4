/** Requests as proxies, tools and other runtimes send them, byte by byte. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';

let server: EmbeddedServer;
beforeAll(async () => {
  server = await openServer({ CORS_ORIGINS: 'https://app.example.org' });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const operation = '{"query":"{ __typename }"}';
const answered = '{"data":{"__typename":"Query"}}';
const upgrade = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA'];

function connected(): Socket {
  const { hostname, port } = new URL(server.url);
  return connect(Number(port), hostname);
}

/** @returns all that comes until the server closes, or until it is what is waited for */
async function received(socket: Socket, isEnough: (text: string) => boolean): Promise<string> {
  let text = '';
  for await (const chunk of socket) {
    text += Buffer.from(chunk).toString();
    if (isEnough(text)) break;
  }
  return text;
}

/** One request on a connection of its own, and its answer. */
async function send(line: string, headers: readonly string[] = [], body = ''): Promise<string> {
  const socket = connected();
  const host = headers.some((header) => header.startsWith('Host:')) ? [] : [`Host: ${new URL(server.url).host}`];
  const ends = headers.some((header) => header.startsWith('Connection:')) ? [] : ['Connection: close'];
  socket.write(`${[line, ...host, ...ends, ...headers].join('\r\n')}\r\n\r\n${body}`);
  return received(socket, (text) => ends.length === 0 && isWhole(text));
}

function isWhole(text: string): boolean {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return Number(/^Content-Length: (\d+)$/im.exec(head)?.[1]) === Buffer.byteLength(body);
}

const post = (target: string, headers: readonly string[] = [], body = operation) =>
  send(
    `POST ${target} HTTP/1.1`,
    [
      ...(headers.some((header) => /^content-type:/i.test(header)) ? [] : ['Content-Type: application/json']),
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...headers,
    ],
    body,
  );

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4);

describe('a request target in absolute form (RFC 9112, section 3.2.2)', () => {
  it.each(['http', 'HTTP', 'https'])('is served as its path: %s', async (scheme) => {
    const { host } = new URL(server.url);
    expect(bodyOf(await post(`${scheme}://${host}/graphql`))).toBe(answered);
    expect(bodyOf(await send(`GET ${scheme}://${host}/health/live HTTP/1.1`))).toBe('{"live":true}');
    expect(statusOf(await send(`GET ${scheme}://${host} HTTP/1.1`))).toBe(302);
    const get = await send(`GET ${scheme}://${host}/graphql?query=%7B__typename%7D HTTP/1.1`, [
      'X-GraphQL-Yoga-CSRF: 1',
    ]);
    expect(bodyOf(get)).toBe(answered);
    expect(statusOf(await send(`GET ${scheme}://${host}/attachments/none HTTP/1.1`))).toBe(404);
    expect(bodyOf(await send(`GET ${scheme}://${host}/nowhere HTTP/1.1`))).toContain('NOT_FOUND');
  });

  it('names the host, whatever the header says', async () => {
    const { host } = new URL(server.url);
    expect(statusOf(await post(`http://${host}/graphql`, ['Host: evil.example']))).toBe(200);
    expect(statusOf(await post('http://evil.example/graphql', [`Host: ${host}`]))).toBe(403);
  });

  it.each([
    'http://',
    'http:///graphql',
    'http://user@127.0.0.1/graphql',
    'http://a b/graphql',
    'ftp://127.0.0.1/graphql',
  ])('is refused where it is none: %s', async (target) => {
    expect(statusOf(await post(target))).toBe(400);
  });
});

describe('the path of GraphQL', () => {
  it('may end with a slash', async () => {
    expect(bodyOf(await post('/graphql/'))).toBe(answered);
    expect(bodyOf(await post('/graphql/?x=1'))).toBe(answered);
    const page = await send('GET /graphql/ HTTP/1.1', ['Accept: text/html']);
    expect(page).toContain('text/html');
  });
});

describe('a JSON body', () => {
  it('may begin with a byte order mark', async () => {
    expect(bodyOf(await post('/graphql', [], `\uFEFF${operation}`))).toBe(answered);
    const form = [
      '--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n\uFEFF',
      operation,
      '\r\n--x\r\nContent-Disposition: form-data; name="map"\r\n\r\n\uFEFF{}\r\n--x--\r\n',
    ].join('');
    const headers = ['Content-Type: multipart/form-data; boundary=x', 'X-GraphQL-Yoga-CSRF: 1'];
    expect(bodyOf(await post('/graphql', headers, form))).toBe(answered);
  });

  it('may have one at its beginning only', async () => {
    expect(statusOf(await post('/graphql', [], `\uFEFF\uFEFF${operation}`))).toBe(400);
  });

  it.each(['IDENTITY', 'Identity', 'identity'])('may say that it is encoded as %s', async (encoding) => {
    for (const type of ['application/json', 'application/graphql+json']) {
      const headers = [`Content-Encoding: ${encoding}`, `Content-Type: ${type}`];
      expect(bodyOf(await post('/graphql', headers))).toBe(answered);
    }
  });
});

describe('an empty operationName', () => {
  it('is none', async () => {
    const body = '{"query":"{ __typename }","operationName":""}';
    expect(bodyOf(await post('/graphql', [], body))).toBe(answered);
    expect(bodyOf(await post('/graphql', ['Content-Type: application/graphql+json'], body))).toBe(answered);
  });
});

describe('what a request accepts', () => {
  const strict = 'application/graphql-response+json';
  it.each([
    ['application/json;q=0', undefined],
    ['application/json; q=0.0, text/html', undefined],
    ['*/*;q=0', undefined],
    ['application/json;q=0, */*', strict],
    [`${strict};q=0, application/*`, 'application/json'],
    [`application/json;q=0.5, ${strict};q=0.7`, strict],
    [`application/json;q=0.7, ${strict};q=0.5`, 'application/json'],
    ['*/*;q=0.1', 'application/json'],
    [`*/*;q=0.1, ${strict}`, strict],
  ])('by %s is %s', async (accept, mediaType) => {
    for (const type of ['application/json', 'application/graphql+json']) {
      const answer = await post('/graphql', [`Accept: ${accept}`, `Content-Type: ${type}`]);
      expect(statusOf(answer)).toBe(mediaType === undefined ? 406 : 200);
      if (mediaType !== undefined)
        expect(answer).toMatch(new RegExp(`content-type: ${mediaType.replace('+', '\\+')};`, 'i'));
    }
  });
});

describe('Expect: 100-continue', () => {
  const expects = (length: number, more: readonly string[] = []) => [
    'Expect: 100-continue',
    'Content-Type: application/json',
    `Content-Length: ${length}`,
    ...more,
  ];

  it('is told to go on once the body is wanted', async () => {
    const socket = connected();
    const head = ['POST /graphql HTTP/1.1', 'Host: 127.0.0.1', ...expects(operation.length)];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    const [told] = await once(socket, 'data');
    expect(String(told)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(operation);
    expect(await received(socket, isWhole)).toContain(answered);
  });

  it.each([
    ['too large a body', '/graphql', expects(limits.requestBytes + 1), 413],
    [
      'a form that is too large',
      '/attachments',
      [
        ...expects(1e12, ['X-GraphQL-Yoga-CSRF: 1']).filter((header) => !header.startsWith('Content-Type')),
        'Content-Type: multipart/form-data; boundary=x',
      ],
      413,
    ],
    ['an origin that may not write', '/graphql', expects(30, ['Origin: https://evil.example']), 403],
    ['a path where nothing is', '/nowhere', expects(30), 404],
    ['a media type that is not taken', '/graphql', expects(30).map((header) => header.replace('/json', '/xml')), 415],
  ])('is refused at once for %s, and the connection closes', async (_, path, headers, status) => {
    const socket = connected();
    socket.write(`POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers.join('\r\n')}\r\n\r\n`);
    const answer = await received(socket, () => false);
    expect(statusOf(answer)).toBe(status);
    expect(answer).toMatch(/^connection: close\r$/im);
  });
});

describe('an offer of HTTP/2', () => {
  it('is passed over: the request is answered over HTTP/1.1', async () => {
    expect(bodyOf(await send('GET /health/live HTTP/1.1', upgrade))).toBe('{"live":true}');
    expect(bodyOf(await post('/graphql', upgrade))).toBe(answered);
  });

  it('leaves the connection to further requests, also those that came in the same packet', async () => {
    const socket = connected();
    const body = (name: string) => `{"query":"{ ${name}: __typename }"}`;
    const packet = (name: string) =>
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\n${upgrade.join('\r\n')}\r\nContent-Type: application/json\r\nContent-Length: ${body(name).length}\r\n\r\n${body(name)}`;
    socket.write(packet('first') + packet('second'));
    const two = await received(socket, (text) => text.includes('"second":"Query"'));
    expect(two).toContain('"first":"Query"');
  });

  it('may have a body that comes later, in pieces', async () => {
    const socket = connected();
    const head = ['POST /graphql HTTP/1.1', 'Host: localhost', ...upgrade, 'Content-Type: application/json'];
    socket.write(`${head.join('\r\n')}\r\nContent-Length: ${operation.length}\r\n\r\n${operation.slice(0, 5)}`);
    await promisify(setImmediate)();
    socket.write(operation.slice(5));
    expect(await received(socket, isWhole)).toContain(answered);
  });

  it('is what curl --http2 makes', async () => {
    const run = promisify(execFile);
    const live = await run('curl', ['-sS', '--http2', `${server.url}/health/live`]);
    expect(live.stdout).toBe('{"live":true}');
    const json = ['-H', 'content-type: application/json', '-d', operation];
    const query = await run('curl', ['-sS', '--http2', ...json, `${server.url}/graphql`]);
    expect(query.stdout).toBe(answered);
  });

  it('is refused like every other request', async () => {
    expect(statusOf(await send('GET /nowhere HTTP/1.1', upgrade))).toBe(404);
    expect(statusOf(await post('/graphql', [...upgrade, 'Origin: https://evil.example']))).toBe(403);
  });
});
