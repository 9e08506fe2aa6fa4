/** The client of docs/guide/clients.md while its server is away, which ends graphql-ws with its defaults. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort } from '../servers/free-port.ts';
import { startServer } from '../servers/tideline.ts';
import { blockOf, withAddress } from './pages.ts';
import { startProgram } from './running-page.ts';

const visit =
  'mutation { upsertCountry(country: { _id: "ISL", cca3: "ISL" }) { country { _id } } updateCountry(id: "ISL", increment: { visits: 1 }) { country { visits } } }';

it('a client with the options of the guide goes on, from its last event, after its server was away', {
  timeout: 90_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tideline-reconnect-'));
  const environment = { PORT: String(await freePort()), DATA_DIR: join(folder, 'data') };
  const before = await startServer(environment);
  const program = withAddress(blockOf('docs/guide/clients.md', 'ts', 'watch').text, before.url);
  {
    await using client = await startProgram('ts', program, folder);
    await client.said('all: \n');
    await before.kill();
    // Refused again and again: it lasts some seconds.
    const attempts = () => client.lastWords.split('connecting again').length - 1;
    await expect.poll(attempts, { timeout: 40_000 }).toBeGreaterThanOrEqual(3);
    await using after = await startServer(environment);
    await after.run(visit);
    await client.said('changed: ISL\n');
    expect(client.lastWords.match(/^all:/gm)).toHaveLength(1);
  }
  await rm(folder, { recursive: true });
});
