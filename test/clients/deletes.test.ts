/** What is removed leaves the caches of clients, by the global ids that mutations and live queries tell. */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client, fetchExchange, gql as urqlGql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';

let server: EmbeddedServer;
beforeAll(async () => {
  vi.stubGlobal('WebSocket', WebSocket);
  server = await openServer();
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await server?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  for (const name of ['Ann', 'Bob', 'Cid']) {
    await server.run('mutation ($person: PersonInput!) { upsertPerson(person: $person) { person { _id } } }', {
      person: { _id: name, name },
    });
  }
});

interface People {
  readonly people: { readonly nodes: readonly { readonly id: string; readonly name: string }[] };
}
interface LivePeople {
  readonly people: {
    readonly initial: boolean;
    readonly removed: readonly { readonly id: string; readonly reason: string }[];
  };
}
interface Removal {
  readonly removePerson: { readonly deletedIds: readonly string[] };
}

const listQuery = '{ people { nodes { id name } } }';
const removeMutation = 'mutation ($id: ID!) { removePerson(id: $id) { deletedIds } }';
const namesOf = (list: People | null | undefined) => list?.people.nodes.map(({ name }) => name);

describe('Apollo Client', () => {
  const list = gql(listQuery);

  function open() {
    const socket = createClient({ url: server.socketUrl });
    const isLive = ({ operationType }: ApolloLink.Operation) => operationType === 'subscription';
    const asking = new HttpLink({ uri: `${server.url}/graphql` });
    const link = ApolloLink.split(isLive, new GraphQLWsLink(socket), asking);
    const cache = new InMemoryCache();
    const client = new ApolloClient({ cache, link });
    return {
      cache,
      client,
      async [Symbol.asyncDispose]() {
        client.stop();
        await socket.dispose();
      },
    };
  }

  async function idOf(client: ApolloClient, name: string): Promise<string> {
    const { data } = await client.query<People>({ query: list });
    const found = data?.people.nodes.find((person) => person.name === name);
    if (found === undefined) throw new Error(`${name} is not listed`);
    return found.id;
  }

  const namesIn = (cache: InMemoryCache) => namesOf(cache.readQuery<People>({ query: list }));

  it('evicts what a mutation removed by deletedIds: the list is without it, and so is the cache', async () => {
    await using opened = open();
    const { client, cache } = opened;
    const id = await idOf(client, 'Bob');
    expect(namesIn(cache)).toEqual(['Ann', 'Bob', 'Cid']);

    await client.mutate<Removal>({
      mutation: gql(removeMutation),
      variables: { id },
      update(_, { data }) {
        for (const gone of data?.removePerson.deletedIds ?? []) {
          cache.evict({ id: cache.identify({ __typename: 'Person', id: gone }) });
        }
        cache.gc();
      },
    });
    expect(Object.keys(cache.extract())).not.toContain(`Person:${id}`);
    expect(namesIn(cache)).toEqual(['Ann', 'Cid']);
    expect(namesOf((await client.query<People>({ query: list, fetchPolicy: 'network-only' })).data)).toEqual([
      'Ann',
      'Cid',
    ]);
  });

  it('evicts what others removed by the ids of a live query', async () => {
    await using opened = open();
    const { client, cache } = opened;
    const id = await idOf(client, 'Cid');
    const live = gql('subscription { people { initial removed { id reason } } }');
    let isWatching = false;
    const watching = client.subscribe<LivePeople>({ query: live }).subscribe(({ data }) => {
      isWatching ||= data?.people.initial === true;
      for (const gone of data?.people.removed ?? []) {
        if (gone.reason !== 'LEFT_RESULT') {
          cache.evict({ id: cache.identify({ __typename: 'Person', id: gone.id }) });
        }
      }
    });
    await vi.waitFor(() => expect(isWatching).toBe(true), 5_000);
    await server.run('mutation { remove(collection: "people", id: "Cid") { ids } }');
    await vi.waitFor(() => expect(namesIn(cache)).toEqual(['Ann', 'Bob']), 5_000);
    expect(Object.keys(cache.extract())).not.toContain(`Person:${id}`);
    watching.unsubscribe();
  });
});

describe('urql with graphcache', () => {
  it('invalidates what a mutation removed by deletedIds: the list is read again', async () => {
    const isRemoval = (result: object): result is Removal => 'removePerson' in result;
    const cache = cacheExchange({
      updates: {
        Mutation: {
          removePerson(result, _arguments, store) {
            const gone = isRemoval(result) ? result.removePerson.deletedIds : [];
            for (const id of gone) store.invalidate({ __typename: 'Person', id });
          },
        },
      },
    });
    const client = new Client({
      url: `${server.url}/graphql`,
      preferGetMethod: false,
      exchanges: [cache, fetchExchange],
    });
    const list = urqlGql<People>(listQuery);
    const shown: (readonly string[] | undefined)[] = [];
    const watching = client.query(list, {}).subscribe(({ data }) => shown.push(namesOf(data)));
    await vi.waitFor(() => expect(shown.at(-1)).toEqual(['Ann', 'Bob', 'Cid']), 5_000);
    const people = client.readQuery(list, {})?.data?.people.nodes ?? [];
    const id = people.find(({ name }) => name === 'Ann')?.id;
    expect(id).toEqual(expect.any(String));

    await client.mutation(urqlGql(removeMutation), { id }).toPromise();
    await vi.waitFor(() => expect(shown.at(-1)).toEqual(['Bob', 'Cid']), 5_000);
    watching.unsubscribe();
  });
});
