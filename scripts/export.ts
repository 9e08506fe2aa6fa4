/**
 * `npm run export -- [collection…]`: writes NDJSON that `npm run import` reads. docs/guide/import-export.md, section
 * "Export".
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { limits } from '../limits.ts';
import { interruptedExitCode, quoted, stopOnInterrupt, urlOption } from './client/command-line.ts';
import { collectionsOf, type Exported, exportCollection } from './client/export-collection.ts';
import { count, reportProgress } from './client/progress.ts';
import { RefusedError, Server } from './client/server.ts';

const program = new Command('npm run export --')
  .description(
    'Writes collections of a running server as NDJSON, one file each. Attachments are referenced, not included.',
  )
  .argument('[collections...]', 'all collections by default')
  .addOption(urlOption())
  .option('--output <folder>', 'the folder for <collection>.ndjson; - writes one collection to stdout', 'export')
  .parse();

const { url, output } = program.opts<{ readonly url: string; readonly output: string }>();
const stopped = stopOnInterrupt();
const server = new Server({ url, stopped, onAway: (problem) => console.error(problem) });

try {
  const collections = program.args.length > 0 ? program.args : await collectionsOf(server);
  if (output === '-') await toStandardOutput(collections);
  else await toFolder(collections, output);
} catch (error) {
  process.exitCode = stopped.aborted ? interruptedExitCode : 1;
  if (stopped.aborted) console.error('interrupted: the export is incomplete');
  else if (error instanceof RefusedError) console.error(`${error.code}: ${error.message}`);
  else console.error(error instanceof Error ? error.message : error);
}

async function toStandardOutput([collection, ...others]: readonly string[]): Promise<void> {
  if (collection === undefined || others.length > 0) throw new Error('stdout takes one collection: name one');
  await write(collection, process.stdout);
}

async function toFolder(collections: readonly string[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const collection of collections) {
    const path = join(folder, fileNameOf(collection));
    const partial = `${path}.partial`;
    try {
      const { documents, attachments } = await write(collection, createWriteStream(partial));
      await rename(partial, path);
      const named = attachments === 0 ? '' : `; ${count(attachments)} attachments are referenced, not included`;
      console.log(`${count(documents)} documents of ${collection} in ${quoted(path)}${named}`);
    } finally {
      await rm(partial, { force: true });
    }
  }
}

/** File systems allow names of 255 bytes. A longer name is cut, and made unique by a hash of the whole. */
function fileNameOf(collection: string): string {
  const name = encodeURIComponent(collection);
  if (name.length <= limits.exportNameBytes) return `${name}.ndjson`;
  const hash = createHash('sha256').update(collection).digest('hex').slice(0, 16);
  return `${name.slice(0, limits.exportNameBytes - 17).replace(/%.?$/, '')}-${hash}.ndjson`;
}

async function write(collection: string, target: NodeJS.WritableStream): Promise<Exported> {
  using report = reportProgress(1);
  let last: Exported = { documents: 0, attachments: 0 };
  const pages = exportCollection(server, collection, stopped, (exported, total) => {
    last = exported;
    report.update(total === 0 ? 1 : exported.documents / total, exported.documents);
  });
  await pipeline(pages, target);
  return last;
}
