/** The table of docs/guide/clients-tested.md names the versions that the tests run, and every client that they install. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import rootPackage from '../../package.json' with { type: 'json' };
import { root } from '../tidy/source-files.ts';
import clientsPackage from './package.json' with { type: 'json' };

const table = readFileSync(join(root, 'docs/guide/clients-tested.md'), 'utf8');
const rows = [...table.matchAll(/^\| `([^`]+)` +\| ([\d.]+) +\|/gm)].map(([, name = '', version = '']) => [
  name,
  version,
]);

/** What the tests of clients need beside the clients themselves. */
const tools = new Set([
  '@graphql-typed-document-node/core',
  'graphql',
  'rxjs',
  '@gql.tada/internal',
  '@graphql-codegen/core',
]);

it('docs/guide/clients-tested.md has each client of the tests, in the version that they run', () => {
  const installed = { ...clientsPackage.dependencies, 'graphql-ws': rootPackage.dependencies['graphql-ws'] };
  const clients = Object.entries(installed).filter(([name]) => !tools.has(name));
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.toSorted()).toEqual(clients.toSorted());
});
