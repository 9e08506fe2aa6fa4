/** `npm run sample`: imports the 250 countries of the npm package world-countries into the collection `countries`. */
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { limits } from '../limits.ts';
import { stopOnInterrupt, urlOption } from './client/command-line.ts';
import { importFile } from './client/import-file.ts';

const program = new Command('npm run sample --')
  .description('Imports the countries of the world into the collection countries of a running server.')
  .addOption(urlOption())
  .parse();

const { url } = program.opts<{ readonly url: string }>();
process.exitCode = await importFile({
  collection: 'countries',
  path: createRequire(import.meta.url).resolve('world-countries/countries.json'),
  url,
  idField: 'cca3',
  batchDocuments: limits.importDocuments,
  from: 1,
  stopped: stopOnInterrupt(),
  commandFrom: () => 'npm run sample',
});
