/**
 * Imports documents into a collection of a running server, in batches. Each batch is one transaction, so a refused
 * document fails its whole batch. The batch is then split until all refused documents are found and the others are
 * imported.
 */
import { randomUUID } from 'node:crypto';
import { limits } from '../../limits.ts';
import type { Document, Item } from './read-documents.ts';
import { RefusedError, type Server } from './server.ts';

export interface Rejection {
  readonly number: number;
  readonly id: string | undefined;
  readonly code: string;
  readonly message: string;
}

export interface Progress {
  imported: number;
  rejected: number;
  /** Documents without an `_id` that got a generated one: importing them again adds them again. */
  withNewId: number;
  /** Bytes of the file that have been dealt with. */
  bytesRead: number;
  /** The item from which to continue; undefined at the end of the file. */
  next: number | undefined;
}

export interface Import {
  readonly server: Server;
  readonly collection: string;
  readonly items: AsyncIterable<Item>;
  /** The field whose value becomes the `_id`. */
  readonly idField: string | undefined;
  readonly batchDocuments: number;
  /** Ends the import after the current batch. */
  readonly stopped: AbortSignal;
  readonly onRejected: (rejection: Rejection) => void;
  readonly onProgress: (progress: Readonly<Progress>) => void;
}

interface Numbered {
  readonly number: number;
  readonly document: Document;
}

/**
 * Codes of errors that may be the fault of a document; any other error ends the import. So does one of these if it is
 * about the collection's name, which all documents share.
 */
const refusalsOfDocuments = new Set([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'TYPE_MISMATCH',
  'ID_IMMUTABLE',
  'PAYLOAD_TOO_LARGE',
]);

const upsertMany = /* GraphQL */ `
  mutation Import($collection: String!, $documents: [JSON!]!) {
    upsertMany(collection: $collection, documents: $documents, strategy: UPDATE_DIFFERENT) { __typename }
  }
`;

/**
 * Writes only fields that differ from the stored ones, so importing a file a second time costs little.
 * @param progress is updated, also if the import fails
 * @throws {RefusedError} an error that is not a document's fault @throws {UnusableServerError}
 */
export async function importDocuments(work: Import, progress: Progress): Promise<void> {
  const { items, stopped, batchDocuments, onProgress } = work;
  let batch: Numbered[] = [];
  let bytes = 0;
  let bytesRead = 0;

  const send = async (next: number | undefined) => {
    await upsert(work, progress, batch);
    batch = [];
    bytes = 0;
    Object.assign(progress, { next, bytesRead });
    onProgress(progress);
  };

  for await (const item of items) {
    if (stopped.aborted) return;
    const numbered = withId(work, progress, item);
    if (numbered !== undefined) {
      const size = Buffer.byteLength(JSON.stringify(numbered.document));
      if (batch.length === batchDocuments || (batch.length > 0 && bytes + size > limits.importBytes)) {
        await send(item.number);
        if (stopped.aborted) return;
      }
      batch.push(numbered);
      bytes += size;
    }
    bytesRead = item.bytesRead;
  }
  if (!stopped.aborted) await send(undefined);
}

async function upsert(work: Import, progress: Progress, batch: readonly Numbered[]): Promise<void> {
  if (batch.length === 0) return;
  const { server, collection } = work;
  try {
    await server.ask(upsertMany, { collection, documents: batch.map(({ document }) => document) });
    progress.imported += batch.length;
  } catch (error) {
    if (!(error instanceof RefusedError) || !refusalsOfDocuments.has(error.code)) throw error;
    if (error.argument?.split('.')[0] === 'collection') throw error;
    const at = batch.length === 1 ? 0 : indexIn(error.argument);
    const refused = at === undefined ? undefined : batch[at];
    if (at === undefined || refused === undefined) {
      for (const half of halvesOf(batch)) await upsert(work, progress, half);
      return;
    }
    const { number, document } = refused;
    reject(work, progress, { number, id: idOf(document), code: error.code, message: ofDocument(error.message) });
    await upsert(work, progress, batch.slice(0, at));
    for (const half of halvesOf(batch.slice(at + 1))) await upsert(work, progress, half);
  }
}

function withId(work: Import, progress: Progress, { number, content }: Item): Numbered | undefined {
  if ('problem' in content) {
    reject(work, progress, { number, id: undefined, code: 'NOT_SENT', message: content.problem });
    return undefined;
  }
  const { document } = content;
  if (work.idField === undefined) {
    if ('_id' in document) return { number, document };
    // Generated here, not by the server, so that a request sent twice adds one document.
    progress.withNewId += 1;
    return { number, document: { _id: randomUUID(), ...document } };
  }
  const value = Object.hasOwn(document, work.idField) ? document[work.idField] : undefined;
  const id = typeof value === 'number' || isLargeInteger(value) ? textOf(value) : value;
  if (typeof id === 'string') return { number, document: { ...document, _id: id } };
  const message = `${work.idField} is ${value === undefined ? 'missing' : 'neither a string nor a number'}`;
  reject(work, progress, { number, id: undefined, code: 'NOT_SENT', message });
  return undefined;
}

function reject({ onRejected }: Import, progress: Progress, rejection: Rejection): void {
  progress.rejected += 1;
  onRejected(rejection);
}

function halvesOf<T>(batch: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}

/** The index in a name such as `documents.17.name`, counted from 0. */
function indexIn(argument: string | undefined): number | undefined {
  const index = /^documents\.(\d+)(?:\.|$)/.exec(argument ?? '')?.[1];
  return index === undefined ? undefined : Number(index);
}

/** Removes the place in the batch, which means nothing to people: the message is preceded by the line number. */
const ofDocument = (message: string): string =>
  message
    .replace(/\bdocuments\.\d+\./, '')
    .replace(/\bdocuments\.\d+: /, '')
    .replace(/\bdocuments\.\d+\b/, 'the document');

const idOf = ({ _id }: Document): string | undefined => (typeof _id === 'string' ? _id : undefined);

type LargeInteger = Readonly<{ $int64: string } | { $uint64: string }>;

function isLargeInteger(value: unknown): value is LargeInteger {
  if (typeof value !== 'object' || value === null) return false;
  const [digits] = '$int64' in value ? [value.$int64] : '$uint64' in value ? [value.$uint64] : [];
  return typeof digits === 'string' && Object.keys(value).length === 1;
}

function textOf(value: number | LargeInteger): string {
  if (typeof value === 'number') return String(value);
  return '$int64' in value ? value.$int64 : value.$uint64;
}
