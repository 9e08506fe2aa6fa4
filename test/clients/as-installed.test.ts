/** Clients with their own defaults: what a newcomer gets who installs one and gives it the address. */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange, gql as urqlGql } from '@urql/core';
import { GraphQLClient } from 'graphql-request';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';

let server: EmbeddedServer;
let url: string;
beforeAll(async () => {
  server = await openServer();
  url = `${server.url}/graphql`;
  await server.run('mutation { upsertPerson(person: { _id: "ada", name: "Ada" }) { person { _id } } }');
});
afterAll(() => server[Symbol.asyncDispose]());

const query = 'query People { people { nodes { _id name } } }';
const people = { people: { nodes: [expect.objectContaining({ _id: 'ada', name: 'Ada' })] } };

/** Counts requests by method and body. */
function counting() {
  const sent: { readonly method: string; readonly body: string }[] = [];
  const send: typeof fetch = (input, init) => {
    sent.push({ method: init?.method ?? 'GET', body: String(init?.body ?? '') });
    return fetch(input, init);
  };
  return { sent, send };
}

describe('a client as it is installed', () => {
  it('urql sends short queries by GET', async () => {
    const { sent, send } = counting();
    const client = new Client({ url, exchanges: [fetchExchange], fetch: send });
    expect((await client.query(urqlGql(query), {}).toPromise()).data).toEqual(people);
    expect(sent).toMatchObject([{ method: 'GET' }]);
  });

  it('graphql-request queries by POST, by GET, and in batches', async () => {
    expect(await new GraphQLClient(url).request(query)).toEqual(people);
    const byGet = new GraphQLClient(url, { method: 'GET', jsonSerializer: JSON });
    expect(await byGet.request(query)).toEqual(people);
    const both = await new GraphQLClient(url).batchRequests([{ document: query }, { document: query }]);
    expect(both).toEqual([{ data: people }, { data: people }]);
  });

  it('Apollo Client falls back from persisted queries to the query itself', async () => {
    const { sent, send } = counting();
    const sha256 = (text: string) => `hash of ${text.length}`;
    const link = ApolloLink.from([new PersistedQueryLink({ sha256 }), new HttpLink({ uri: url, fetch: send })]);
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    expect((await client.query({ query: gql(query) })).data).toMatchObject(people);
    expect(sent.map(({ body }) => 'query' in JSON.parse(body))).toEqual([false, true]);
    await client.query({ query: gql(query), fetchPolicy: 'network-only' });
    expect(sent.length).toBe(3);
    client.stop();
  });

  it('Apollo Client sends batches', async () => {
    const { sent, send } = counting();
    const link = new BatchHttpLink({ uri: url, fetch: send, batchInterval: 5 });
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    const [list, one] = await Promise.all([
      client.query({ query: gql(query) }),
      client.query({ query: gql('query One { person(id: "ada") { name } }') }),
    ]);
    expect([list.data, one.data]).toMatchObject([people, { person: { name: 'Ada' } }]);
    expect(sent).toHaveLength(1);
    client.stop();
  });
});
