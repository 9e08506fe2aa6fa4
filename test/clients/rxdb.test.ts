/** The recipe of examples/rxdb.ts: a copy in RxDB that ends with what the server has, also where it is told everything anew. */
import { createClient } from 'graphql-ws';
import { createRxDatabase, type RxCollection } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type ChangesOfRows, changesQuery, keepCopy, type Row } from '../../examples/rxdb.ts';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';
import { eventually } from '../servers/wait.ts';

const schema = {
  version: 0,
  primaryKey: '_id',
  type: 'object',
  properties: { _id: { type: 'string', maxLength: 100 }, text: { type: 'string' } },
  required: ['_id'],
} as const;

const write = (server: EmbeddedServer, ...ids: readonly string[]) =>
  server.run('mutation ($rows: [JSON!]!) { upsertMany(collection: "notes", documents: $rows) { documents { _id } } }', {
    rows: ids.map((_id) => ({ _id, text: `${_id} of ${server.url}` })),
  });
const remove = (server: EmbeddedServer, id: string) =>
  server.run('mutation ($id: ID!) { remove(collection: "notes", id: $id) { ids } }', { id });

const isChanges = (data: unknown): data is ChangesOfRows =>
  typeof data === 'object' && data !== null && 'changes' in data;

/** Keeps the copy by a server until it is disposed. */
function keptBy(server: EmbeddedServer, copy: RxCollection<Row>): AsyncDisposable {
  const socket = createClient({ url: server.socketUrl, webSocketImpl: WebSocket });
  const ask = async (variables: object): Promise<ChangesOfRows> => {
    const data = await server.run(changesQuery, variables);
    if (!isChanges(data)) throw new Error('these are no changes');
    return data;
  };
  const replication = keepCopy(copy, ask, socket);
  return {
    async [Symbol.asyncDispose]() {
      await replication.cancel();
      await socket.dispose();
    },
  };
}

async function shows(copy: RxCollection<Row>, server: EmbeddedServer, ids: readonly string[]): Promise<void> {
  const names = ids.map((id) => `${id} of ${server.url}`);
  const read = async () => (await copy.find().exec()).map(({ text }) => text).sort();
  await eventually('the copy shows it', async () => JSON.stringify(await read()) === JSON.stringify(names));
  expect(await read()).toEqual(names);
}

it('RxDB keeps a copy by `changes`, and has no ghosts where it is told everything anew', async () => {
  await using first = await openServer();
  await using second = await openServer();
  const database = await createRxDatabase({ name: 'copies', storage: getRxStorageMemory() });
  const { notes } = await database.addCollections<{ notes: RxCollection<Row> }>({ notes: { schema } });
  const many = Array.from({ length: 250 }, (_, index) => `c${`${index}`.padStart(3, '0')}`);
  await write(first, ...many);
  {
    await using _ = keptBy(first, notes);
    await shows(notes, first, many);
    await write(first, 'd');
    await shows(notes, first, [...many, 'd']);
    await remove(first, 'c007');
    await shows(notes, first, [...many.filter((id) => id !== 'c007'), 'd']);
  }
  await remove(first, 'c008');
  {
    await using _ = keptBy(first, notes);
    await shows(notes, first, [...many.filter((id) => id !== 'c007' && id !== 'c008'), 'd']);
  }
  // Another history: its tokens are not known there.
  await write(second, 'c001', 'e');
  await using _ = keptBy(second, notes);
  await shows(notes, second, ['c001', 'e']);
  await database.close();
}, 60_000);
