/**
 * Attachments: records in the system collection `__attachments`, and the port to their bytes for resolvers and HTTP.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { BadUserInputError, PayloadTooLargeError } from '../errors.ts';
import { limits } from '../limits.ts';
import { documentValue } from '../replica/crdt/document.ts';
import type { DocumentReader } from '../replica/query/access/document-reader.ts';
import { canonicalJson } from '../replica/values/canonical-json.ts';
import { type Json, jsonFromValue, valueFromJson } from '../replica/values/json.ts';
import type { Value, ValueObject } from '../replica/values/value.ts';
import { type ByteRange, isSha256 } from './blobs/blobs.ts';
import { isContentType, isFilename } from './names.ts';

export const attachmentsCollection = '__attachments';

/** The HTTP path for uploads; the URL of each attachment is below it. */
export const attachmentsPath = '/attachments';

const idPattern = /^attachment_[0-9a-f]{64}$/;

/** An attachment's record in the system collection. The id is a hash of content, filename, type and metadata. */
export interface AttachmentRecord {
  readonly id: string;
  readonly size: number;
  readonly sha256: string;
  readonly filename: string | undefined;
  readonly contentType: string;
  readonly metadata: Json;
}

/**
 * A file of a multipart request whose bytes are already in the blob store. The GraphQL scalar `File` accepts only
 * instances of this class, so JSON cannot forge one.
 */
export class UploadedFile {
  readonly sha256: string;
  readonly size: number;
  readonly filename: string | undefined;
  readonly contentType: string;
  /**
   * True once a transaction that is committed, or may be, made an attachment of the file. Other files are deleted when
   * their request ends.
   */
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

/** Whether a text has the form of an attachment id; the attachment need not exist. */
export function isAttachmentId(id: string): boolean {
  return idPattern.test(id);
}

/**
 * The record of an attachment at the reader's version. The document may come from any replica, so it is checked:
 * undefined if it is malformed, or does not hash to its id.
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
 * Makes an attachment of an uploaded file: its record, and the fields to upsert in `attachmentsCollection`.
 * @param metadata null counts as {}
 * @throws {BadUserInputError} the metadata is not valid for the scalar JSON
 * @throws {PayloadTooLargeError} the metadata is larger than limits.attachmentMetadataBytes
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

/** Hashes each part after its length, so that no two attachments hash the same text. */
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

/** The port to the bytes of attachments on this replica. */
export interface Attachments {
  /** The download URL: absolute if the server has a public URL, otherwise a path. */
  url(record: AttachmentRecord): string;
  state(record: AttachmentRecord): Promise<AttachmentState>;
  /** The bytes in base64; undefined if they are not here, or larger than limits.base64Bytes. */
  base64(record: AttachmentRecord): Promise<string | undefined>;
  /**
   * @param range inclusive at both ends, within the size
   * @throws {AttachmentUnavailableError} the bytes are not here
   */
  open(record: AttachmentRecord, range?: ByteRange): Promise<Readable>;
  /** Starts or joins a fetch, which continues even if no one watches; returns its progress. */
  fetch(record: AttachmentRecord): Promise<FetchEvent>;
  /**
   * Starts or joins a fetch. Calls `told` with its progress now and from then on, and once with COMPLETED or
   * UNAVAILABLE.
   */
  watchFetch(record: AttachmentRecord, told: (event: FetchEvent) => void): Disposable;
  /** Deletes the local bytes, including those of an unfinished fetch. */
  evict(record: AttachmentRecord): Promise<void>;
  close(): Promise<void>;
}
