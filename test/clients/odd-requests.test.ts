/** Nothing that a client sends is answered as an error of the server, by whatever door: it is done, or refused. */
import fc from 'fast-check';
import { buildClientSchema, type GraphQLSchema, getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { limits } from '../../limits.ts';
import { type Choose, chooseBy } from '../server/plans/any-schema.ts';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';
import { type AnyRequest, anyJson, anyRequest } from './any-request.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 150);

let server: EmbeddedServer;
let schema: GraphQLSchema;
beforeAll(async () => {
  server = await openServer();
  const introspected = await server.run(getIntrospectionQuery());
  schema = buildClientSchema(checkedIntrospection(introspected));
  for (const _id of ['a', 'b']) {
    const document = { _id, n: 1, text: 'a', map: { a: 1, b: { c: [1, 2] } } };
    for (const collection of ['t', 'people']) {
      await server.run(
        'mutation ($collection: String!, $document: JSON!) { upsert(collection: $collection, document: $document) { document { _id } } }',
        { collection, document },
      );
    }
  }
});
afterAll(() => server?.[Symbol.asyncDispose]());

function checkedIntrospection(data: unknown): IntrospectionQuery {
  const isIntrospection = (value: unknown): value is IntrospectionQuery =>
    typeof value === 'object' && value !== null && '__schema' in value;
  if (!isIntrospection(data)) throw new Error('no introspection');
  return data;
}

/** The texts of all that was answered; ends with what shows that it was answered at all. */
type Door = (request: AnyRequest) => Promise<readonly string[]>;

/** The beginning of an answer: of a subscription, its first event. */
async function read(response: Response): Promise<string> {
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  if (!isStream) return `${response.status} ${await response.text()}`;
  let text = `${response.status} `;
  if (response.body === null) return text;
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    // Where there is nothing to tell at first, it is a comment.
    if (text.includes('\n\n')) break;
  }
  return text;
}

const post =
  (accept: string): Door =>
  async (request) => {
    const headers = { 'content-type': 'application/json', accept };
    const body = JSON.stringify(request);
    return [await read(await fetch(`${server.url}/graphql`, { method: 'POST', headers, body }))];
  };

const get =
  (accept: string): Door =>
  async (request) => {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(request)) {
      parameters.set(name, typeof value === 'string' ? value : JSON.stringify(value));
    }
    const headers = { accept, 'x-requested-with': 'test' };
    return [await read(await fetch(`${server.url}/graphql?${parameters}`, { headers }))];
  };

/** One connection for all that it lets pass, and another one where it was closed. */
class WebSocketDoor {
  /** All that was told over any of its connections. */
  readonly told: string[] = [];
  #socket: WebSocket | undefined;
  #heard: (() => void) | undefined;
  #ids = 0;

  /** @returns what was told until the operation was answered, or had nothing to tell while something was written */
  async ask(request: AnyRequest): Promise<readonly string[]> {
    const socket = await this.#open();
    const from = this.told.length;
    this.#ids += 1;
    const id = String(this.#ids);
    socket.send(JSON.stringify({ id, type: 'subscribe', payload: request }));
    await server.run('mutation { upsert(collection: "t", document: { _id: "a" }) { document { _id } } }');
    await this.#answered(socket);
    if (this.#socket === socket) socket.send(JSON.stringify({ id, type: 'complete' }));
    return this.told.slice(from);
  }

  /** @returns what was told until another message behind it was answered */
  async send(data: string | Buffer): Promise<readonly string[]> {
    const socket = await this.#open();
    const from = this.told.length;
    socket.send(data);
    await this.#answered(socket);
    return this.told.slice(from);
  }

  close(): void {
    this.#socket?.terminate();
  }

  async #answered(socket: WebSocket): Promise<void> {
    this.#ids += 1;
    const last = `"last":${this.#ids}`;
    socket.send(`{"type":"ping","payload":{${last}}}`);
    await this.#until(() => this.#socket !== socket || (this.told.at(-1) ?? '').includes(last));
  }

  async #open(): Promise<WebSocket> {
    if (this.#socket !== undefined) return this.#socket;
    const socket = new WebSocket(server.socketUrl, 'graphql-transport-ws');
    socket.on('error', () => undefined);
    socket.on('message', (data) => this.#tell(String(data)));
    socket.on('close', (code) => {
      this.#socket = undefined;
      this.#tell(`closed ${code}`);
    });
    await new Promise((opened, failed) => socket.once('open', opened).once('error', failed));
    this.#socket = socket;
    socket.send('{"type":"connection_init"}');
    await this.#until(() => this.told.at(-1) === '{"type":"connection_ack"}');
    return socket;
  }

  #tell(text: string): void {
    this.told.push(text);
    this.#heard?.();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}

const faults = (answers: readonly string[]) =>
  answers.filter((answer) => /INTERNAL_SERVER_ERROR|Unexpected error|^5\d\d |closed (1006|1011|4500)/.test(answer));

const anyChoices = fc.array(fc.nat(9_999), { size: 'max', maxLength: 600 });

function check(ask: (choose: Choose) => Promise<unknown>, times: number) {
  return fc.assert(
    fc.asyncProperty(anyChoices, async (numbers) => {
      await ask(chooseBy(numbers));
    }),
    { numRuns: times },
  );
}

const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}${']}'.repeat(levels / 2)}`;

describe('operations of any kind, with whatever values', () => {
  it.each([
    ['POST', post('application/json')],
    ['POST, strict', post('application/graphql-response+json')],
    ['GET', get('application/json')],
    ['server-sent events', post('text/event-stream')],
    ['server-sent events by GET', get('text/event-stream')],
  ])(
    'are answered or refused by %s',
    async (_, door) => {
      await check(async (choose) => {
        const request = anyRequest(choose, schema);
        expect([faults(await door(request)), request]).toEqual([[], request]);
      }, runs);
    },
    60_000,
  );

  it('are answered or refused by WebSocket', async () => {
    const door = new WebSocketDoor();
    await check(async (choose) => {
      const request = anyRequest(choose, schema);
      expect([faults(await door.ask(request)), request]).toEqual([[], request]);
    }, runs);
    // What was answered later than the next operation.
    expect(faults(door.told)).toEqual([]);
    door.close();
  }, 60_000);
});

describe('messages of any kind over a WebSocket', () => {
  it('are answered, or close the connection as the protocol says', async () => {
    const door = new WebSocketDoor();
    await check(async (choose) => {
      const types = [
        'connection_init',
        'connection_ack',
        'ping',
        'pong',
        'subscribe',
        'next',
        'error',
        'complete',
        'x',
      ];
      const message = {
        ...(choose(10) !== 0 && { type: choose(10) === 0 ? anyJson(choose) : types[choose(types.length)] }),
        ...(choose(3) !== 0 && { id: choose(3) === 0 ? anyJson(choose) : 'a' }),
        ...(choose(3) !== 0 && { payload: choose(2) === 0 ? anyRequest(choose, schema) : anyJson(choose) }),
      };
      const text = JSON.stringify(choose(20) === 0 ? anyJson(choose) : message);
      const sent = choose(20) === 0 ? text.slice(0, choose(text.length)) : text;
      expect([faults(await door.send(sent)), sent]).toEqual([[], sent]);
    }, runs);
    expect(faults(door.told)).toEqual([]);
    door.close();
  }, 60_000);

  it.each([
    ['a ping that is nested too deeply', `{"type":"ping","payload":${nested(8_000)}}`, 4400],
    ['a list without an end', '['.repeat(1_000_000), 4400],
    ['an error, which only servers send', '{"type":"error","id":"1","payload":[{"message":"a"}]}', 4400],
    ['a result, which only servers send', '{"type":"next","id":"1","payload":{}}', 4400],
    ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe]), 4400],
    [
      'a connection_init that is longer than any needs to be',
      `{"type":"connection_init","payload":{"a":"${'x'.repeat(100_000)}"}}`,
      4429,
    ],
    ['a ping that is longer than any needs to be', `{"type":"ping","payload":{"a":"${'x'.repeat(100_000)}"}}`, 4400],
  ])('that are wrong close it with what is wrong: %s', async (_, message, code) => {
    const door = new WebSocketDoor();
    expect(await door.send(message)).toEqual([`closed ${code}`]);
  });

  it('say in no more than a close frame can hold which id is taken', async () => {
    const door = new WebSocketDoor();
    const id = 'ÿ'.repeat(10_000);
    const payload = { query: 'subscription { transactions { token } }' };
    const message = JSON.stringify({ id, type: 'subscribe', payload });
    expect(faults(await door.send(message))).toEqual([]);
    expect(await door.send(message)).toEqual(['closed 4409']);
  });
});

describe('a subscription', () => {
  it.each([
    'subscription { replica @skip(if: true) { id } }',
    'subscription { replica @include(if: false) { id } }',
    'subscription { ... @skip(if: true) { replica { id } } }',
    'subscription { ...F @include(if: false) } fragment F on Subscription { replica { id } }',
    'subscription { ...F } fragment F on Subscription { replica @skip(if: true) { id } }',
    'subscription ($no: Boolean!) { replica @include(if: $no) { id } }',
  ])('that may have no root field is refused, by all doors: %s', async (query) => {
    const refusal = { code: 'GRAPHQL_VALIDATION_FAILED' };
    const request = { query, variables: { no: false } };
    expect((await server.ask(query, { no: false })).errors).toMatchObject([{ extensions: refusal }]);
    const [told] = await post('text/event-stream')(request);
    expect(told).toContain(refusal.code);
    const door = new WebSocketDoor();
    expect((await door.ask(request)).join()).toContain(refusal.code);
    door.close();
  });
});

describe('JSON that is nested too deeply', () => {
  const queries = [
    'subscription ($v: JSON) { documents(collection: "t", where: { path: "a", eq: $v }) { token } }',
    'subscription ($v: Filter) { documents(collection: "t", where: $v) { token } }',
    'query ($v: Filter) { documents(collection: "t", where: $v) { totalCount } }',
    'query ($v: JSON) { documents(collection: "t", where: { path: "a", eq: $v }) { totalCount } }',
    'mutation ($v: JSON!) { upsert(collection: "t", document: $v) { document { _id } } }',
  ];
  const values = [3_000, 8_000, 100_000].flatMap((levels) => [
    nested(levels),
    `${'['.repeat(levels)}${']'.repeat(levels)}`,
    `${'{"and":['.repeat(levels)}{"path":"a","eq":1}${']}'.repeat(levels)}`,
  ]);

  it.each(queries)('is refused by every door: %s', async (query) => {
    const door = new WebSocketDoor();
    for (const value of values) {
      const body = `{"query":${JSON.stringify(query)},"variables":{"v":${value}}}`;
      const told = [...(await door.send(`{"id":"1","type":"subscribe","payload":${body}}`))];
      for (const accept of ['application/json', 'text/event-stream']) {
        const headers = { 'content-type': 'application/json', accept };
        told.push(await read(await fetch(`${server.url}/graphql`, { method: 'POST', headers, body })));
      }
      expect(faults(told)).toEqual([]);
      expect(told.slice(-2).every((text) => text.includes('"errors"'))).toBe(true);
    }
    expect(faults(door.told)).toEqual([]);
    door.close();
  });
});

describe('JSON of too many values', () => {
  const query = 'mutation ($v: JSON!) { upsert(collection: "t", document: $v) { document { _id } } }';
  const value = `{"a":[${'{},'.repeat(limits.requestValues)}{}]}`;
  const body = `{"query":${JSON.stringify(query)},"variables":{"v":${value}}}`;

  it('is refused with the limit by POST, and the server goes on', async () => {
    for (const accept of ['application/json', 'text/event-stream']) {
      const headers = { 'content-type': 'application/json', accept };
      const told = await read(await fetch(`${server.url}/graphql`, { method: 'POST', headers, body }));
      expect(told).toContain(`a request may have at most ${limits.requestValues} JSON values`);
      expect(told).toContain('BAD_REQUEST');
    }
  });

  it('is refused as a multipart form', async () => {
    const form = new FormData();
    form.set('operations', body);
    form.set('map', '{}');
    const told = await read(await fetch(`${server.url}/graphql`, { method: 'POST', body: form }));
    expect(told).toContain(`operations: a request may have at most ${limits.requestValues} JSON values`);
    expect(told).toContain('BAD_USER_INPUT');
  });

  it.each(['"id":"1","type":"subscribe"', '"type":"subscribe", "id":"1"'])(
    'ends the operation that sends it over a WebSocket: %s',
    async (head) => {
      const door = new WebSocketDoor();
      const [told = ''] = await door.send(`{${head},"payload":${body}}`);
      expect(JSON.parse(told)).toMatchObject({
        id: '1',
        type: 'error',
        payload: [{ extensions: { code: 'BAD_REQUEST' } }],
      });
      expect(faults(await door.ask({ query: '{ __typename }' }))).toEqual([]);
      door.close();
    },
  );

  it('closes a WebSocket where no operation can be told', async () => {
    const door = new WebSocketDoor();
    expect(await door.send(`{"payload":${body},"id":"1","type":"subscribe"}`)).toEqual(['closed 4400']);
  });
});
