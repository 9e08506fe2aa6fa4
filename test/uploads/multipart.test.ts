import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { TidelineError } from '../../errors.ts';
import { UploadedFile } from '../../uploads/attachments.ts';
import { Holds } from '../../uploads/holds.ts';
import { type OperationParameters, readMultipartOperation } from '../../uploads/multipart.ts';
import { UploadSession } from '../../uploads/upload-session.ts';
import { sha256 } from './blobs/contract.ts';
import { patterned, serve, temporaryBlobs } from './fixtures.ts';

const maximumFileBytes = 1_000_000;
const query = 'mutation ($file: File!) { uploadAttachment(file: $file) { id } }';

/** Reads each request as an operation, hands it to `execute`, and answers with what went wrong, if anything did. */
async function start(execute: (parameters: OperationParameters) => Promise<void> = async () => {}) {
  const store = await temporaryBlobs();
  const holds = new Holds(store.blobs);
  const read: OperationParameters[] = [];
  const failed: unknown[] = [];
  const answerOf = async (request: IncomingMessage, response: ServerResponse): Promise<string> => {
    await using uploads = new UploadSession(store.blobs, holds, maximumFileBytes);
    try {
      const parameters = await readMultipartOperation(request, response, { uploads, hasRoom: () => true });
      await execute(parameters);
      read.push(parameters);
      return 'read';
    } catch (error) {
      failed.push(error);
      return error instanceof TidelineError ? `${error.code} ${error.message}` : String(error);
    }
  };
  const server = await serve(async (request, response) => {
    const answer = await answerOf(request, response);
    response.writeHead(answer === 'read' ? 200 : 400).end(answer);
  });
  return {
    ...store,
    ...server,
    read,
    failed,
    async post(parts: Record<string, unknown>): Promise<string> {
      const form = new FormData();
      for (const [name, value] of Object.entries(parts)) {
        if (value instanceof File) form.append(name, value);
        else form.append(name, typeof value === 'string' ? value : JSON.stringify(value));
      }
      return (await fetch(server.url, { method: 'POST', body: form })).text();
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** As a resolver does with each file that it takes. */
async function use(parameters: OperationParameters): Promise<void> {
  for (const value of Object.values(parameters.variables ?? {})) if (value instanceof UploadedFile) value.isUsed = true;
}

describe('a multipart operation', () => {
  it('has its files in the variables, their bytes in the blob store', async () => {
    await using server = await start(use);
    const bytes = patterned(300_000);

    const answer = await server.post({
      operations: { query, operationName: null, variables: { file: null }, extensions: { a: 1 } },
      map: { 0: ['variables.file'] },
      0: new File([bytes], 'fläche 国旗.png', { type: 'image/PNG; a=b' }),
    });

    expect(answer).toBe('read');
    const file = new UploadedFile(sha256(bytes), 300_000, 'fläche 国旗.png', 'image/png');
    file.isUsed = true;
    expect(server.read).toEqual([{ query, variables: { file }, extensions: { a: 1 } }]);
    const stored = await server.blobs.open(sha256(bytes));
    if (stored === undefined) expect.unreachable();
    expect(sha256(await buffer(stored))).toBe(sha256(bytes));
    expect(await server.files()).toEqual([sha256(bytes)]);
  });

  it('takes lists of files, one file at two places, and an empty file', async () => {
    await using server = await start();

    const answer = await server.post({
      operations: { query, variables: { files: [null, null], input: { same: null, 'a b': 1 } } },
      map: { a: ['variables.files.1', 'variables.input.same'], b: ['variables.files.0'] },
      a: new File(['one'], 'one.txt', { type: 'text/plain' }),
      b: new File([], 'empty', { type: '' }),
    });

    expect(answer).toBe('read');
    const one = new UploadedFile(sha256(Buffer.from('one')), 3, 'one.txt', 'text/plain');
    const empty = new UploadedFile(sha256(Buffer.from('')), 0, 'empty', 'application/octet-stream');
    expect(server.read[0]?.variables).toEqual({ files: [empty, one], input: { same: one, 'a b': 1 } });
  });

  const file = new File(['bytes'], 'a.txt', { type: 'text/plain' });
  const operations = { query, variables: { file: null, list: [null], text: 'x' } };
  const map = { 0: ['variables.file'] };
  it.each([
    ['operations that are missing', { map, 0: file }, 'operations: is missing'],
    ['a map that is missing', { operations, 0: file }, 'map: is missing'],
    ['operations that are no JSON', { operations: '{', map, 0: file }, 'operations: is not valid JSON'],
    [
      'an integer that would lose digits',
      { operations: '{"variables": {"n": 9007199254740993}}', map, 0: file },
      'operations.variables.n: the integer 9007199254740993 would lose digits',
    ],
    ['a batch', { operations: [operations], map, 0: file }, 'operations: must be one operation'],
    ['a query that is no text', { operations: { query: 1 }, map: {} }, 'operations.query: must be a string'],
    ['variables that are a list', { operations: { query, variables: [] }, map: {} }, 'operations.variables: must be'],
    ['a map of no lists', { operations, map: { 0: 'variables.file' }, 0: file }, 'map.0: must be a list of paths'],
    ['a file that the map leaves out', { operations, map: {}, 0: file }, '0: the map does not name this file'],
    ['a file that is not sent', { operations, map }, 'map.0: the request has no file'],
    ['too many fields', { operations, map, 0: file, more: 'x' }, 'body: too many fields'],
    ['a field that nobody asked for', { operations, more: 'x' }, 'map: is missing'],
    [
      'a path out of the variables',
      { operations, map: { 0: ['query'] }, 0: file },
      'map.0: "query" must lead to a null',
    ],
    ['a path to a value', { operations, map: { 0: ['variables.text'] }, 0: file }, 'must lead to a null'],
    ['a path into a value', { operations, map: { 0: ['variables.text.0'] }, 0: file }, 'must lead to a null'],
    ['a path to nothing', { operations, map: { 0: ['variables.other'] }, 0: file }, 'must lead to a null'],
    ['a path past a list', { operations, map: { 0: ['variables.list.1'] }, 0: file }, 'must lead to a null'],
    ['a path given twice', { operations, map: { 0: ['variables.file', 'variables.file'] }, 0: file }, 'must lead to'],
    ['a path to a prototype', { operations, map: { 0: ['variables.__proto__.x'] }, 0: file }, 'must lead to a null'],
    ['a name with brackets', { operations, 'a[b]': 'x' }, 'a[b]: field name nesting too deep'],
    ['a name with control characters', { operations, map, 0: new File(['x'], 'a\nb') }, '0: a filename may have'],
    ['a name that is too long', { operations, map, 0: new File(['x'], 'ä'.repeat(128)) }, '0: a filename may have'],
  ])('refuses %s, and stores nothing', async (_what, parts, problem) => {
    await using server = await start();

    const answer = await server.post(parts);

    expect(answer).toContain(`BAD_USER_INPUT ${problem.startsWith('must') ? '' : problem}`);
    expect(answer).toContain(problem);
    expect(server.read).toEqual([]);
    expect(await server.files()).toEqual([]);
  });

  it('sets no prototype where a variable is called __proto__', async () => {
    await using server = await start();

    await server.post({
      operations: '{"query":"","variables":{"__proto__":null}}',
      map: { 0: ['variables.__proto__'] },
      0: file,
    });

    const variables = server.read[0]?.variables;
    if (variables === undefined) expect.unreachable();
    expect(Object.getPrototypeOf(variables)).toBe(Object.prototype);
    expect(Object.keys(variables)).toEqual(['__proto__']);
  });

  it('takes the last part of a name with folders in it', async () => {
    await using server = await start();

    await server.post({ operations, map, 0: new File(['x'], '../../etc/passwd') });

    expect(server.read[0]?.variables?.file).toMatchObject({ filename: 'passwd' });
  });

  it('refuses a file over the limit, and takes one of exactly the limit', async () => {
    await using server = await start(use);
    const [most, tooMuch] = [patterned(maximumFileBytes), patterned(maximumFileBytes + 1)];

    expect(await server.post({ operations, map, 0: new File([most], 'most') })).toBe('read');
    const answer = await server.post({ operations, map, 0: new File([tooMuch], 'more') });

    expect(answer).toContain('PAYLOAD_TOO_LARGE');
    expect(await server.files()).toEqual([sha256(most)]);
  });

  it('refuses what says of itself that it is too large, without reading it', async () => {
    await using server = await start();

    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(server.url, {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-length': 10e12 },
      });
      request.on('response', ({ statusCode }) => {
        resolve(statusCode);
        request.destroy();
      });
      request.on('error', reject);
      request.flushHeaders();
    });

    expect(status).toBe(400);
    expect(server.failed).toMatchObject([{ code: 'PAYLOAD_TOO_LARGE' }]);
  });

  it('answers soon where an endless file passes the limit, and stores nothing', async () => {
    await using server = await start();
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    let received = '';
    socket.on('data', (data: Buffer) => {
      received += data.toString();
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));

    socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n');
    socket.write('Content-Type: multipart/form-data; boundary=x\r\n\r\n');
    const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
    socket.write(chunk('--x\r\nContent-Disposition: form-data; name="0"; filename="a"\r\n\r\n'));
    const piece = chunk('y'.repeat(64 * 1024));
    const writing = setInterval(() => socket.write(piece), 1);
    await closed;
    clearInterval(writing);

    expect(received).toContain('PAYLOAD_TOO_LARGE');
    expect(await server.files()).toEqual([]);
  });

  it('leaves nothing of a client that goes away midway', async () => {
    await using server = await start();
    const socket = connect(server.port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n');
    socket.write('Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n');
    socket.write('Content-Disposition: form-data; name="0"; filename="a"\r\n\r\n');
    socket.write('y'.repeat(300_000));
    await vi.waitFor(async () => expect(await server.files()).toHaveLength(1));

    socket.destroy();

    await vi.waitFor(() => expect(server.failed).toHaveLength(1));
    await vi.waitFor(async () => expect(await server.files()).toEqual([]));
    expect(server.read).toEqual([]);
  });

  it('leaves nothing where the form ends before its end', async () => {
    await using server = await start();
    const body = '--x\r\nContent-Disposition: form-data; name="0"; filename="a"\r\n\r\nyyyyyy';

    const answer = await fetch(server.url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });

    expect(await answer.text()).toContain('BAD_USER_INPUT body: is not a complete multipart form');
    expect(await server.files()).toEqual([]);
  });

  it('drops a file that no attachment was made of, unless another request made one of the same bytes', async () => {
    await using server = await start(async (parameters) => {
      if (parameters.operationName === 'use') await use(parameters);
      if (parameters.operationName === 'fail') throw new Error('no such field');
    });
    const post = (operationName: string, name: string) =>
      server.post({ operations: { query, operationName, variables: { file: null } }, map, 0: new File([name], name) });

    await post('ignore', 'a');
    await post('fail', 'b');
    expect(await server.files()).toEqual([]);

    await post('use', 'c');
    await Promise.all([post('fail', 'c'), post('ignore', 'c'), post('use', 'd'), post('ignore', 'd')]);
    expect((await server.files()).sort()).toEqual([sha256(Buffer.from('c')), sha256(Buffer.from('d'))].sort());
  });
});
