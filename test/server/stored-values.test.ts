/** A collection file that changed, over documents that were written under the one before. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openServer, startServer } from '../servers/tideline.ts';

const file = (fields: string) =>
  `import * as t from 'tideline'; export default t.defineCollections({ things: t.collection('Thing', { ${fields} }) });`;

it('a server says once at its start which fields of stored documents do not fit their definitions, and how many', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tideline-misfits-'));
  const COLLECTIONS = join(folder, 'collections.ts');
  const DATA_DIR = join(folder, 'data');
  await writeFile(
    COLLECTIONS,
    file('size: t.string(), tags: t.list(t.string()), at: t.map({ x: t.string() }), ok: t.int()'),
  );
  {
    await using before = await openServer({ DATA_DIR, COLLECTIONS });
    for (const document of [
      { _id: 'a', size: 'large', tags: ['x'], at: { x: '1' }, ok: 1, rest: 'any' },
      { _id: 'b', size: 'small', tags: [], at: { x: '2' } },
      { _id: 'c', size: null },
    ]) {
      await before.run('mutation ($d: JSON!) { upsert(collection: "things", document: $d) { document { _id } } }', {
        d: document,
      });
    }
  }
  const changed =
    'size: t.int(), tags: t.list(t.int()), at: t.map({ x: t.float() }), ok: t.int(), rest: t.mapOf(t.int())';
  await writeFile(COLLECTIONS, file(changed));
  await using after = await startServer({ DATA_DIR, COLLECTIONS, LOG_LEVEL: 'warn' });
  const expected = [
    ['size', 'an int', 2],
    ['tags', 'a list', 1],
    ['at.x', 'a float', 2],
    ['rest', 'a map', 1],
  ] as const;
  for (const [field, kind, documents] of expected) {
    const problem = `${field} of things is defined as ${kind}, but ${documents} stored documents have another type of value there`;
    await after.child.said(`${problem}: the typed API shows null for them`);
  }
  expect(await after.run('{ things { nodes { _id size ok } } }')).toEqual({
    things: {
      nodes: [
        { _id: 'a', size: null, ok: 1 },
        { _id: 'b', size: null, ok: null },
        { _id: 'c', size: null, ok: null },
      ],
    },
  });
  await rm(folder, { recursive: true });
});
