/** A server of this process on an embedded store of its own, for the clients in scripts/. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfiguration } from '../../server/configuration.ts';
import { openSystem } from '../../server/system.ts';
import { openTideline } from '../../server/tideline.ts';
import { root } from '../tidy/source-files.ts';

export interface TestServer extends AsyncDisposable {
  /** Of the GraphQL API. */
  readonly url: string;
  /** A folder of the test's own. */
  readonly folder: string;
  /** The data of an operation. Throws where it has errors. */
  ask(query: string, variables?: object): Promise<Record<string, unknown>>;
}

/** @param port any that is free, unless it is named */
export async function openServer(port = 0): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tideline-client-'));
  const configuration = readConfiguration(
    { PORT: String(port), DATA_DIR: join(folder, 'data'), REPLICA_ID: 'test', LOG_LEVEL: 'silent' },
    'test',
    root,
  );
  const tideline = await openTideline(configuration, openSystem(configuration.logLevel));
  await tideline.replica.ready;
  const url = `${tideline.url}/graphql`;
  return {
    url,
    folder,
    async ask(query, variables = {}) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      const { data, errors } = await response.json();
      if (errors !== undefined) throw new Error(JSON.stringify(errors));
      return data;
    },
    async [Symbol.asyncDispose]() {
      await tideline.close();
      await rm(folder, { recursive: true });
    },
  };
}
