import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { type EmbeddedServer, openServer } from '../../servers/tideline.ts';

let server: EmbeddedServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server[Symbol.asyncDispose]());

async function post(body: unknown, path = '/graphql') {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, token: response.headers.get('causality-token'), answers: await response.json() };
}

const upsert = (id: string) => ({
  query: 'mutation ($d: JSON!) { upsert(collection: "cars", document: $d) { document { _id } } }',
  variables: { d: { _id: id } },
});

describe('a batch', () => {
  it('is answered in order; each operation sees those before it, and the token is of the last', async () => {
    const count = { query: '{ documents(collection: "cars") { totalCount } }' };
    const { status, token, answers } = await post([count, upsert('a'), count, { query: '{ nonsense }' }, upsert('b')]);
    expect(status).toBe(200);
    expect(answers).toEqual([
      { data: { documents: { totalCount: 0 } } },
      { data: { upsert: { document: { _id: 'a' } } } },
      { data: { documents: { totalCount: 1 } } },
      { errors: [expect.objectContaining({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })] },
      { data: { upsert: { document: { _id: 'b' } } } },
    ]);
    const after = await post([{ ...count, extensions: { causality: { token } } }]);
    expect(after.answers[0]).toMatchObject({ data: { documents: { totalCount: 2 } }, extensions: { causality: {} } });
  });

  it('has up to ten operations', async () => {
    const read = { query: '{ __typename }' };
    const most = Array.from({ length: limits.batchedOperations }, () => read);
    expect((await post(most)).answers).toEqual(most.map(() => ({ data: { __typename: 'Query' } })));
    const { status, answers } = await post([...most, read]);
    expect(status).toBe(400);
    expect(answers.errors[0]).toMatchObject({
      message: expect.stringContaining('1 to 10 operations, not 11'),
      extensions: { code: 'BAD_REQUEST' },
    });
  });

  it('says so of a subscription in it, and of what is no operation, and answers the others', async () => {
    const read = { query: '{ __typename }' };
    const { answers } = await post([{ query: 'subscription { replica { id } }' }, { variables: [] }, read]);
    const refused = {
      errors: [{ message: expect.stringContaining('by itself'), extensions: { code: 'BAD_REQUEST' } }],
    };
    expect(answers).toEqual([refused, refused, { data: { __typename: 'Query' } }]);
  });
});

describe('a persisted query', () => {
  const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };

  it('is asked for in full, by POST, GET and in a batch', async () => {
    const refused = { message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } };
    expect((await post({ extensions })).answers).toEqual({ errors: [refused] });
    const url = `${server.url}/graphql?extensions=${encodeURIComponent(JSON.stringify(extensions))}`;
    expect(await (await fetch(url)).json()).toEqual({ errors: [refused] });
  });

  it('that comes with its query is executed', async () => {
    expect((await post({ query: '{ __typename }', extensions })).answers).toEqual({ data: { __typename: 'Query' } });
  });
});
