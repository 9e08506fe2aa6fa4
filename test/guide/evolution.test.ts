/** The table "When a definition changes" of docs/guide/collections.md, row by row, over stored documents. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tideline-evolution-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** The server with these collections, over the documents that are there already. */
async function openWith(collections: string): Promise<EmbeddedServer> {
  const COLLECTIONS = join(folder, 'collections.ts');
  await writeFile(
    COLLECTIONS,
    `import * as t from 'tideline'; export default t.defineCollections({ ${collections} });`,
  );
  return openServer({ DATA_DIR: join(folder, 'data'), COLLECTIONS });
}

const things = (fields: string) => `things: t.collection('Thing', { ${fields} })`;

async function write(collections: string, document: object): Promise<void> {
  await using server = await openWith(collections);
  await server.run('mutation ($d: JSON!) { upsert(collection: "things", document: $d) { document { _id } } }', {
    d: document,
  });
}

describe('when a definition changes', () => {
  it('an added field reads null, a counter 0, or what was stored there before', async () => {
    await write(things('a: t.int()'), { _id: 'x', a: 1, later: 'kept' });
    await using server = await openWith(things('a: t.int(), b: t.int(), n: t.counter(), later: t.string()'));
    expect(await server.run('{ things { nodes { a b n later } } }')).toEqual({
      things: { nodes: [{ a: 1, b: null, n: 0, later: 'kept' }] },
    });
  });

  it('a removed field stays stored, and the generic API shows it', async () => {
    await write(things('a: t.int(), b: t.int()'), { _id: 'x', a: 1, b: 2 });
    await using server = await openWith(things('a: t.int()'));
    expect(await server.run('{ things { nodes { document { value } } } }')).toEqual({
      things: { nodes: [{ document: { value: { _id: 'x', a: 1, b: 2 } } }] },
    });
  });

  it('a field of another kind reads null where its value does not fit, and a typed write replaces it', async () => {
    await write(things('a: t.string()'), { _id: 'x', a: 'large' });
    await using server = await openWith(things('a: t.int()'));
    expect(await server.run('{ things { nodes { a document { value } } } }')).toEqual({
      things: { nodes: [{ a: null, document: { value: { _id: 'x', a: 'large' } } }] },
    });
    expect(await server.run('mutation { updateThing(id: "x", set: { a: 5 }) { thing { a } } }')).toEqual({
      updateThing: { thing: { a: 5 } },
    });
  });

  it('a number that becomes a counter reads as before, and counts once it was made one', async () => {
    await write(things('a: t.int()'), { _id: 'x', a: 4 });
    await using server = await openWith(things('a: t.counter()'));
    expect(await server.run('{ things { nodes { a } } }')).toEqual({ things: { nodes: [{ a: 4 }] } });
    const increment = 'mutation { updateThing(id: "x", increment: { a: 1 }) { thing { a } } }';
    expect((await server.ask(increment)).errors[0]?.extensions.code).toBe('TYPE_MISMATCH');
    await server.run(
      'mutation { update(collection: "things", id: "x", operations: [{ replaceWithCounter: { path: "a" } }]) { document { _id } } }',
    );
    expect(await server.run(increment)).toEqual({ updateThing: { thing: { a: 5 } } });
  });

  it('an index changes no answer', async () => {
    await write(things('a: t.int()'), { _id: 'x', a: 4 });
    await using server = await openWith(things('a: t.int({ index: true })'));
    expect(await server.run('{ things(where: { a: { gt: 3 } }) { nodes { _id } } }')).toEqual({
      things: { nodes: [{ _id: 'x' }] },
    });
  });

  it('documents of a collection without its definition, or under another key, stay where they were', async () => {
    await write(things('a: t.int()'), { _id: 'x', a: 4 });
    await using server = await openWith(`items: t.collection('Thing', { a: t.int() })`);
    expect(await server.run('{ items { totalCount } documents(collection: "things") { nodes { _id } } }')).toEqual({
      items: { totalCount: 0 },
      documents: { nodes: [{ _id: 'x' }] },
    });
  });
});
