import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import type { Replica } from '../../replica/replica.ts';
import type { BlobStore } from '../../uploads/blobs/blobs.ts';
import { attachmentsHandler } from '../../uploads/http.ts';
import { openAttachments } from '../../uploads/service.ts';
import { openEmbedded, quiet, temporaryFolder, timers } from '../replica/replicas.ts';
import { sha256 } from './blobs/contract.ts';
import { patterned, serve, temporaryBlobs } from './fixtures.ts';

async function start() {
  const folder = await temporaryFolder();
  const store = await temporaryBlobs();
  const opened = await openEmbedded(folder.path);
  const { replica } = opened;
  const attachments = await serviceOf(replica, store.blobs);
  const failed: unknown[] = [];
  const handled: string[] = [];
  const logger = { ...quiet, error: (fields: object) => void failed.push(fields) };
  const handle = attachmentsHandler({ replica, attachments, logger });
  const server = await serve(async (request, response) => {
    const isHandled = await handle(request, response);
    handled.push(`${request.method} ${request.url}`);
    if (!isHandled) response.writeHead(418).end('not here');
  });
  return {
    ...server,
    ...store,
    replica,
    attachments,
    failed,
    handled,
    async upload(bytes: Uint8Array<ArrayBuffer>, name: string, type: string, metadata?: string) {
      const form = new FormData();
      form.append('file', new File([bytes], name, { type }));
      if (metadata !== undefined) form.append('metadata', metadata);
      return fetch(`${server.url}/attachments`, { method: 'POST', body: form });
    },
    async uploaded(bytes: Uint8Array<ArrayBuffer>, name: string, type: string): Promise<string> {
      const response = await this.upload(bytes, name, type);
      expect(response.status).toBe(201);
      return `${server.url}${response.headers.get('location')}`;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function serviceOf(replica: Replica, blobs: BlobStore) {
  return openAttachments({
    id: replica.id,
    channel: undefined,
    blobs,
    peers: () => [],
    timers,
    random: randomBytes,
    logger: quiet,
    publicUrl: undefined,
    maximumUploadBytes: 10_000_000,
  });
}

const bytes = patterned(100_000);
const text = async (response: Response) => new Uint8Array(await response.arrayBuffer());

describe('POST /attachments', () => {
  it('stores the bytes, records the attachment, and answers with its token', async () => {
    await using server = await start();

    const response = await server.upload(bytes, '国旗 "a".png', 'image/png', ' {"b": 1, "a": [null]}');

    expect(response.status).toBe(201);
    const answer: unknown = await response.json();
    expect(answer).toEqual({
      id: expect.stringMatching(/^attachment_[0-9a-f]{64}$/),
      url: response.headers.get('location'),
      size: 100_000,
      sha256: sha256(bytes),
      filename: '国旗 "a".png',
      contentType: 'image/png',
      metadata: { a: [null], b: 1 },
    });
    expect(response.headers.get('location')).toMatch(/^\/attachments\/attachment_/);
    await server.replica.waitFor(response.headers.get('causality-token') ?? '', 0);
    expect(await server.files()).toEqual([sha256(bytes)]);
  });

  it('gives equal uploads one attachment, and other names another one over the same bytes', async () => {
    await using server = await start();

    const first = await server.uploaded(bytes, 'a', 'image/png');
    const equal = await server.uploaded(bytes, 'a', 'image/png');
    const other = await server.uploaded(bytes, 'b', 'image/png');

    expect(equal).toBe(first);
    expect(other).not.toBe(first);
    expect(await server.files()).toEqual([sha256(bytes)]);
    expect(server.replica.status.version[0]?.position).toBe(2);
  });

  it.each([
    ['no form', new Blob(['x'], { type: 'text/plain' }), 400, 'BAD_USER_INPUT', 'content-type'],
    ['no file', formOf({ metadata: '{}' }), 400, 'BAD_USER_INPUT', 'file'],
    ['a file of another name', formOf({ picture: new File(['x'], 'x') }), 400, 'BAD_USER_INPUT', 'file'],
    ['a field of another name', formOf({ file: new File(['x'], 'x'), title: 'x' }), 400, 'BAD_USER_INPUT', 'title'],
    ['two files', formOf({ file: new File(['x'], 'x'), more: new File(['x'], 'x') }), 400, 'BAD_USER_INPUT', 'body'],
    [
      'metadata that is no JSON',
      formOf({ file: new File(['x'], 'x'), metadata: '{' }),
      400,
      'BAD_USER_INPUT',
      'metadata',
    ],
    [
      'metadata that sets a prototype',
      formOf({ file: new File(['x'], 'x'), metadata: '{"a":{"__proto__":1}}' }),
      400,
      'BAD_USER_INPUT',
      'metadata.a',
    ],
    [
      'too much metadata',
      formOf({ file: new File(['x'], 'x'), metadata: JSON.stringify('x'.repeat(20_000)) }),
      413,
      'PAYLOAD_TOO_LARGE',
      undefined,
    ],
    [
      'too large a file',
      formOf({ file: new File([new Uint8Array(10_000_001)], 'x') }),
      413,
      'PAYLOAD_TOO_LARGE',
      undefined,
    ],
  ])('refuses %s, and keeps nothing', async (_what, body, status, code, argument) => {
    await using server = await start();

    const response = await fetch(`${server.url}/attachments`, { method: 'POST', body });

    expect(response.status).toBe(status);
    const extensions = { code, ...(argument === undefined ? {} : { argument: expect.stringContaining(argument) }) };
    expect(await response.json()).toEqual({ errors: [{ message: expect.any(String), extensions }] });
    expect(await server.files()).toEqual([]);
    expect(server.failed).toEqual([]);
  });
});

describe('GET /attachments/:id', () => {
  it('answers with the bytes, to be kept for ever', async () => {
    await using server = await start();
    const url = await server.uploaded(bytes, 'a "b" ü.png', 'image/png');

    const response = await fetch(url);

    expect(response.status).toBe(200);
    expect(sha256(await text(response))).toBe(sha256(bytes));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '100000',
      'content-disposition': `inline; filename="a \\"b\\" ?.png"; filename*=UTF-8''a%20%22b%22%20%C3%BC.png`,
      'accept-ranges': 'bytes',
      etag: `"${sha256(bytes)}"`,
      'cache-control': 'private, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
  });

  it('answers HEAD with the same headers and no bytes', async () => {
    await using server = await start();
    const url = await server.uploaded(bytes, 'a', 'image/png');
    const headersOf = (response: Response) => {
      const {
        date: _date,
        connection: _connection,
        'keep-alive': _keepAlive,
        ...headers
      } = Object.fromEntries(response.headers);
      return headers;
    };

    const [get, head] = [await fetch(url), await fetch(url, { method: 'HEAD', headers: { range: 'bytes=0-1' } })];

    expect(head.status).toBe(200);
    expect(headersOf(head)).toEqual(headersOf(get));
    expect((await text(head)).length).toBe(0);
    await get.arrayBuffer();
  });

  it.each([
    ['image/png', 'inline'],
    ['image/svg+xml', 'attachment'],
    ['image/svg', 'attachment'],
    ['image/x+xml', 'attachment'],
    ['text/html', 'attachment'],
    ['text/plain', 'inline'],
    ['text/xml', 'attachment'],
    ['application/xhtml+xml', 'attachment'],
    ['application/javascript', 'attachment'],
    ['audio/mpeg', 'inline'],
    ['video/mp4', 'inline'],
    ['', 'attachment'],
  ])('shows %s as %s', async (type, disposition) => {
    await using server = await start();
    const url = await server.uploaded(bytes, 'a', type);

    const response = await fetch(url);

    expect(response.headers.get('content-disposition')).toBe(`${disposition}; filename=a`);
    expect(response.headers.get('content-type')).toBe(type || 'application/octet-stream');
    await response.arrayBuffer();
  });

  it('answers with a range', async () => {
    await using server = await start();
    const url = await server.uploaded(bytes, 'a', 'video/mp4');
    const get = (headers: Record<string, string>) => fetch(url, { headers });

    const part = await get({ range: 'bytes=1000-1999' });
    expect([part.status, part.headers.get('content-range'), part.headers.get('content-length')]).toEqual([
      206,
      'bytes 1000-1999/100000',
      '1000',
    ]);
    expect(await text(part)).toEqual(bytes.subarray(1000, 2000));

    const end = await get({ range: 'bytes=-10', 'if-range': `"${sha256(bytes)}"` });
    expect(end.status).toBe(206);
    expect(await text(end)).toEqual(bytes.subarray(-10));

    const none = await get({ range: 'bytes=100000-' });
    expect([none.status, none.headers.get('content-range')]).toEqual([416, 'bytes */100000']);

    const asksForAll: Record<string, string>[] = [
      { range: 'bytes=0-1,5-6' },
      { range: 'bytes=0-1', 'if-range': '"other"' },
    ];
    for (const headers of asksForAll) {
      const whole = await get(headers);
      expect([whole.status, (await text(whole)).length]).toEqual([200, 100_000]);
    }
  });

  it('answers 412 where If-Match names another tag, and passes over If-Unmodified-Since: there is no date', async () => {
    await using server = await start();
    const url = await server.uploaded(bytes, 'a.bin', 'application/octet-stream');
    const etag = `"${await sha256(bytes)}"`;
    for (const tags of ['"other"', `W/${etag}`, '"a", "b"']) {
      const refused = await fetch(url, { headers: { 'if-match': tags } });
      expect([refused.status, refused.headers.get('etag'), await refused.json()]).toMatchObject([
        412,
        etag,
        { errors: [{ extensions: { code: 'PRECONDITION_FAILED' } }] },
      ]);
    }
    for (const [name, value] of [
      ['if-match', '*'],
      ['if-match', `"other", ${etag}`],
      ['if-unmodified-since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ] as const) {
      const response = await fetch(url, { headers: { [name]: value } });
      expect([response.status, await text(response)]).toEqual([200, bytes]);
    }
  });

  it('answers 304 to who has it', async () => {
    await using server = await start();
    const url = await server.uploaded(bytes, 'a', 'image/png');
    const etag = `"${sha256(bytes)}"`;

    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await fetch(url, { headers: { 'if-none-match': tag } });
      expect([response.status, response.headers.get('etag')]).toEqual([304, etag]);
    }
    const response = await fetch(url, { headers: { 'if-none-match': '"other"' } });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  });

  it('says what to do where the attachment, or its bytes, or the token is not here', async () => {
    await using server = await start();
    const url = await server.uploaded(bytes, 'a', 'image/png');
    await server.blobs.delete(sha256(bytes));
    const answerTo = async (path: string, headers = {}) => {
      const response = await fetch(path, { headers });
      expect(response.headers.get('cache-control')).toBe('no-store');
      return [response.status, await response.json()];
    };
    const error = (code: string, words: string) => ({
      errors: [{ message: expect.stringContaining(words), extensions: expect.objectContaining({ code }) }],
    });

    expect(await answerTo(url)).toEqual([409, error('ATTACHMENT_UNAVAILABLE', 'fetchAttachment')]);
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(409);
    for (const id of [`attachment_${'0'.repeat(64)}`, '__proto__', '..%2f..%2fetc', 'a/b']) {
      expect(await answerTo(`${server.url}/attachments/${id}`)).toEqual([
        404,
        error('ATTACHMENT_NOT_FOUND', 'upload it'),
      ]);
    }
    expect(await answerTo(url, { 'causality-token': 'nonsense' })).toEqual([400, error('BAD_USER_INPUT', 'token')]);
    expect(server.failed).toEqual([]);
  });

  it('takes no other methods, and leaves other paths to others', async () => {
    await using server = await start();

    const remove = await fetch(`${server.url}/attachments/x`, { method: 'DELETE' });
    const list = await fetch(`${server.url}/attachments?x`);
    expect([remove.status, remove.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await remove.json()).toMatchObject({ errors: [{ extensions: { code: 'METHOD_NOT_ALLOWED' } }] });
    expect([list.status, list.headers.get('allow')]).toEqual([405, 'POST']);
    for (const path of ['/', '/attachmentsx', '//', '/graphql']) {
      expect((await fetch(server.url + path)).status).toBe(418);
    }
  });

  it('lets a reader go away in the middle', async () => {
    await using server = await start();
    const url = new URL(await server.uploaded(patterned(9_000_000), 'a', 'video/mp4'));
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`GET ${url.pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    expect(server.handled).not.toContain(`GET ${url.pathname}`);

    socket.destroy();

    await vi.waitFor(() => expect(server.handled).toContain(`GET ${url.pathname}`));
    expect(server.failed).toEqual([]);
    expect((await text(await fetch(url))).length).toBe(9_000_000);
  });
});

it('gives the bytes of small attachments as Base64, and of no large or absent ones', async () => {
  await using store = await temporaryBlobs();
  await using folder = await temporaryFolder();
  await using opened = await openEmbedded(folder.path);
  const attachments = await serviceOf(opened.replica, store.blobs);
  const recordOf = (size: number, hash: string) =>
    ({ id: 'x', size, sha256: hash, filename: undefined, contentType: 'a/b', metadata: {} }) as const;
  await using partial = await store.blobs.createPartial();
  await partial.append(bytes);
  await partial.keep(sha256(bytes));
  const record = recordOf(100_000, sha256(bytes));

  expect(await attachments.base64(record)).toBe(Buffer.from(bytes).toString('base64'));
  expect(await attachments.base64(recordOf(1024 * 1024 + 1, sha256(bytes)))).toBeUndefined();
  expect(await attachments.base64(recordOf(1, sha256(Buffer.of())))).toBeUndefined();
  expect((await buffer(await attachments.open(record, { start: 1, end: 2 }))).equals(bytes.subarray(1, 3))).toBe(true);
  expect(await attachments.state(record)).toBe('LOCAL');
  await attachments.evict(record);
  expect(await attachments.state(record)).toBe('NONE');
  expect(await attachments.fetch(record)).toMatchObject({ status: 'UNAVAILABLE', downloaded: 0, total: 100_000 });
  await attachments.close();
});

function formOf(parts: Record<string, string | File>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(parts)) form.append(name, value);
  return form;
}
