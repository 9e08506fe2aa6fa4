import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { freePort } from '../../servers/free-port.ts';
import { type Answer, answerOf, type EmbeddedServer, openServer, startServer } from '../../servers/tideline.ts';

let server: EmbeddedServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function shownAs(collection: string, id: string): Promise<unknown> {
  const query = 'query ($collection: String!, $id: ID!) { document(collection: $collection, id: $id) { value } }';
  return server.run(query, { collection, id });
}

const codeOf = ({ errors }: Answer) => errors[0]?.extensions.code;

describe('an operation', () => {
  it('writes, reads what was written, and says by a token what it showed', async () => {
    const written = await server.ask(
      'mutation { upsert(collection: "cars", document: { _id: "vw", doors: 4 }) { document { _id value } } }',
    );
    expect(written).toMatchObject({
      status: 200,
      errors: [],
      data: { upsert: { document: { _id: 'vw', value: { _id: 'vw', doors: 4 } } } },
    });
    expect(written.token).toEqual(expect.any(String));

    const shown = await server.ask('{ document(collection: "cars", id: "vw") { value } }');
    expect(shown.data).toEqual({ document: { value: { _id: 'vw', doors: 4 } } });
    expect(shown.token).toBe(written.token);
  });

  it('says its token in the body only where it is asked for', async () => {
    const ask = async (more: object, headers = {}) => {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query: '{ collections { name } }', ...more }),
      });
      return { token: response.headers.get('causality-token'), ...(await response.json()) };
    };
    const quiet = await ask({});
    expect(quiet).toEqual({ token: expect.any(String), data: expect.anything() });
    const { token } = quiet;
    const told = { ...quiet, extensions: { causality: { token } } };
    expect(await ask({ extensions: { causality: {} } })).toEqual(told);
    expect(await ask({ extensions: { causality: { token: null } } })).toEqual(told);
    expect(await ask({ extensions: { causality: { token } } })).toEqual(told);
    expect(await ask({}, { 'causality-token': token })).toEqual(told);
    expect(await ask({ extensions: { causality: null } })).toEqual(quiet);
    expect(await ask({ extensions: { causality: true } })).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT', argument: 'extensions.causality' } }],
    });
  });

  it('that mutates is one transaction: each field sees those before it', async () => {
    const answer = await server.run(
      `mutation {
        made: upsert(collection: "t", document: { _id: "a", n: 1 }) { document { value } }
        changed: update(collection: "t", id: "a", operations: [{ set: { path: "n", value: 2 } }]) { document { value } }
        many: updateMany(collection: "t", where: { path: "n", eq: 2 }, operations: [{ increment: { path: "c", by: 3 } }]) {
          documents { value }
        }
      }`,
    );
    expect(answer).toEqual({
      made: { document: { value: { _id: 'a', n: 1 } } },
      changed: { document: { value: { _id: 'a', n: 2 } } },
      many: { documents: [{ value: { _id: 'a', n: 2, c: 3 } }] },
    });
  });

  it('that fails in one field writes nothing, and says which', async () => {
    const answer = await server.ask(
      `mutation {
        first: upsert(collection: "t", document: { _id: "never" }) { document { _id } }
        second: update(collection: "t", id: "nobody", operations: [{ set: { path: "n", value: 2 } }]) { document { _id } }
      }`,
    );
    expect(answer).toMatchObject({
      status: 200,
      data: null,
      token: undefined,
      errors: [{ path: ['second'], extensions: { code: 'DOCUMENT_NOT_FOUND' } }],
    });
    expect(await shownAs('t', 'never')).toEqual({ document: null });
  });

  it('that fails in a selection writes nothing either', async () => {
    const answer = await server.ask(
      'mutation { upsert(collection: "t", document: { _id: "never" }) { document { at(path: "a[") } } }',
    );
    expect(answer).toMatchObject({ data: null, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(await shownAs('t', 'never')).toEqual({ document: null });
  });

  it('shows what was committed, also where others wrote between its run and its commit', async () => {
    const form = new FormData();
    form.set('file', new Blob(['flag']), 'flag.txt');
    const headers = { 'x-graphql-yoga-csrf': '1' };
    const uploaded = await fetch(`${server.url}/attachments`, { method: 'POST', body: form, headers });
    const { id: attachment } = JSON.parse(await uploaded.text());
    await server.run(
      `mutation ($attachment: ID!) {
        upsert(collection: "t", document: { _id: "counted" }) { document { _id } }
        update(collection: "t", id: "counted", operations: [
          { replaceWithCounter: { path: "n" } }
          { setAttachment: { path: "file", attachment: $attachment } }
        ]) { document { _id } }
      }`,
      { attachment },
    );
    // An attachment's state is awaited: all twenty have run before any of them is committed.
    const increment = `mutation {
      update(collection: "t", id: "counted", operations: [{ increment: { path: "n" } }]) {
        document { at(path: "n") attachment(path: "file") { state } }
      }
    }`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => server.run(increment)));
    const shown = answers.map((answer) => Number(/"at":(\d+)/.exec(JSON.stringify(answer))?.[1]));
    expect(shown.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it('may evict only, and has a token all the same', async () => {
    await server.run('mutation { upsert(collection: "t", document: { _id: "hidden" }) { document { _id } } }');
    const evicted = await server.ask('mutation { evict(collection: "t", id: "hidden") { ids } }');
    expect(evicted).toMatchObject({ data: { evict: { ids: ['hidden'] } }, token: expect.any(String) });
    expect(await shownAs('t', 'hidden')).toEqual({ document: null });
  });
});

describe('a token', () => {
  it('is waited for, by header and by extension', async () => {
    const written = await server.ask(
      'mutation { upsert(collection: "t", document: { _id: "w" }) { document { _id } } }',
    );
    const token = written.token ?? '';
    const byHeader = await server.ask(
      '{ document(collection: "t", id: "w") { _id } }',
      {},
      { 'causality-token': token },
    );
    expect(byHeader.data).toEqual({ document: { _id: 'w' } });
    const body = { query: '{ document(collection: "t", id: "w") { _id } }', extensions: { causality: { token } } };
    const byExtension = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect((await answerOf(byExtension)).data).toEqual({ document: { _id: 'w' } });
  });

  it('of another history, or none at all, is refused before anything is done', async () => {
    await using other = await openServer();
    const { token = '' } = await other.ask('mutation { upsert(collection: "t", document: {}) { document { _id } } }');
    const write = 'mutation { upsert(collection: "t", document: { _id: "too far" }) { document { _id } } }';
    expect(codeOf(await server.ask(write, {}, { 'causality-token': token }))).toBe('TOKEN_UNREACHABLE');
    expect((await server.ask(write, {}, { 'causality-token': 'nonsense' })).errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT', argument: 'Causality-Token' } },
    ]);
    expect(await shownAs('t', 'too far')).toEqual({ document: null });
  });

  it.each(['1', '"nonsense"'])('in an extension must be one: not %s', async (token) => {
    const refused = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"query":"{ replica { id } }","extensions":{"causality":{"token":${token}}}}`,
    });
    const extensions = { code: 'BAD_USER_INPUT', argument: 'extensions.causality.token' };
    expect((await answerOf(refused)).errors).toMatchObject([{ extensions }]);
  });
});

describe('an error', () => {
  it.each([
    ['{', 'GRAPHQL_PARSE_FAILED'],
    [`{ "${'語'.repeat(60)}`, 'GRAPHQL_PARSE_FAILED'],
    ['{ nonsense }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ documents }', 'GRAPHQL_VALIDATION_FAILED'],
    ['query A { replica { id } } query B { replica { id } }', 'OPERATION_RESOLUTION_FAILURE'],
    ['{ document(collection: "", id: "a") { _id } }', 'BAD_USER_INPUT'],
    ['{ document(collection: "__attachments", id: "a") { _id } }', 'BAD_USER_INPUT'],
    ['mutation { upsert(collection: "t", document: { __proto__: 1 }) { document { _id } } }', 'BAD_USER_INPUT'],
    ['mutation { upsert(collection: "t", document: { n: 1e999 }) { document { _id } } }', 'BAD_USER_INPUT'],
    ['mutation { upsert(collection: "people", document: { age: "x" }) { document { _id } } }', 'BAD_USER_INPUT'],
    ['mutation { evictAttachment(id: "none") { id } }', 'ATTACHMENT_NOT_FOUND'],
  ])('has a code: %s', async (query, code) => {
    expect(codeOf(await server.ask(query))).toBe(code);
  });

  it('in a variable names the variable, and in a document the argument path', async () => {
    const write = 'mutation ($document: JSON!) { upsert(collection: "t", document: $document) { document { _id } } }';
    const missing = await server.ask(write, {});
    expect(missing.errors[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', argument: 'document' });
    const nested = await server.ask(write, { document: { a: { $int64: 'x' } } });
    expect(nested.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'document.a.$int64' });
  });

  it.each([
    ['upsert(collection: "t", document: { a: [1, { b: 1e999 }] }) { document { _id } }', 'document.a.1.b'],
    ['upsert(collection: "t", document: 9007199254740993) { document { _id } }', 'document'],
    [
      'update(collection: "t", id: "a", operations: [{ set: { path: "n", value: RED } }]) { document { _id } }',
      'operations.0.set.value',
    ],
    [
      'removeMany(collection: "t", where: { or: [{ path: "n", eq: 1 }, { path: "n", in: [1, -1e999] }] }) { ids }',
      'where.or.1.in.1',
    ],
  ])('in a literal names the argument path: %s', async (field, argument) => {
    const [error] = (await server.ask(`mutation { ${field} }`)).errors;
    expect(error?.extensions).toEqual({ code: 'BAD_USER_INPUT', argument });
    expect(error?.message).toContain(`${argument}: `);
  });

  it('does not send back what was wrong, however long it is', async () => {
    const long = await server.ask('query ($first: Int) { documents(collection: "t", first: $first) { totalCount } }', {
      first: 'x'.repeat(1_000_000),
    });
    expect(codeOf(long)).toBe('BAD_USER_INPUT');
    expect(JSON.stringify(long).length).toBeLessThan(2_000);
  });
});

describe('a query', () => {
  it.each([
    ['too long', `{ replica { id } } #${'x'.repeat(limits.queryCharacters)}`],
    ['with too many words', `{ replica { ${'id '.repeat(limits.queryTokens)} } }`],
    ['with too many brackets within each other', `{ a(x: ${'['.repeat(9_000)}${']'.repeat(9_000)}) }`],
    ['that opens and never closes', '{a'.repeat(9_000)],
    ['that spreads itself', '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }'],
    [
      'too deep by way of fragments',
      `{ ...f0 } ${Array.from({ length: limits.queryDepth + 1 }, (_, n) => `fragment f${n} on Query { x { ...f${n + 1} } }`).join(' ')}`,
    ],
    ['with as many fields of one name as there is room for', `{ ${'replica { id } '.repeat(4_000)} }`],
  ])('%s is refused at once', async (_, query) => {
    const begun = performance.now();
    expect(codeOf(await server.ask(query))).toMatch(/^GRAPHQL_(PARSE|VALIDATION)_FAILED$/);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('about the schema may be as deep as GraphiQL asks', async () => {
    const { getIntrospectionQuery } = await import('graphql');
    const introspection = await server.ask(
      getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }),
    );
    expect(introspection).toMatchObject({ errors: [], data: { __schema: { queryType: { name: 'Query' } } } });
  });
});

describe('a server whose site was never reached', () => {
  it('lives, is not ready, tells about its schema, and refuses the rest', async () => {
    const redis = `redis://127.0.0.1:${await freePort()}`;
    await using waiting = await startServer({ REDIS_URL: redis }, false);
    expect((await fetch(`${waiting.url}/health/live`)).status).toBe(200);
    const ready = await fetch(`${waiting.url}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { ready: false, connected: false }]);

    const schema = await waiting.ask('query { ...a } fragment a on Query { __schema { queryType { name } } }');
    expect(schema.data).toEqual({ __schema: { queryType: { name: 'Query' } } });
    expect(codeOf(await waiting.ask('{ replica { id } }'))).toBe('STORE_UNAVAILABLE');
    expect(codeOf(await waiting.ask('mutation { remove(collection: "t", id: "x") { ids } }'))).toBe(
      'STORE_UNAVAILABLE',
    );
    const form = new FormData();
    form.set('file', new Blob(['x']), 'x.txt');
    const headers = { 'x-graphql-yoga-csrf': '1' };
    const upload = await fetch(`${waiting.url}/attachments`, { method: 'POST', body: form, headers });
    expect(upload.status).toBe(503);
    expect(await waiting.stop()).toBe(0);
  });
});
