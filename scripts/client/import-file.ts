/** One file into one collection, as `npm run import` and `npm run sample` do it: said on the terminal, told as an exit code. */
import { interruptedExitCode, quoted } from './command-line.ts';
import { importDocuments, type Progress, type Rejection } from './import-documents.ts';
import { count, perSecond, reportProgress } from './progress.ts';
import { openDocuments } from './read-documents.ts';
import { RefusedError, Server, UnusableServerError } from './server.ts';

export interface FileImport {
  readonly collection: string;
  readonly path: string;
  readonly url: string;
  readonly idField: string | undefined;
  readonly batchDocuments: number;
  /** The first line, or element of an array, that is wanted. */
  readonly from: number;
  readonly stopped: AbortSignal;
  /** How the user goes on from an item, should it be interrupted. */
  readonly commandFrom: (next: number) => string;
}

/** @returns 0 where all are in; 1 where any is not; 130 where it was interrupted */
export async function importFile(work: FileImport): Promise<number> {
  const { stopped, url, from } = work;
  const progress: Progress = { imported: 0, rejected: 0, withNewId: 0, bytesRead: 0, next: from };
  const started = performance.now();
  let failure: string | undefined;
  let unit = 'line';
  try {
    using file = await openDocuments(work.path, from).catch((error: unknown) => {
      // There is nothing to go on from.
      progress.next = undefined;
      throw error;
    });
    unit = file.unit;
    using report = reportProgress(file.bytes);
    const server = new Server({ url, stopped, onAway: (problem) => report.say(problem) });
    const onRejected = (rejection: Rejection) => report.say(lineOf(unit, rejection));
    const onProgress = ({ bytesRead, imported }: Readonly<Progress>) => report.update(bytesRead, imported);
    await importDocuments({ ...work, server, items: file.items, onRejected, onProgress }, progress);
  } catch (error) {
    if (!stopped.aborted) failure = messageOf(error);
  }
  return conclude(work, unit, progress, performance.now() - started, failure);
}

function conclude(
  { collection, stopped, commandFrom }: FileImport,
  unit: string,
  { imported, rejected, withNewId, next }: Progress,
  milliseconds: number,
  failure: string | undefined,
): number {
  const rate = `${(milliseconds / 1000).toFixed(1)} s, ${count(perSecond(imported, milliseconds))}/s`;
  console.log(`${count(imported)} documents imported into ${collection} (${rate}), ${count(rejected)} rejected`);
  if (withNewId > 0) {
    console.log(`${count(withNewId)} had no _id and were given one: --id <field> makes an import that can be repeated`);
  }
  if (failure !== undefined) console.error(failure);
  if (failure !== undefined && next === undefined) return 1;
  if (next !== undefined) {
    console.error(`not finished: go on from ${unit} ${next} with\n  ${commandFrom(next)}`);
    return stopped.aborted ? interruptedExitCode : 1;
  }
  return rejected > 0 ? 1 : 0;
}

function lineOf(unit: string, { number, id, code, message }: Rejection): string {
  return `rejected: ${unit} ${number}${id === undefined ? '' : `, _id ${quoted(id)}`}: ${code}: ${message}`;
}

function messageOf(error: unknown): string {
  if (error instanceof RefusedError) return `${error.code}: ${error.message}`;
  if (error instanceof UnusableServerError) return error.message;
  if (!(error instanceof Error)) return String(error);
  return error.message;
}
