/** Reads a multipart/form-data request: its fields into memory, within limits; its files into the blob store. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import multer from 'multer';
import { BadUserInputError, PayloadTooLargeError, ServerBusyError, TidelineError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { UploadedFile } from './attachments.ts';
import { askForBody, isBodyHeldBack } from './expectation.ts';
import { BlobStorageEngine } from './storage-engine.ts';
import type { UploadSession } from './upload-session.ts';

export interface FormLimits {
  readonly files: number;
  readonly fields: number;
  /** The maximum size of one field's value. */
  readonly fieldBytes: number;
}

export interface Form {
  readonly fieldsByName: ReadonlyMap<string, string>;
  readonly files: readonly { readonly field: string; readonly file: UploadedFile }[];
}

/**
 * Reserves memory for this many bytes of one request, for as long as the request lasts. False if there is not enough.
 */
export type HasRoom = (bytes: number) => boolean;

/** An allowance for the names, headers and boundary of a part. */
const partOverheadBytes = 1_024;
const fieldNameBytes = 100;

export function isForm(request: IncomingMessage): boolean {
  return /^multipart\/form-data\s*(;|$)/i.test(request.headers['content-type'] ?? '');
}

/**
 * Reads the request to its end. On failure it goes on reading for a moment and discards the bytes, so that the client
 * gets to read the response, and then closes the connection; disposing the session deletes the stored files.
 * @throws {BadUserInputError} the body is not a form, is damaged or incomplete, or has more parts than the limits allow
 * @throws {PayloadTooLargeError} a file, a field or the whole form is too large
 * @throws {ServerBusyError} other requests and responses leave no memory for the fields
 * @throws {StoreUnavailableError} a file could not be stored
 */
export async function readForm(
  request: IncomingMessage,
  response: ServerResponse,
  uploads: UploadSession,
  formLimits: FormLimits,
  hasRoom: HasRoom,
): Promise<Form> {
  if (!isForm(request)) throw new BadUserInputError('content-type', 'must be multipart/form-data');
  try {
    const maximumBytes = bytesOf(formLimits, uploads.maximumFileBytes);
    // A declared length that is too large is refused without reading the body.
    const length = Number(request.headers['content-length'] ?? 0);
    if (length > maximumBytes) throw new PayloadTooLargeError('the request', length, maximumBytes);
    askForBody(request, response);
    await parse(request, response, uploads, { ...formLimits, maximumBytes, hasRoom });
    const fieldsByName = fieldsOf(request);
    return { fieldsByName, files: await uploads.keep() };
  } catch (error) {
    if (!request.complete) {
      response.setHeader('Connection', 'close');
      if (!isBodyHeldBack(request)) await drain(request);
    }
    throw error;
  }
}

function parse(
  request: IncomingMessage,
  response: ServerResponse,
  uploads: UploadSession,
  { files, fields, fieldBytes, maximumBytes, hasRoom }: FormLimits & { maximumBytes: number; hasRoom: HasRoom },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const form = multer({
      // Multer reports a failure only after it has read the whole body, so the engine reports it directly.
      storage: new BlobStorageEngine(uploads, reject),
      defParamCharset: 'utf8',
      limits: {
        files,
        fields,
        parts: files + fields,
        fileSize: uploads.maximumFileBytes,
        fieldSize: fieldBytes,
        fieldNameSize: fieldNameBytes,
        headerPairs: 16,
        fieldNestingDepth: 0,
        fieldArrayIndexLimit: 0,
      },
    });
    // Declared as a method: multer only needs Node's request, although its types ask for Express's.
    const parser: { parse(request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void } =
      { parse: form.any() };
    let received = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > maximumBytes) reject(new PayloadTooLargeError('the request', undefined, maximumBytes));
      // Files go to disk; everything else stays in memory.
      const inMemory = received - uploads.storedBytes;
      if (inMemory > limits.smallBodyBytes && !hasRoom(inMemory)) reject(new ServerBusyError());
    });
    parser.parse(request, response, (error) => {
      if (error === undefined) resolve();
      else reject(ourError(error, uploads.maximumFileBytes, fieldBytes));
    });
  });
}

function bytesOf({ files, fields, fieldBytes }: FormLimits, fileBytes: number): number {
  return files * (fileBytes + partOverheadBytes) + fields * (fieldBytes + partOverheadBytes) + partOverheadBytes;
}

function fieldsOf(request: IncomingMessage): Map<string, string> {
  const fields = new Map<string, string>();
  if (!('body' in request) || typeof request.body !== 'object' || request.body === null) return fields;
  for (const [name, value] of Object.entries(request.body)) {
    if (typeof value !== 'string') throw new BadUserInputError(name, 'occurs more than once');
    fields.set(name, value);
  }
  return fields;
}

function ourError(error: unknown, fileBytes: number, fieldBytes: number): unknown {
  if (error instanceof TidelineError) return error;
  if (!(error instanceof multer.MulterError)) {
    const problem = error instanceof Error ? error.message : String(error);
    return new BadUserInputError('body', `is not a complete multipart form: ${problem}`, { cause: error });
  }
  if (error.code === 'LIMIT_FILE_SIZE')
    return new PayloadTooLargeError(`the file ${error.field}`, undefined, fileBytes);
  if (error.code === 'LIMIT_FIELD_VALUE') {
    return new PayloadTooLargeError(`the field ${error.field}`, undefined, fieldBytes);
  }
  return new BadUserInputError(error.field ?? 'body', error.message.toLowerCase(), { cause: error });
}

function drain(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    if (request.closed) return resolve();
    const timer = setTimeout(resolve, limits.uploadDrainMilliseconds);
    request.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    request.resume();
  });
}
