/** Resolvers of attachments: their records, uploads and fetches. */
import { AttachmentNotFoundError } from '../errors.ts';
import type { DocumentReader } from '../replica/query/access/document-reader.ts';
import { jsonFromValue, valueFromJson } from '../replica/values/json.ts';
import {
  type AttachmentRecord,
  type AttachmentState,
  attachmentOf,
  attachmentRecord,
  attachmentsCollection,
  type FetchEvent,
  type UploadedFile,
} from '../uploads/attachments.ts';
import type { Context } from './context.ts';
import { newestOnly, Source } from './streams.ts';
import { transactionOf } from './writes.ts';

interface AttachmentArguments {
  readonly id: string;
}

export function one(_: unknown, { id }: AttachmentArguments, { reader }: Context): AttachmentRecord | undefined {
  return attachmentRecord(reader, id);
}

/** @throws {AttachmentNotFoundError} */
export function known(reader: DocumentReader, id: string): AttachmentRecord {
  const record = attachmentRecord(reader, id);
  if (record === undefined) throw new AttachmentNotFoundError(id);
  return record;
}

export const url = (record: AttachmentRecord, _: unknown, { attachments }: Context): string => attachments.url(record);

export const state = (record: AttachmentRecord, _: unknown, { attachments }: Context): Promise<AttachmentState> =>
  attachments.state(record);

export const base64 = (record: AttachmentRecord, _: unknown, { attachments }: Context): Promise<string | undefined> =>
  attachments.base64(record);

export interface UploadArguments {
  readonly file: UploadedFile;
  readonly metadata?: unknown;
}

export function upload(_: unknown, { file, metadata }: UploadArguments, context: Context): AttachmentRecord {
  const { record, fields } = attachmentOf(file, jsonFromValue(valueFromJson(metadata ?? {}, 'metadata')));
  transactionOf(context).request((writer) =>
    writer.upsert(attachmentsCollection, record.id, fields, 'INSERT_IF_ABSENT', () => false),
  );
  return record;
}

export function fetch(_: unknown, { id }: AttachmentArguments, { reader, attachments }: Context): Promise<FetchEvent> {
  return attachments.fetch(known(reader, id));
}

export async function evict(
  _: unknown,
  { id }: AttachmentArguments,
  { reader, attachments }: Context,
): Promise<AttachmentRecord> {
  const record = known(reader, id);
  await attachments.evict(record);
  return record;
}

/** Starts or joins a fetch; the events end with it. */
export function watchFetch(_: unknown, { id }: AttachmentArguments, context: Context): Source<FetchEvent> {
  const record = known(context.reader, id);
  return new Source(undefined, ({ told, ended }) => {
    let newest: FetchEvent | undefined;
    const watching = context.attachments.watchFetch(record, (event) => {
      newest = event;
      told(event);
      if (event.status !== 'PROGRESS') ended(undefined);
    });
    return {
      first: () => newest,
      merging: newestOnly,
      [Symbol.dispose]: () => watching[Symbol.dispose](),
    };
  });
}
