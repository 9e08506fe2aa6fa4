/** Files of a mutation that was not committed: no attachment names their bytes, so these go. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, type EmbeddedServer, openServer } from '../servers/tideline.ts';

let server: EmbeddedServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const uploadFirst = 'upload: uploadAttachment(file: $file) { id }';

async function send(fields: string, content: string) {
  const form = new FormData();
  form.set('operations', JSON.stringify({ query: `mutation ($file: File!) { ${fields} }`, variables: { file: null } }));
  form.set('map', '{"0":["variables.file"]}');
  form.set('0', new Blob([content], { type: 'text/plain' }), 'a.txt');
  const headers = { 'x-requested-with': 'test' };
  return answerOf(await fetch(`${server.url}/graphql`, { method: 'POST', body: form, headers }));
}

/** Names of all files in the blob store. */
async function blobs(): Promise<readonly string[]> {
  const entries = await readdir(join(server.dataFolder, 'blobs'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe('the bytes of an upload', () => {
  it.each([
    ['fails afterwards', `${uploadFirst} update(collection: "none", id: "none", operations: []) { document { _id } }`],
    ['fails before', `update(collection: "none", id: "none", operations: []) { document { _id } } ${uploadFirst}`],
    [
      'is refused at its commit',
      `${uploadFirst} a: remove(collection: "t", id: "there") { ids } b: upsert(collection: "t", document: { _id: "there" }) { document { _id } }`,
    ],
  ])('go with a mutation that %s', async (name, fields) => {
    await server.run('mutation { upsert(collection: "t", document: { _id: "there" }) { document { _id } } }');
    const before = await blobs();
    const { errors } = await send(fields, name);
    expect(errors).not.toEqual([]);
    await expect.poll(blobs).toEqual(before);
  });

  it('stay with one that is committed, also where another with the same bytes fails', async () => {
    const [first, failing] = await Promise.all([
      send(uploadFirst, 'the same'),
      send(`${uploadFirst} update(collection: "none", id: "none", operations: []) { document { _id } }`, 'the same'),
    ]);
    expect(first.errors).toEqual([]);
    expect(failing.errors).toHaveLength(1);
    expect(await blobs()).toHaveLength(1);
    const after = await send(
      `${uploadFirst} update(collection: "none", id: "none", operations: []) { document { _id } }`,
      'the same',
    );
    expect(after.errors).toHaveLength(1);
    expect(await blobs()).toHaveLength(1);
  });
});
