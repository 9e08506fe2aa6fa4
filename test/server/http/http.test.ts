import { readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { answerOf, type EmbeddedServer, openServer, startServer } from '../../servers/tideline.ts';

const upsert = 'mutation { upsert(collection: "cars", document: { _id: "vw" }) { document { _id } } }';
const json = { 'content-type': 'application/json' };

let server: EmbeddedServer;
beforeAll(async () => {
  server = await openServer({ CORS_ORIGINS: 'https://app.example.org' });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) =>
  fetch(`${server.url}/graphql`, { method: 'POST', headers, body });

/** As fetch, with headers that fetch keeps to itself. */
function raw(path: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest(`${server.url}${path}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('requests that are no GraphQL', () => {
  it('leads a browser from the root to GraphiQL', async () => {
    const response = await fetch(server.url, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, './graphql']);
  });

  it.each(['/health', '/graphql//', '/graphql/x', '/favicon.ico', '/x/health', '//', '/%00'])(
    'answers %j with 404, in JSON',
    async (path) => {
      const response = await answerOf(await fetch(`${server.url}${path}`));
      expect(response).toMatchObject({ status: 404, errors: [{ extensions: { code: 'NOT_FOUND' } }] });
    },
  );

  it('says that it lives, that it is ready, and whom it is', async () => {
    const live = await fetch(`${server.url}/health/live`);
    expect([live.status, await live.json()]).toEqual([200, { live: true }]);
    const ready = await fetch(`${server.url}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { ready: true, connected: true, problem: null, id: server.tideline.replica.id, storage: 'EMBEDDED', unsent: 0 },
    ]);
  });

  it('counts for Prometheus what it does', async () => {
    await server.run(upsert);
    await server.ask('{ nonsense }');
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const metrics = await response.text();
    const value = (name: string) =>
      Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (.*)$`, 'm').exec(metrics)?.[1]);
    expect(value('tideline_transactions_committed_total')).toBeGreaterThanOrEqual(1);
    expect(value('tideline_documents')).toBe(1);
    expect(value('tideline_ready')).toBe(1);
    expect(value('tideline_operation_seconds_count{kind="mutation",code="ok"}')).toBeGreaterThanOrEqual(1);
    expect(value('tideline_operation_seconds_count{kind="invalid",code="GRAPHQL_VALIDATION_FAILED"}')).toBe(1);
    expect(value('tideline_http_request_seconds_count{route="/graphql",status="200"}')).toBeGreaterThanOrEqual(2);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(0);
  });

  it('counts every request, however many there are between two readings', async () => {
    const count = async () => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      return Number(
        /^tideline_http_request_seconds_count\{route="\/health\/live",status="200"\} (.*)$/m.exec(metrics)?.[1] ?? 0,
      );
    };
    const before = await count();
    for (let asked = 0; asked < 1_050; asked += 50)
      await Promise.all(Array.from({ length: 50 }, () => fetch(`${server.url}/health/live`).then((one) => one.text())));
    // A request is counted once its answer has left, which may be after its client has read it.
    await expect.poll(count).toBe(before + 1_050);
  });
});

describe('GraphQL over HTTP', () => {
  it('answers queries by GET, and mutations only by POST', async () => {
    const get = (query: string, headers = {}) =>
      fetch(`${server.url}/graphql?${new URLSearchParams({ query })}`, {
        headers: { ...headers },
      });
    const read = await answerOf(await get('{ replica { id } }'));
    expect(read).toMatchObject({ status: 200, data: { replica: { id: server.tideline.replica.id } } });
    const write = await get(upsert);
    expect([write.status, write.headers.get('allow')]).toEqual([405, 'GET, POST']);
    expect((await answerOf(write)).errors[0]?.extensions).toEqual({ code: 'METHOD_NOT_ALLOWED' });
    expect(read.headers.get('cache-control')).toBe('no-store');
    const damaged = await fetch(`${server.url}/graphql?query={x}&variables={`, {});
    expect(await answerOf(damaged)).toMatchObject({
      status: 400,
      errors: [{ message: 'variables is not valid JSON' }],
    });
  });

  it('refuses integers that would lose digits, by POST and by GET', async () => {
    const query = 'query ($w: Filter) { documents(collection: "t", where: $w) { totalCount } }';
    const variables = '{"w": {"path": "n", "in": [1, 9007199254740993]}}';
    const refusal = { code: 'BAD_USER_INPUT', argument: 'w.in.1' };
    const posted = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"query": ${JSON.stringify(query)}, "variables": ${variables}}`,
    });
    const got = await fetch(`${server.url}/graphql?${new URLSearchParams({ query, variables })}`, {});
    for (const response of [posted, got]) {
      const [error] = (await answerOf(response)).errors;
      expect(error?.extensions).toEqual(refusal);
      expect(error?.message).toContain('$int64');
    }
  });

  it('takes by PUT, PATCH and DELETE nothing', async () => {
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const response = await fetch(`${server.url}/graphql`, { method, headers: json, body: '{}' });
      expect([method, response.status]).toEqual([method, 405]);
    }
  });

  it.each([
    ['half of an object', '{"query": "{ secret }'],
    ['no JSON at all', 'secret'],
    ['text that is no UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
    ['nothing', ''],
    ['a number', '1'],
    ['null', 'null'],
    ['a batch of none', '[]'],
    ['a batch with what is no operation', `[{"query":"{ secret }"}, 7]`],
    ['a query that is no string', '{"query": 1}'],
    ['no query', '{}'],
    ['variables that are a list', '{"query": "{ secret }", "variables": []}'],
    ['an operation’s name that is no string', '{"query": "{ __typename }", "operationName": 7}'],
    ['a member that nobody knows', '{"query": "{ __typename }", "extra": "secret"}'],
  ])('refuses %s with 400, without quoting it', async (_, body) => {
    const response = await post(body);
    const text = await response.clone().text();
    expect(await answerOf(response)).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    expect(text).not.toContain('secret');
  });

  it.each(['text/plain', 'application/graphql', 'application/x-www-form-urlencoded', 'application/json-seq'])(
    'takes no body of type %s',
    async (type) => {
      const response = await post('query=%7B__typename%7D', { 'content-type': type });
      const answer = await answerOf(response);
      expect(answer).toMatchObject({ status: 415, errors: [{ extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] });
    },
  );

  it.each([
    ['no operations', {}, 'operations'],
    ['operations that are no JSON', { operations: '{', map: '{}' }, 'operations'],
    ['a list of operations', { operations: '[{"query":"{ __typename }"}]', map: '{}' }, 'operations'],
    ['no map', { operations: '{"query":"{ __typename }"}' }, 'map'],
    ['a map to nowhere', { operations: '{"query":"{ __typename }"}', map: '{"0":["variables.x"]}' }, 'map.0'],
  ])('refuses a form with %s with 400, and names what is wrong', async (_, fields, argument) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',

      body: form,
    });
    expect(await answerOf(response)).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'BAD_USER_INPUT', argument } }],
    });
  });

  it('refuses a body over the limit, announced or not, and goes on', async () => {
    const large = `{"query":"{ __typename }","variables":{"x":"${'x'.repeat(limits.requestBytes)}"}}`;
    const announced = await answerOf(await post(large));
    expect(announced).toMatchObject({ status: 413, errors: [{ extensions: { code: 'PAYLOAD_TOO_LARGE' } }] });
    const chunks = new ReadableStream({
      start(controller) {
        for (let at = 0; at < large.length; at += 1024 * 1024) {
          controller.enqueue(new TextEncoder().encode(large.slice(at, at + 1024 * 1024)));
        }
        controller.close();
      },
    });
    const init = { method: 'POST', headers: json, body: chunks, duplex: 'half' };
    const unannounced = await fetch(`${server.url}/graphql`, init);
    expect(unannounced.status).toBe(413);
    expect((await server.ask('{ __typename }')).status).toBe(200);
  });

  it('lets go of a request whose sender leaves in the middle', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await new Promise((written) => socket.once('ready', written));
    socket.destroy();
    expect((await server.ask('{ __typename }')).status).toBe(200);
  });

  it('answers who accepts application/graphql-response+json with the status of the error, and others with 200', async () => {
    const strict = { ...json, accept: 'application/graphql-response+json' };
    const statusOf = async (query: string, headers: Record<string, string>) =>
      (await post(JSON.stringify({ query }), headers)).status;
    expect(await statusOf('{', strict)).toBe(400);
    expect(await statusOf('{ nonsense }', strict)).toBe(400);
    expect(await statusOf('{ nonsense }', json)).toBe(200);
    expect(await statusOf('{ document(collection: "", id: "x") { _id } }', strict)).toBe(200);
    expect((await post('{"query":"{ __typename }"}', strict)).headers.get('content-type')).toContain(
      'application/graphql-response+json',
    );
  });
});

describe('pages of other sites', () => {
  it('may not have a browser send what it sends without asking', async () => {
    const form = new FormData();
    form.set('operations', JSON.stringify({ query: upsert }));
    form.set('map', '{}');
    const url = `${server.url}/graphql`;
    const evil = { origin: 'https://evil.example' };
    for (const body of [form, new URLSearchParams({ query: upsert }), JSON.stringify({ query: upsert })]) {
      const refused = await answerOf(await fetch(url, { method: 'POST', body, headers: evil }));
      expect(refused).toMatchObject({ status: 403, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
      expect(refused.errors[0]?.message).toContain('https://evil.example');
    }
    const taken = await fetch(url, { method: 'POST', body: form });
    expect(await answerOf(taken)).toMatchObject({ status: 200, data: { upsert: { document: { _id: 'vw' } } } });

    const path = '/graphql?query={__typename}';
    expect(await raw(path, { 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await raw(path, { 'sec-fetch-site': 'cross-site', 'x-requested-with': 'a' })).toBe(200);
    expect(await raw(path, { 'sec-fetch-site': 'cross-site', origin: 'https://app.example.org' })).toBe(200);
    for (const site of ['same-origin', 'same-site', 'none']) {
      expect(await raw(path, { 'sec-fetch-site': site })).toBe(200);
    }
    expect((await fetch(`${url}?query={__typename}`)).status).toBe(200);
  });

  it('are told of a body that is not sent as JSON what to send, and not of other sites', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: '{"query":"{ __typename }"}',
    });
    const { status, errors } = await answerOf(response);
    expect(status).toBe(415);
    expect(errors[0]?.message).toContain('application/json');
  });

  it('may read and write where CORS_ORIGINS names them', async () => {
    const ask = (origin: string) => post(`{"query":"{ __typename }"}`, { ...json, origin });
    const allowed = await ask('https://app.example.org');
    expect(allowed.status).toBe(200);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example.org');
    expect(allowed.headers.get('access-control-expose-headers')).toContain('Causality-Token');
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
    const preflight = await fetch(`${server.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example.org',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,causality-token',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('content-type,causality-token');
  });

  it.each(['https://evil.example', 'null', 'https://app.example.org.evil.example', 'http://app.example.org'])(
    'may not from %s',
    async (origin) => {
      const refused = await post(`{"query":"{ __typename }"}`, { ...json, origin });
      expect(refused.status).toBe(403);
      expect(refused.headers.get('access-control-allow-origin')).toBeNull();
      const preflight = await fetch(`${server.url}/graphql`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
      expect(preflight.headers.get('access-control-allow-methods')).toBeNull();
    },
  );

  it('are logged once each, with the setting that allows them and the client behind a trusted proxy', async () => {
    await using logging = await startServer({ LOG_LEVEL: 'warn', TRUST_PROXY: '1' });
    const from = (origin: string) =>
      logging.ask('{ __typename }', {}, { origin, 'x-forwarded-for': '198.51.100.1, 203.0.113.9' });
    for (const origin of ['https://one.example', 'https://one.example', 'https://two.example']) {
      expect((await from(origin)).status).toBe(403);
    }
    await logging.child.said('origin https://two.example');
    const lines = logging.child.lastWords.split('\n').filter((line) => line.includes('.example'));
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/"client":"203\.0\.113\.9".*CORS_ORIGINS/);
  });

  it('may from the server’s own', async () => {
    expect((await post(`{"query":"{ __typename }"}`, { ...json, origin: server.url })).status).toBe(200);
  });

  it('may not reach a loopback server under a name of their own', async () => {
    expect(await raw('/graphql?query={__typename}', { host: 'evil.example:4000' })).toBe(403);
    expect(await raw('/metrics', { host: '127.0.0.1.evil.example' })).toBe(403);
    for (const host of ['localhost:4000', 'tideline.localhost', '[::1]:4000', '127.0.0.1', 'app.example.org']) {
      expect([host, await raw('/metrics', { host })]).toEqual([host, 200]);
    }
    expect(await raw('/health/live', { host: 'any.example' })).toBe(200);
  });
});

describe('GraphiQL’s page', () => {
  const page = (headers: Record<string, string> = {}) =>
    fetch(`${server.url}/graphql`, { headers: { accept: 'text/html,*/*;q=0.8', ...headers } });

  it('is compressed, and sent once', async () => {
    const first = await page({ 'accept-encoding': 'gzip, deflate, br' });
    expect(first.status).toBe(200);
    expect(first.headers.get('content-encoding')).toBe('br');
    expect(Number(first.headers.get('content-length'))).toBeLessThan(2.1 * 1024 * 1024);
    expect(await first.text()).toContain('renderYogaGraphiQL');
    const again = await page({ 'if-none-match': first.headers.get('etag') ?? '' });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('comes in the coding that a client takes', async () => {
    const codingOf = async (accepted: string) => {
      const response = await page({ 'accept-encoding': accepted });
      expect(await response.text()).toContain('renderYogaGraphiQL');
      return response.headers.get('content-encoding');
    };
    expect(await codingOf('gzip, deflate')).toBe('gzip');
    expect(await codingOf('gzip;q=1.0, br;q=0')).toBe('gzip');
    expect(await codingOf('identity')).toBeNull();
  });

  it('runs its own script only', async () => {
    const policy = (await page()).headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/default-src 'none'; script-src 'sha256-[A-Za-z0-9+/=]{44}';/);
    expect(policy).toContain("frame-ancestors 'none'");
  });
});

describe('a client that leaves while it is answered', () => {
  it('leaves no files behind', async () => {
    const documents = Array.from({ length: 20 }, (_, index) => ({ _id: `${index}`, text: 'x'.repeat(1_000_000) }));
    await server.run(
      'mutation ($documents: [JSON!]!) { upsertMany(collection: "large", documents: $documents) { documents { _id } } }',
      { documents },
    );
    const form = new FormData();
    // No variable of the operation takes the file, so that nothing becomes of it.
    form.set(
      'operations',
      JSON.stringify({ query: '{ documents(collection: "large") { nodes { value } } }', variables: { file: null } }),
    );
    form.set('map', '{"0":["variables.file"]}');
    form.set('0', new Blob(['left behind']), 'x.txt');
    const blobs = async () =>
      (await readdir(join(server.dataFolder, 'blobs'), { recursive: true, withFileTypes: true })).filter((entry) =>
        entry.isFile(),
      );

    const leaving = new AbortController();
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',

      body: form,
      signal: leaving.signal,
    });
    expect(response.status).toBe(200);
    expect(await blobs()).toHaveLength(1);
    leaving.abort();
    await expect.poll(blobs).toEqual([]);
  });
});
