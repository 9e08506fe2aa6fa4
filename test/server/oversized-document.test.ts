import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeDocument } from '../../replica/codec/document-codec.ts';
import { applyOperations } from '../../replica/crdt/document.ts';
import type { Value, ValueObject } from '../../replica/values/value.ts';
import { damage } from '../replica/lmdb/folders.ts';
import { openServer, startServer } from '../servers/tideline.ts';

/** As former versions took it: 16 MB of `{}`, which take a gigabyte of memory. */
function oversizedDocument(): Buffer {
  const empty: ValueObject = Object.create(null);
  const value = Array<Value>(5_500_000).fill(empty);
  const writer = { origin: 'test', number: 1, time: 1, log: 'log', position: 1, covers: () => true };
  const state = applyOperations(
    undefined,
    [{ kind: 'assign', path: ['a'], value, floors: [], isDefault: false }],
    writer,
  );
  if (state === undefined) throw new Error('nothing was assigned');
  return Buffer.from(encodeDocument(state));
}

it('B1: a server whose data folder holds documents that no memory is enough for stays up, and names one of them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tideline-oversized-'));
  try {
    {
      await using server = await openServer({ DATA_DIR: folder });
      for (const _id of ['a', 'b', 'c']) {
        const mutation =
          'mutation ($document: JSON!) { upsert(collection: "t", document: $document) { document { _id } } }';
        await server.run(mutation, { document: { _id } });
      }
    }
    const bytes = oversizedDocument();
    await damage(folder, 'states', () => bytes);

    const environment = { DATA_DIR: folder, NODE_OPTIONS: '--max-old-space-size=1024' };
    await using server = await startServer(environment, false);
    const problem = /^the stored state of document "a" of collection "t" does not decode: .* more memory/;
    await expect
      .poll(async () => (await fetch(`${server.url}/health/ready`)).json(), { timeout: 60_000 })
      .toMatchObject({ ready: false, problem: expect.stringMatching(problem) });
    expect((await server.ask('{ documents(collection: "t") { totalCount } }')).errors).toMatchObject([
      { extensions: { code: 'STORE_UNAVAILABLE' } },
    ]);
    expect(await server.stop()).toBe(0);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 120_000);
