/** TanStack Query and TanStack DB over the plain API: a list that a live query keeps, and writes by mutations. */
import { createCollection } from '@tanstack/db';
import { QueryClient, QueryObserver } from '@tanstack/query-core';
import { queryCollectionOptions } from '@tanstack/query-db-collection';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';

let server: EmbeddedServer;
beforeAll(async () => {
  server = await openServer();
  await server.run('mutation { upsertPerson(person: { _id: "ada", name: "Ada", age: 36 }) { person { _id } } }');
});
afterAll(() => server[Symbol.asyncDispose]());

const person = z.object({ _id: z.string(), name: z.string().nullable(), age: z.number().nullable() });
type Person = z.infer<typeof person>;
const list = z.object({ people: z.object({ nodes: z.array(person) }) });
const event = z.object({
  data: z.object({
    people: z.object({
      inserted: z.array(z.object({ node: person })),
      updated: z.array(z.object({ node: person })),
      removed: z.array(z.object({ _id: z.string() })),
    }),
  }),
});

const readPeople = async () => list.parse(await server.run('{ people { nodes { _id name age } } }')).people.nodes;

describe('TanStack Query', () => {
  it('reads, and reads again once a live query says so', async () => {
    const socket = createClient({ url: server.socketUrl, webSocketImpl: WebSocket });
    const client = new QueryClient();
    const observer = new QueryObserver(client, { queryKey: ['people'], queryFn: readPeople });
    const leave = observer.subscribe(() => undefined);
    const stop = socket.subscribe(
      { query: 'subscription { people { token } }' },
      {
        next: () => void client.invalidateQueries({ queryKey: ['people'] }),
        error: (error) => expect.unreachable(String(error)),
        complete: () => undefined,
      },
    );
    await expect.poll(() => observer.getCurrentResult().data).toContainEqual({ _id: 'ada', name: 'Ada', age: 36 });
    await server.run('mutation { updatePerson(id: "ada", set: { age: 40 }) { person { _id } } }');
    await expect.poll(() => observer.getCurrentResult().data).toContainEqual({ _id: 'ada', name: 'Ada', age: 40 });
    stop();
    leave();
    client.clear();
    await socket.dispose();
  });
});

describe('TanStack DB', () => {
  it('keeps a collection by the events of a live query, and writes by mutations', async () => {
    const socket = createClient({ url: server.socketUrl, webSocketImpl: WebSocket });
    const queryClient = new QueryClient();
    const people = createCollection(
      queryCollectionOptions({
        queryKey: ['people'],
        queryFn: readPeople,
        queryClient,
        getKey: ({ _id }: Person) => _id,
        async onInsert({ transaction }) {
          for (const { modified } of transaction.mutations) {
            const query = 'mutation ($person: PersonInput!) { upsertPerson(person: $person) { person { _id } } }';
            await server.run(query, { person: modified });
          }
          return { refetch: false };
        },
        async onDelete({ transaction }) {
          for (const { original } of transaction.mutations) {
            await server.run('mutation ($id: ID!) { removePerson(id: $id) { deletedIds } }', { id: original._id });
          }
          return { refetch: false };
        },
      }),
    );
    await people.preload();
    const nodes = 'node { _id name age }';
    const stop = socket.subscribe(
      { query: `subscription { people { inserted { ${nodes} } updated { ${nodes} } removed { _id } } }` },
      {
        next(value) {
          const { inserted, updated, removed } = event.parse(value).data.people;
          people.utils.writeBatch(() => {
            for (const { node } of [...inserted, ...updated]) people.utils.writeUpsert(node);
            for (const { _id } of removed) if (people.has(_id)) people.utils.writeDelete(_id);
          });
        },
        error: (error) => expect.unreachable(String(error)),
        complete: () => undefined,
      },
    );

    await server.run('mutation { updatePerson(id: "ada", set: { age: 37 }) { person { _id } } }');
    await expect.poll(() => people.get('ada')).toMatchObject({ age: 37 });

    await people.insert({ _id: 'bob', name: 'Bob', age: null }).isPersisted.promise;
    expect(await readPeople()).toContainEqual({ _id: 'bob', name: 'Bob', age: null });
    await server.run('mutation { removePerson(id: "bob") { deletedIds } }');
    await expect.poll(() => people.has('bob')).toBe(false);

    await people.delete('ada').isPersisted.promise;
    expect(await readPeople()).toEqual([]);
    stop();
    await people.cleanup();
    queryClient.clear();
    await socket.dispose();
  });
});
