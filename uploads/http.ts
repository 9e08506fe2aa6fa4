/** Attachments over plain HTTP: POST /attachments, GET and HEAD /attachments/:id. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { create as contentDisposition } from 'content-disposition';
import fresh from 'fresh';
import { AttachmentNotFoundError, BadUserInputError, OutcomeUnknownError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Logger } from '../replica/environment/logger.ts';
import type { Replica } from '../replica/replica.ts';
import { type Json, jsonFromValue, valueFromJson } from '../replica/values/json.ts';
import { checkIntegers, jsonProblem } from '../replica/values/json-text.ts';
import { answerError, answerJson, answerThrown } from './answers.ts';
import {
  type AttachmentRecord,
  attachmentOf,
  attachmentRecord,
  attachmentsCollection,
  attachmentsPath,
} from './attachments.ts';
import { withoutByteOrderMark } from './byte-order-mark.ts';
import { readForm } from './form.ts';
import { rangeOf } from './range.ts';
import type { AttachmentService } from './service.ts';

export interface AttachmentsHandlerOptions {
  readonly replica: Pick<Replica, 'begin' | 'commit' | 'read' | 'waitFor'>;
  readonly attachments: Pick<AttachmentService, 'open' | 'url' | 'beginUploads'>;
  readonly logger: Logger;
}

export type AttachmentsHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

const tokenHeader = 'Causality-Token';

/**
 * Media types that a browser can show without running code in them. SVG is not among them, as it may contain scripts.
 */
const harmlessTypes = /^(?:image\/(?!svg)[^+]+|audio\/[^+]+|video\/[^+]+|text\/plain)$/;

/**
 * Handles requests at attachmentsPath and below; returns false for all others without touching them. Never rejects.
 * Errors are sent as `{errors: [{message, extensions: {code}}]}`.
 */
export function attachmentsHandler(options: AttachmentsHandlerOptions): AttachmentsHandler {
  return async (request, response) => {
    const [pathname = ''] = (request.url ?? '').split('?', 1);
    if (pathname !== attachmentsPath && !pathname.startsWith(`${attachmentsPath}/`)) return false;
    try {
      await answer(options, request, response, pathname.slice(attachmentsPath.length + 1));
    } catch (error) {
      answerThrown(response, error, options.logger);
    }
    return true;
  };
}

async function answer(
  options: AttachmentsHandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
): Promise<void> {
  const methods = id === '' ? ['POST'] : ['GET', 'HEAD'];
  if (!methods.includes(request.method ?? '')) {
    response.setHeader('Allow', methods.join(', '));
    const message = `only ${methods.join(' and ')} is allowed here`;
    answerError(response, 'METHOD_NOT_ALLOWED', message);
    return;
  }
  if (id !== '') return download(options, request, response, id);
  const { record, token } = await upload(options, request, response);
  response.setHeader(tokenHeader, token);
  const url = options.attachments.url(record);
  response.setHeader('Location', url);
  answerJson(response, 201, { ...record, filename: record.filename ?? null, url });
}

async function upload(
  { replica, attachments }: AttachmentsHandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<{ record: AttachmentRecord; token: string }> {
  await using uploads = attachments.beginUploads();
  // Four times the limit, as whitespace does not count. A form this small always fits into memory.
  const formLimits = { files: 1, fields: 1, fieldBytes: 4 * limits.attachmentMetadataBytes };
  const { files, fieldsByName } = await readForm(request, response, uploads, formLimits, () => true);
  const [first] = files;
  if (first?.field !== 'file')
    throw new BadUserInputError('file', 'the form needs one file, with a filename, in this field');
  for (const name of fieldsByName.keys()) {
    if (name !== 'metadata') throw new BadUserInputError(name, 'is not a field of this form: it has file and metadata');
  }
  const { record, fields } = attachmentOf(first.file, metadataOf(fieldsByName.get('metadata')));
  await waitForToken(replica, request);
  const transaction = replica.begin();
  try {
    transaction.request((writer) =>
      writer.upsert(attachmentsCollection, record.id, fields, 'INSERT_IF_ABSENT', () => false),
    );
    const { token } = await replica.commit(transaction);
    return { record, token };
  } catch (error) {
    if (!(error instanceof OutcomeUnknownError)) uploads.undo();
    throw error;
  } finally {
    transaction.close();
  }
}

async function download(
  { replica, attachments }: AttachmentsHandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
): Promise<void> {
  await waitForToken(replica, request);
  const record = readRecord(replica, id);
  const etag = `"${record.sha256}"`;
  const headers = headersOf(record, etag);
  // If-Unmodified-Since is ignored: an attachment has no modification date (RFC 9110, section 13.1.4).
  if (!isStillAsked(request.headers['if-match'], etag)) {
    response.setHeader('ETag', etag);
    const message = "the attachment's ETag does not match If-Match";
    answerError(response, 'PRECONDITION_FAILED', message);
    return;
  }
  // Only the ETag counts: an attachment's bytes never change, so even a reload (Cache-Control: no-cache) gets a 304.
  if (fresh({ 'if-none-match': request.headers['if-none-match'] }, { etag })) {
    response.writeHead(304, headers).end();
    return;
  }
  const ifRange = request.headers['if-range'];
  const asked = ifRange === undefined || ifRange === etag ? request.headers.range : undefined;
  const range = request.method === 'GET' ? rangeOf(asked, record.size) : undefined;
  if (range === 'UNSATISFIABLE') {
    response.writeHead(416, { 'Content-Range': `bytes */${record.size}` }).end();
    return;
  }
  const bytes = await attachments.open(record, range);
  if (range === undefined) response.writeHead(200, { ...headers, 'Content-Length': record.size });
  else {
    response.writeHead(206, {
      ...headers,
      'Content-Length': range.end - range.start + 1,
      'Content-Range': `bytes ${range.start}-${range.end}/${record.size}`,
    });
  }
  if (request.method === 'HEAD') {
    bytes.destroy();
    response.end();
    return;
  }
  try {
    await pipeline(bytes, response);
  } catch (error) {
    // A client may disconnect midway, for example while playing a film: that is not an error.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
  }
}

function readRecord(replica: AttachmentsHandlerOptions['replica'], id: string): AttachmentRecord {
  using view = replica.read();
  const record = attachmentRecord(view, id);
  if (record === undefined) throw new AttachmentNotFoundError(id);
  return record;
}

/** The bytes of an id never change, but the permission to read them can, so only private caches may store them. */
function headersOf(record: AttachmentRecord, etag: string): Record<string, string> {
  const type = harmlessTypes.test(record.contentType) ? 'inline' : 'attachment';
  return {
    'Content-Type': record.contentType,
    'Content-Disposition': contentDisposition(record.filename, { type }),
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Cache-Control': 'private, max-age=31536000, immutable',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
  };
}

/** Whether If-Match allows the request; it compares strongly: RFC 9110, section 13.1.1. */
function isStillAsked(header: string | undefined, etag: string): boolean {
  return header === undefined || header.split(',').some((tag) => tag.trim() === '*' || tag.trim() === etag);
}

function metadataOf(text: string | undefined): Json {
  if (text === undefined) return {};
  try {
    const json = withoutByteOrderMark(text);
    const problem = jsonProblem(json);
    if (problem !== undefined) throw new BadUserInputError('metadata', problem);
    const metadata: unknown = JSON.parse(json);
    checkIntegers(json, 'metadata');
    return jsonFromValue(valueFromJson(metadata, 'metadata'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new BadUserInputError('metadata', 'is not valid JSON', { cause: error });
    throw error;
  }
}

async function waitForToken(replica: AttachmentsHandlerOptions['replica'], request: IncomingMessage): Promise<void> {
  const token = request.headers['causality-token'];
  if (typeof token === 'string') await replica.waitFor(token, limits.tokenWaitMilliseconds);
}
