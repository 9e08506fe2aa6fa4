/** The other side: a writer, and so many subscribers that wait to be told of what it writes. */
import { WebSocket } from 'ws';
import { answerQuestions } from '../site/child.ts';
import { HttpConnection, requestBytes } from '../site/http-client.ts';
import { rawSpeech, resolverSpeech, type Speech, subscribeMessage, tidelineSpeech } from './work.ts';

export interface Watching {
  readonly speech: 'raw' | 'resolver' | 'tideline';
  readonly port: number;
  /** A socket each, all with one subscription. */
  readonly subscribers: number;
}

/** Subscriptions of different filters: as many as are asked for, on as few sockets as the server allows. */
export interface Filters {
  readonly port: number;
  readonly count: number;
  readonly kind: 'equal' | 'range' | 'same';
}

const speeches: Readonly<Record<Watching['speech'], Speech>> = {
  raw: rawSpeech,
  resolver: resolverSpeech,
  tideline: tidelineSpeech,
};
const subscriptionsPerSocket = 1_000;
/** Sockets that connect at once. */
const connecting = 100;

const fail = (problem: string): never => {
  console.error(problem);
  process.exit(1);
};

let sockets: WebSocket[] = [];
let writer: HttpConnection | undefined;
/** Told of each message that is an event. */
let received: (text: string) => void = () => {};

answerQuestions({
  watch: (watching) => watch(watching as Watching),
  /** Writes so often, each once all were told of the one before. @returns milliseconds from each write to each of its events */
  write: (count) => writeInTurn(Number(count)),
  filter: (filters) => filter(filters as Filters),
  writeMatching: (count) => writeMatching(Number(count)),
  close: () => {
    for (const socket of sockets) socket.terminate();
    sockets = [];
    writer?.close();
  },
});

let speech: Speech = rawSpeech;
let written = 0;

async function watch({ speech: name, port, subscribers }: Watching): Promise<void> {
  speech = speeches[name];
  const { subscription } = speech;
  for (let begun = 0; begun < subscribers; begun += connecting) {
    const some = Array.from({ length: Math.min(connecting, subscribers - begun) }, () => connect(port, speech));
    sockets.push(...(await Promise.all(some)));
  }
  // Only now: servers close a connection on which nothing is asked for a while.
  writer = new HttpConnection(port, fail);
  if (subscription !== undefined) for (const socket of sockets) socket.send(subscribeMessage(subscription));
  // A write that all are told of says that all are subscribed to.
  while (!(await isToldToAll())) await new Promise((resolve) => setTimeout(resolve, 100));
}

async function isToldToAll(): Promise<boolean> {
  const patience = new Promise<false>((resolve) => setTimeout(() => resolve(false), 2_000));
  return await Promise.race([writeOne().then(() => true), patience]);
}

async function writeInTurn(count: number): Promise<number[]> {
  const delays: number[] = [];
  for (let turn = 0; turn < count; turn++) delays.push(...(await writeOne()));
  return delays;
}

/** @returns the delays of its events, once all subscribers have theirs */
async function writeOne(): Promise<readonly number[]> {
  written += 1;
  const mark = `"n":${written},`;
  const delays: number[] = [];
  const begun = performance.now();
  const toldAll = new Promise<void>((resolve) => {
    received = (text) => {
      if (!text.includes(mark)) return;
      delays.push(performance.now() - begun);
      if (delays.length === sockets.length) resolve();
    };
  });
  await post(speech.path, speech.body(written));
  await toldAll;
  return delays;
}

async function filter({ port, count, kind }: Filters): Promise<void> {
  speech = tidelineSpeech;
  for (let begun = 0; begun < count; begun += subscriptionsPerSocket) sockets.push(await connect(port, speech));
  let first = 0;
  const allBegun = new Promise<void>((resolve) => {
    received = () => {
      first += 1;
      if (first === count) resolve();
    };
  });
  for (let index = 0; index < count; index++) {
    const socket = sockets[Math.floor(index / subscriptionsPerSocket)];
    const where =
      kind === 'equal'
        ? { path: 'n', eq: index }
        : kind === 'range'
          ? { path: 'n', gte: index * 10, lt: index * 10 + 10 }
          : { path: 'n', eq: -1 };
    const query =
      'subscription ($where: Filter) { documents(collection: "filtered", where: $where) { updated { node { _id } } inserted { index } token } }';
    socket?.send(subscribeMessage(query, `s${index}`, { where }));
  }
  await allBegun;
  writer = new HttpConnection(port, fail);
}

/** Writes so often what one of the filters matches, each once its subscriber was told of the one before. */
async function writeMatching(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    written += 1;
    const isTold = new Promise<void>((resolve) => {
      received = () => resolve();
    });
    const document = { _id: 'f', n: 5, turn: written };
    const query =
      'mutation ($document: JSON!) { upsert(collection: "filtered", document: $document) { document { _id } } }';
    await post('/graphql', JSON.stringify({ query, variables: { document } }));
    await isTold;
  }
}

function post(path: string, body: string): Promise<void> {
  return new Promise((resolve) => writer?.send(requestBytes(path, body), () => resolve()));
}

function connect(port: number, { path, subscription }: Speech): Promise<WebSocket> {
  const isBare = subscription === undefined;
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, isBare ? [] : 'graphql-transport-ws', {
    perMessageDeflate: false,
  });
  socket.on('error', (error) => fail(String(error)));
  return new Promise((resolve) => {
    socket.on('open', () => (isBare ? resolve(socket) : socket.send('{"type":"connection_init"}')));
    socket.on('message', (data) => {
      const text = String(data);
      if (text.includes('"connection_ack"')) resolve(socket);
      else if (text.includes('"error"')) fail(text);
      else received(text);
    });
  });
}
