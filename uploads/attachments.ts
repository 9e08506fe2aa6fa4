/** Attachments as resolvers and HTTP see them: records in the system's collection `__attachments`, bytes by content. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { BadUserInputError, PayloadTooLargeError } from '../errors.ts';
import { limits } from '../limits.ts';
import { documentValue } from '../replica/crdt/document.ts';
import type { DocumentReader } from '../replica/query/access/document-reader.ts';
import { type Json, jsonFromValue, valueFromJson } from '../replica/values/json.ts';
import type { Value, ValueObject } from '../replica/values/value.ts';
import { type ByteRange, isSha256 } from './blobs/blobs.ts';
import { canonicalJson } from './canonical-json.ts';
import { isContentType, isFilename } from './names.ts';

export const attachmentsCollection = '__attachments';

/** Where plain HTTP takes uploads; below it, each attachment has its URL. */
export const attachmentsPath = '/attachments';

const idPattern = /^attachment_[0-9a-f]{64}$/;

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
  /** Whether an attachment was made of it by a transaction that is committed, or may be. Any other file is dropped when its request ends. */
  isUsed = false;
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

/** Whether a text has the form of an attachment's id, whatever is known of it. */
export function isAttachmentId(id: string): boolean {
  return idPattern.test(id);
}

/**
 * The record of an attachment, as a reader's version has it. Another replica may have written it: what is no record, or not
 * the one that the id names, is none.
 */
export function attachmentRecord(reader: DocumentReader, id: string): AttachmentRecord | undefined {
  if (!isAttachmentId(id)) return undefined;
  const document = reader.get(attachmentsCollection, id);
  if (document === undefined) return undefined;
  const { sha256, size, filename, contentType, metadata: metadataText } = documentValue(document.state);
  if (typeof sha256 !== 'string' || !isSha256(sha256)) return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  if (!isAbsentOrFilename(filename)) return undefined;
  if (typeof contentType !== 'string' || !isContentType(contentType)) return undefined;
  const metadata = typeof metadataText === 'string' ? parsedMetadata(metadataText) : undefined;
  if (metadata === undefined || metadata === null) return undefined;
  const content = { size, sha256, filename, contentType, metadata };
  return idOf(content) === id ? { id, ...content } : undefined;
}

/**
 * The attachment that an uploaded file with this metadata is, and the fields to upsert for it in `attachmentsCollection`.
 * @param metadata null counts as {}
 * @throws {BadUserInputError} metadata that the scalar JSON does not take
 * @throws {PayloadTooLargeError} more metadata than limits.attachmentMetadataBytes
 */
export function attachmentOf(file: UploadedFile, metadata: Json): { record: AttachmentRecord; fields: ValueObject } {
  const canonical = jsonFromValue(valueFromJson(metadata ?? {}, 'metadata'));
  const metadataText = canonicalJson(canonical);
  const metadataBytes = Buffer.byteLength(metadataText);
  if (metadataBytes > limits.attachmentMetadataBytes) {
    throw new PayloadTooLargeError('metadata', metadataBytes, limits.attachmentMetadataBytes);
  }
  file.isUsed = true;
  const { size, sha256, filename, contentType } = file;
  const content = { size, sha256, filename, contentType, metadata: canonical };
  const fields: Record<string, Value> = { size, sha256, contentType, metadata: metadataText };
  if (filename !== undefined) fields.filename = filename;
  return { record: { id: idOf(content), ...content }, fields };
}

/** Each part with its length before it, so that no two attachments are spelled alike. */
function idOf(content: Omit<AttachmentRecord, 'id'>): string {
  const hash = createHash('sha256');
  const parts = [
    'tideline attachment 1',
    content.sha256,
    String(content.size),
    content.filename ?? '',
    content.contentType,
    canonicalJson(content.metadata),
  ];
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return `attachment_${hash.digest('hex')}`;
}

function parsedMetadata(text: string): Json | undefined {
  if (Buffer.byteLength(text) > limits.attachmentMetadataBytes) return undefined;
  try {
    return jsonFromValue(valueFromJson(JSON.parse(text), 'metadata'));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof BadUserInputError) return undefined;
    throw error;
  }
}

function isAbsentOrFilename(value: Value | undefined): value is string | undefined {
  return value === undefined || (typeof value === 'string' && isFilename(value));
}

/** The bytes' side of attachments, on this replica. */
export interface Attachments {
  /** Where HTTP reads the bytes: absolute where the server has a public URL, else a path on the server. */
  url(record: AttachmentRecord): string;
  state(record: AttachmentRecord): Promise<AttachmentState>;
  /** Base64 where the bytes are here and no more than limits.base64Bytes, else undefined. */
  base64(record: AttachmentRecord): Promise<string | undefined>;
  /**
   * @param range both ends in it, within the size
   * @throws {AttachmentUnavailableError} the bytes are not here
   */
  open(record: AttachmentRecord, range?: ByteRange): Promise<Readable>;
  /** Begins (or joins) a fetch that goes on whether or not anyone watches; gives how far it is. */
  fetch(record: AttachmentRecord): Promise<FetchEvent>;
  /** Begins (or joins) a fetch: told how far it is now, then progress, then COMPLETED or UNAVAILABLE once. */
  watchFetch(record: AttachmentRecord, told: (event: FetchEvent) => void): Disposable;
  /** Drops the bytes held here, and what a fetch has of them. */
  evict(record: AttachmentRecord): Promise<void>;
  close(): Promise<void>;
}
