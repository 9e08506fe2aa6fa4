/** Relay: its compiler takes the schema, and its store lets go of what is removed, by the ids that the server tells. */
import { printSchema } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import {
  commitMutation,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  Network,
  Observable,
  RecordSource,
  requestSubscription,
  Store,
} from 'relay-runtime';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { loadDefinitions } from '../../definitions/load.ts';
import { buildSchema } from '../../schema/schema.ts';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';
import { type Artefacts, compileRelay } from './relay-artefacts.ts';

// Edges first: @deleteEdge looks for the edge by the id of its node, which @deleteRecord takes away.
const operations = [
  `query PeopleQuery {
    people(first: 10) @connection(key: "PeopleQuery_people") { __id edges { node { id name } } }
  }`,
  `mutation PeopleRemoveMutation($id: ID!, $connections: [ID!]!) {
    removePerson(id: $id) {
      deletedIds @deleteEdge(connections: $connections)
      gone: deletedIds @deleteRecord
    }
  }`,
  `subscription PeopleSubscription($connections: [ID!]!) {
    people {
      initial
      removed { id @deleteEdge(connections: $connections) gone: id @deleteRecord }
      inserted { node @appendNode(connections: $connections, edgeTypeName: "PersonEdge") { id name } }
    }
  }`,
];

let server: EmbeddedServer;
let artefacts: Artefacts;
let socket: Client;
beforeAll(async () => {
  artefacts = await compileRelay(
    'People',
    printSchema(buildSchema(await loadDefinitions('collections.ts'))),
    operations,
  );
  server = await openServer();
  socket = createClient({ url: server.socketUrl, webSocketImpl: WebSocket });
});
afterAll(async () => {
  await socket?.dispose();
  await server?.[Symbol.asyncDispose]();
  await artefacts?.[Symbol.asyncDispose]();
});

const upsert = (name: string) =>
  server.run('mutation ($person: PersonInput!) { upsertPerson(person: $person) { person { _id } } }', {
    person: { _id: name, name },
  });
beforeEach(async () => {
  for (const name of ['Ann', 'Bob', 'Cid']) await upsert(name);
});

interface People {
  readonly __id: string;
  readonly edges: readonly { readonly node: { readonly id: string; readonly name: string } | null }[];
}

/** An environment that has the list in its store. */
async function openEnvironment() {
  const network = Network.create(
    async ({ text }, variables) => {
      const { data, errors } = await server.ask(text ?? '', variables);
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
      return { data: isData(data) ? data : {} };
    },
    ({ text }, variables) =>
      Observable.create((sink) =>
        socket.subscribe(
          { query: text ?? '', variables },
          {
            next: ({ data }) => sink.next({ data: isData(data) ? data : {} }),
            error: (error) => sink.error(error instanceof Error ? error : new Error(JSON.stringify(error))),
            complete: () => sink.complete(),
          },
        ),
      ),
  );
  const environment = new Environment({ network, store: new Store(new RecordSource()) });
  const query = artefacts.request('PeopleQuery');
  const operation = createOperationDescriptor(query, {});
  environment.retain(operation);
  await fetchQuery(environment, query, {}).toPromise();

  function people(): People {
    const { data } = environment.lookup(operation.fragment);
    const list: unknown = data && Reflect.get(data, 'people');
    if (!isPeople(list)) throw new Error(`not the list: ${JSON.stringify(data)}`);
    return list;
  }
  return {
    environment,
    connection: people().__id,
    idOf(name: string): string {
      const id = people().edges.find(({ node }) => node?.name === name)?.node?.id;
      if (id === undefined) throw new Error(`${name} is not listed`);
      return id;
    },
    names: () => people().edges.map(({ node }) => node?.name),
    status: (id: string) => environment.getStore().getSource().getStatus(id),
  };
}

const isData = (data: unknown): data is Record<string, unknown> => typeof data === 'object' && data !== null;
const isPeople = (list: unknown): list is People => isData(list) && '__id' in list && Array.isArray(list.edges);

it('@deleteEdge and @deleteRecord take what a mutation removed out of the store and out of its lists', async () => {
  const { environment, connection, idOf, names, status } = await openEnvironment();
  expect(names()).toEqual(['Ann', 'Bob', 'Cid']);
  const id = idOf('Bob');
  expect(status(id)).toBe('EXISTENT');

  await new Promise<void>((resolve, reject) => {
    commitMutation(environment, {
      mutation: artefacts.request('PeopleRemoveMutation'),
      variables: { id, connections: [connection] },
      onCompleted: () => resolve(),
      onError: reject,
    });
  });
  expect(status(id)).toBe('NONEXISTENT');
  expect(names()).toEqual(['Ann', 'Cid']);
});

it('they do so for what others removed, by the ids of a live query, and @appendNode adds what is new', async () => {
  const { environment, connection, idOf, names, status } = await openEnvironment();
  const id = idOf('Ann');
  let isWatching = false;
  const watching = requestSubscription(environment, {
    subscription: artefacts.request('PeopleSubscription'),
    variables: { connections: [connection] },
    onNext: () => {
      isWatching = true;
    },
  });
  await vi.waitFor(() => expect(isWatching).toBe(true), 5_000);
  expect(names()).toEqual(['Ann', 'Bob', 'Cid']);

  await server.run('mutation { remove(collection: "people", id: "Ann") { ids } }');
  await vi.waitFor(() => expect(names()).toEqual(['Bob', 'Cid']), 5_000);
  expect(status(id)).toBe('NONEXISTENT');
  await upsert('Dan');
  await vi.waitFor(() => expect(names()).toEqual(['Bob', 'Cid', 'Dan']), 5_000);
  watching.dispose();
});
