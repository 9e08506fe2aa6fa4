/** The tour of the guide, as it is written: its GraphQL on the sample data, in order, and its upload. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { importFile } from '../../scripts/client/import-file.ts';
import { openServer, type TestServer } from '../servers/tideline.ts';
import { root } from '../tidy/source-files.ts';

const page = readFileSync(join(root, 'docs/guide/tour.md'), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map((match) => match[1] ?? '');
const operations = new Map(blocks('graphql').map((text) => [/^\w+ (\w+)/.exec(text)?.[1] ?? '', text]));

let server: TestServer;
beforeAll(async () => {
  server = await openServer();
  const path = join(root, 'node_modules/world-countries/countries.json');
  const stopped = new AbortController().signal;
  const work = {
    collection: 'countries',
    path,
    url: `${server.url}/graphql`,
    idField: 'cca3',
    batchDocuments: 500,
    from: 1,
    stopped,
  };
  expect(await importFile({ ...work, commandFrom: String })).toBe(0);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const show = (name: string) => server.run(operations.get(name) ?? '');

describe('docs/guide/tour.md', () => {
  it('has these operations', () => {
    expect([...operations.keys()]).toEqual([
      'Largest',
      'Icelandic',
      'Visited',
      'Visit',
      'Flag',
      'Agree',
      'OnA',
      'OnB',
      'Merged',
    ]);
  });

  it('filters, sorts and pages', async () => {
    expect(await show('Largest')).toMatchObject({
      countries: {
        totalCount: 53,
        nodes: [{ _id: 'RUS' }, { _id: 'UKR' }, { _id: 'FRA' }],
        pageInfo: { hasNextPage: true },
      },
    });
    expect(await show('Icelandic')).toMatchObject({
      documents: { nodes: [{ _id: 'ISL', official: 'Ísland', value: { cca3: 'ISL' } }] },
    });
  });

  it('watches, and sees a write arrive', async () => {
    const client = createClient({ url: server.socketUrl, webSocketImpl: WebSocket });
    const events = client.iterate({ query: operations.get('Visited') ?? '' });
    expect((await events.next()).value).toMatchObject({ data: { countries: { initial: true, nodes: [] } } });
    await show('Visit');
    expect((await events.next()).value).toMatchObject({
      data: {
        countries: { initial: false, nodes: [{ visits: 1 }], inserted: [{ index: 0, node: { _id: 'ISL' } }] },
      },
    });
    await events.return?.();
    await client.dispose();
  });

  it('uploads a flag, and attaches it', async () => {
    const upload = blocks('sh run').find((text) => text.includes("-F 'operations=")) ?? '';
    const form = new FormData();
    for (const [, name = '', value = ''] of upload.matchAll(/-F '(\w+)=([^']*)'/g)) {
      const [file = '', type = ''] = value.split(';type=');
      if (!value.startsWith('@')) form.set(name, value);
      else form.set(name, new Blob([await readFile(join(root, file.slice(1)))], { type }), basename(file));
    }
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', body: form });
    const { uploadAttachment } = (await response.json()).data;
    expect(operations.get('Flag')).toContain(`"${uploadAttachment.id}"`);
    expect(await show('Flag')).toMatchObject({
      updateCountry: {
        country: { flagImage: { url: uploadAttachment.url, filename: 'isl.svg', contentType: 'image/svg+xml' } },
      },
    });
    const download = /--remote-name .* http:\/\/127\.0\.0\.1:4000(\S+)/.exec(page)?.[1];
    expect(download).toBe(uploadAttachment.url);
    expect((await fetch(new URL(uploadAttachment.url, server.url))).status).toBe(200);
  });

  it('asks a replica of its peers, and writes what will conflict', async () => {
    expect(await show('Agree')).toMatchObject({ countries: { totalCount: 250 }, replica: { connected: true } });
    await show('OnA');
    await show('OnB');
    expect(await show('Merged')).toMatchObject({ document: { greeting: 'Halló', visits: 4, conflicts: [] } });
  });
});
