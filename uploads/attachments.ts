/** Attachments as resolvers and HTTP see them: records in the system's collection `__attachments`, bytes by content. */
import type { Readable } from 'node:stream';
import type { Json } from '../replica/crdt/json.ts';
import type { ValueObject } from '../replica/crdt/value.ts';
import type { DocumentReader } from '../replica/documents.ts';

export const attachmentsCollection = '__attachments';

/** What the system's collection says of an attachment; its id names content, name, type and metadata. */
export interface AttachmentRecord {
  readonly id: string;
  readonly size: number;
  readonly sha256: string;
  readonly filename: string | undefined;
  readonly contentType: string;
  readonly metadata: Json;
}

/**
 * A file of a multipart request: its bytes are in the blob store already. The GraphQL scalar `File` takes only instances of this class,
 * so that it cannot be forged as JSON.
 */
export class UploadedFile {
  readonly sha256: string;
  readonly size: number;
  readonly filename: string | undefined;
  readonly contentType: string;
  constructor(sha256: string, size: number, filename: string | undefined, contentType: string) {
    this.sha256 = sha256;
    this.size = size;
    this.filename = filename;
    this.contentType = contentType;
  }
}

export type AttachmentState = 'NONE' | 'LOCAL' | 'REMOTE' | 'SYNCED';

export interface FetchEvent {
  readonly status: 'PROGRESS' | 'COMPLETED' | 'UNAVAILABLE';
  readonly downloaded: number;
  readonly total: number;
  readonly attachment: AttachmentRecord;
}

/** The record of an attachment, as a reader's version has it. */
export function attachmentRecord(_reader: DocumentReader, _id: string): AttachmentRecord | undefined {
  throw new Error('pending');
}

/** The attachment that an uploaded file with this metadata is, and the fields to upsert for it in `attachmentsCollection`. */
export function attachmentOf(_file: UploadedFile, _metadata: Json): { record: AttachmentRecord; fields: ValueObject } {
  throw new Error('pending');
}

/** The bytes' side of attachments, on this replica. */
export interface Attachments {
  state(record: AttachmentRecord): Promise<AttachmentState>;
  /** Base64 where the bytes are here and no more than limits.base64Bytes, else undefined. */
  base64(record: AttachmentRecord): Promise<string | undefined>;
  /** @throws {AttachmentUnavailableError} the bytes are not here */
  open(record: AttachmentRecord, range?: { start: number; end: number }): Promise<Readable>;
  /** Begins (or joins) a fetch that goes on whether or not anyone watches; gives how far it is. */
  fetch(record: AttachmentRecord): Promise<FetchEvent>;
  /** Begins (or joins) a fetch: told how far it is now, then progress, then COMPLETED or UNAVAILABLE once. */
  watchFetch(record: AttachmentRecord, told: (event: FetchEvent) => void): Disposable;
  /** Drops the bytes held here. */
  evict(record: AttachmentRecord): Promise<void>;
  close(): Promise<void>;
}
