/**
 * `npm run import -- <collection> <file>`: upserts a file into a running server. docs/guide/import-export.md, section
 * "Import".
 */
import { Command } from 'commander';
import { limits } from '../limits.ts';
import { quoted, stopOnInterrupt, urlOption, wholeNumber } from './client/command-line.ts';
import { importFile } from './client/import-file.ts';

const program = new Command('npm run import --')
  .description('Upserts the documents of a file into a collection of a running server.')
  .argument('<collection>')
  .argument('<file>', 'JSON documents, one per line or in one array, optionally gzipped; - reads standard input')
  .option('--id <field>', "the field whose value becomes the document's _id")
  .addOption(urlOption())
  .option(
    '--batch <documents>',
    'documents per transaction',
    wholeNumber(1, limits.documentsPerRequest),
    limits.importDocuments,
  )
  .option('--from <line>', 'the first line (or element) to import', wholeNumber(1, Number.MAX_SAFE_INTEGER), 1)
  .parse();

interface Options {
  readonly id?: string;
  readonly url: string;
  readonly batch: number;
  readonly from: number;
}

const [collection = '', path = ''] = program.args;
const { id, url, batch, from } = program.opts<Options>();
process.exitCode = await importFile({
  collection,
  path,
  url,
  idField: id,
  batchDocuments: batch,
  from,
  stopped: stopOnInterrupt(),
  commandFrom: (next) => {
    const idOption = id === undefined ? '' : ` --id ${quoted(id)}`;
    return `npm run import -- ${quoted(collection)} ${quoted(path)}${idOption} --url ${quoted(url)} --from ${next}`;
  },
});
