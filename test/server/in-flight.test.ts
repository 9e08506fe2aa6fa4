/** Clients that send slowly, and clients that do not read, against a budget and a pace that they reach at once. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfiguration } from '../../server/configuration.ts';
import { openSystem } from '../../server/system.ts';
import { openTideline, type Tideline } from '../../server/tideline.ts';
import { ByteBudget } from '../../server/traffic/byte-budget.ts';
import type { Pace } from '../../server/traffic/least-rate.ts';
import { eventually } from '../servers/wait.ts';
import { root } from '../tidy/source-files.ts';

const mebibyte = 1024 * 1024;
const patient: Pace = { windowMilliseconds: 600_000, unreadMilliseconds: 600_000 };

let folder: string;
let sockets: Socket[];
let tideline: Tideline;
let budget: ByteBudget;

async function start(pace: Pace, maximumBytes = 4 * mebibyte): Promise<void> {
  budget = new ByteBudget(maximumBytes);
  const environment = { PORT: '0', REPLICA_ID: 'test', LOG_LEVEL: 'silent', DATA_DIR: folder };
  tideline = await openTideline(readConfiguration(environment, 'test', root), {
    ...openSystem('silent'),
    budget,
    pace,
  });
  await tideline.ready;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tideline-in-flight-'));
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await tideline.close();
  await rm(folder, { recursive: true, force: true });
});

function connected(): Socket {
  const { hostname, port } = new URL(tideline.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

const post = (body: string, contentType = 'application/json', length = Buffer.byteLength(body)) =>
  `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${contentType}\r\nContent-Length: ${length}\r\n\r\n${body}`;

/** All that comes until the server closes the connection. */
async function received(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

async function ask(query: string, variables: object = {}, contentType = 'application/json'): Promise<Response> {
  const body = JSON.stringify({ query, variables });
  return fetch(`${tideline.url}/graphql`, { method: 'POST', headers: { 'content-type': contentType }, body });
}

const document = (bytes: number) => ({ document: { _id: 'large', text: 'x'.repeat(bytes) } });
const upsert = 'mutation ($document: JSON!) { upsert(collection: "c", document: $document) { document { _id } } }';
const readLarge = '{ document(collection: "c", id: "large") { value } }';

/** Written a document whose answer is of so many bytes. */
async function writeLarge(bytes: number): Promise<void> {
  const response = await ask(upsert, document(bytes));
  expect(await response.json()).toEqual({ data: { upsert: { document: { _id: 'large' } } } });
  await eventually('the write’s body is released', () => budget.heldBytes === 0);
}

const isBusy = async (response: Response) => {
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'SERVER_BUSY' } }] });
};

describe.each(['application/json', 'application/graphql+json'])('bodies in flight, as %s', (contentType) => {
  it('are held to the budget all together: beyond it requests are refused, and small ones served', async () => {
    await start(patient);
    const senders = Array.from({ length: 20 }, () => connected());
    const part = `{"query":"${' '.repeat(mebibyte - 10)}`;
    for (const sender of senders) sender.write(post(part, contentType, 30 * mebibyte));
    const refused = Promise.all(senders.map(received));
    await eventually('the budget is taken', () => budget.heldBytes > 3 * mebibyte);
    expect(budget.heldBytes).toBeLessThanOrEqual(budget.maximumBytes);
    expect(await (await ask('{ __typename }')).json()).toEqual({ data: { __typename: 'Query' } });
    await eventually('no more than fit are still open', () => {
      return senders.filter(({ destroyed, readableEnded }) => !destroyed && !readableEnded).length <= 4;
    });
    for (const sender of senders) sender.end();
    const answers = await refused;
    const busy = answers.filter((answer) => /^HTTP\/1\.1 503 /.test(answer) && /retry-after: 1/i.test(answer));
    expect(busy.length).toBeGreaterThanOrEqual(16);
    await eventually('the budget is free', () => budget.heldBytes === 0);
    expect(await (await ask(upsert, document(mebibyte))).json()).toHaveProperty('data.upsert');
  });
});

describe('the fields of a form', () => {
  it('are held to the budget, and its files are not', async () => {
    await start(patient, mebibyte);
    const form = (operations: string, file: string) => {
      const data = new FormData();
      data.append('operations', operations);
      data.append('map', '{"f":["variables.f"]}');
      data.append('f', new File([file], 'f'));
      return fetch(`${tideline.url}/graphql`, { method: 'POST', body: data, headers: { 'x-graphql-yoga-csrf': '1' } });
    };
    const operations = (padding: number) => `{"query":"{ __typename }${' '.repeat(padding)}","variables":{"f":null}}`;
    expect((await form(operations(0), 'x'.repeat(4 * mebibyte))).status).toBe(200);
    await eventually('the budget is free', () => budget.heldBytes === 0);
    await isBusy(await form(operations(2 * mebibyte), 'x'));
  });
});

describe('who sends too slowly', () => {
  it('is answered 408, and the connection closes', async () => {
    await start({ windowMilliseconds: 200, unreadMilliseconds: 600_000 });
    const sender = connected();
    sender.write(post('{"query":', 'application/json', 30 * mebibyte));
    const answer = await received(sender);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(answer).toContain('REQUEST_TOO_SLOW');
    const form = connected();
    form.write(
      post('--x\r\n', 'multipart/form-data; boundary=x', mebibyte).replace('\r\n', '\r\nX-GraphQL-Yoga-CSRF: 1\r\n'),
    );
    expect(await received(form)).toMatch(/^HTTP\/1\.1 408 /);
    await eventually('the budget is free', () => budget.heldBytes === 0);
  });
});

describe.each(['application/json', 'application/graphql+json'])('answers in flight, as %s', (contentType) => {
  it('that are large come in pieces, and are what JSON.stringify makes', async () => {
    await start(patient, 32 * mebibyte);
    await writeLarge(3 * mebibyte);
    const response = await ask(readLarge, {}, contentType);
    expect([response.status, response.headers.get('content-length')]).toEqual([200, null]);
    expect(response.headers.get('causality-token')).not.toBeNull();
    expect(await response.text()).toBe(
      JSON.stringify({ data: { document: { value: document(3 * mebibyte).document } } }),
    );
    await eventually('the budget is free', () => budget.heldBytes === 0);
  });

  it('that are not read are held to the budget, and do not keep others from theirs', async () => {
    await start(patient, 20 * mebibyte);
    await writeLarge(8 * mebibyte);
    const readers = Array.from({ length: 8 }, () => connected());
    for (const reader of readers) {
      reader.pause();
      reader.write(post(JSON.stringify({ query: readLarge }), contentType));
    }
    await eventually('the budget is taken', () => budget.heldBytes > 15 * mebibyte);
    expect(budget.heldBytes).toBeLessThanOrEqual(budget.maximumBytes);
    await isBusy(await ask(readLarge, {}, contentType));
    expect(await (await ask('{ __typename }')).json()).toEqual({ data: { __typename: 'Query' } });
    for (const reader of readers) reader.destroy();
    await eventually('the budget is free', () => budget.heldBytes === 0);
    expect((await ask(readLarge, {}, contentType)).status).toBe(200);
  });

  it('that are not read for too long are cut off', async () => {
    await start({ windowMilliseconds: 600_000, unreadMilliseconds: 200 }, 64 * mebibyte);
    await writeLarge(14 * mebibyte);
    const reader = connected();
    reader.pause();
    reader.write(post(JSON.stringify({ query: readLarge }), contentType));
    await eventually('it is taken', () => budget.heldBytes > 0);
    await eventually('it is given up', () => budget.heldBytes === 0);
  });
});

describe('a mutation whose answer is large', () => {
  it('is answered although there is no room: it is done', async () => {
    // The kernel takes megabytes of what is not read: several readers hold more than it takes.
    await start(patient, 20 * mebibyte);
    await writeLarge(8 * mebibyte);
    for (const reader of Array.from({ length: 8 }, () => connected())) {
      reader.pause();
      reader.write(post(JSON.stringify({ query: readLarge })));
    }
    await eventually('the budget is taken', () => budget.heldBytes > 15 * mebibyte);
    const write = 'mutation { upsert(collection: "c", document: { _id: "large", n: 1 }) { document { value } } }';
    const response = await ask(write);
    expect(response.status).toBe(200);
    expect(await response.json()).toHaveProperty('data.upsert.document.value.n', 1);
  });
});
