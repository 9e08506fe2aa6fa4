/** The recipes of examples/: a list in a client's cache, kept by the events of a live query, also over a lost connection. */
import { createClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { list as apolloList, createApolloClient, keepList as keepApolloList } from '../../examples/apollo.ts';
import { type CountryList, listQuery } from '../../examples/countries.ts';
import { createUrqlClient, keepList as keepUrqlList, list as urqlList } from '../../examples/urql.ts';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';

let server: EmbeddedServer;
beforeEach(async () => {
  // Browsers and newer versions of Node have it; Apollo Client looks for it there.
  vi.stubGlobal('WebSocket', WebSocket);
  server = await openServer();
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await server?.[Symbol.asyncDispose]();
});

const visit = (id: string, visits: number) =>
  server.run(
    `mutation ($document: JSON!, $id: ID!, $visits: Float!) {
      upsert(collection: "countries", document: $document) { document { _id } }
      updateCountry(id: $id, increment: { visits: $visits }) { country { visits } }
    }`,
    { id, visits, document: { _id: id, cca3: id } },
  );
const remove = (id: string) => server.run('mutation ($id: ID!) { removeCountry(id: $id) { ids } }', { id });

/** What the server shows whoever asks now, as client caches show it. */
const fresh = () => server.run(listQuery);

/** A client's list, and the connection that it is kept over. */
interface Kept {
  read(): Promise<unknown> | unknown;
  close(): void;
}

/** @param cut told how to lose the connection, whenever there is a new one */
function socketClient(cut: (lose: () => void) => void) {
  return createClient({
    url: server.socketUrl,
    webSocketImpl: WebSocket,
    retryAttempts: 100,
    retryWait: () => new Promise(setImmediate),
    shouldRetry: () => true,
    on: { opened: (socket) => socket instanceof WebSocket && cut(() => socket.terminate()) },
  });
}

const recipes: Readonly<Record<string, (cut: (lose: () => void) => void) => Kept>> = {
  'Apollo Client': (cut) => {
    const socket = socketClient(cut);
    const client = createApolloClient(`${server.url}/graphql`, socket);
    const kept = keepApolloList(client);
    return {
      read: () => client.readQuery<CountryList>({ query: apolloList }),
      close() {
        kept.unsubscribe();
        client.stop();
        void socket.dispose();
      },
    };
  },
  urql: (cut) => {
    const socket = socketClient(cut);
    const client = createUrqlClient(`${server.url}/graphql`, socket);
    const kept = keepUrqlList(client);
    return {
      read: () => client.readQuery(urqlList, {}, { requestPolicy: 'cache-only' })?.data,
      close() {
        kept.unsubscribe();
        void socket.dispose();
      },
    };
  },
};

describe.each(Object.entries(recipes))('a list in the cache of %s', (_, open) => {
  it('follows what is inserted, updated, moved and removed, and goes on after its connection was lost', async () => {
    let lose = (): void => expect.fail('not connected yet');
    await visit('ISL', 3);
    const kept = open((made) => {
      lose = made;
    });
    const follows = () => vi.waitFor(async () => expect(await kept.read()).toEqual(await fresh()), 5_000);
    await follows();
    for (const [id, visits] of [
      ['NOR', 1],
      ['FRO', 2],
      ['NOR', 5],
      ['SWE', 4],
      ['ISL', 9],
    ] as const) {
      await visit(id, visits);
      await follows();
    }
    await remove('NOR');
    await follows();

    lose();
    await visit('FRO', 20);
    await remove('SWE');
    await visit('DNK', 1);
    await follows();
    kept.close();
  });
});
