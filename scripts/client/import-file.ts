/**
 * Imports one file into one collection, for `npm run import` and `npm run sample`: prints the outcome and returns an
 * exit code.
 */
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
  /** The first line, or element of an array, to import. */
  readonly from: number;
  readonly stopped: AbortSignal;
  /** The command with which the user continues from an item after an interruption. */
  readonly commandFrom: (next: number) => string;
}

/** @returns 0 if all are imported; 1 if any is not; 130 after an interruption */
export async function importFile(work: FileImport): Promise<number> {
  const { stopped, url, from } = work;
  const progress: Progress = { imported: 0, rejected: 0, withNewId: 0, bytesRead: 0, next: from };
  const started = performance.now();
  let failure: string | undefined;
  let unit = 'line';
  try {
    using file = await openDocuments(work.path, from).catch((error: unknown) => {
      // Nothing was read, so there is nothing to continue.
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
    console.log(`${count(withNewId)} had no _id and got a generated one: with --id <field> an import can be repeated`);
  }
  if (failure !== undefined) console.error(failure);
  if (failure !== undefined && next === undefined) return 1;
  if (next !== undefined) {
    console.error(`not finished: continue from ${unit} ${next} with\n  ${commandFrom(next)}`);
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
