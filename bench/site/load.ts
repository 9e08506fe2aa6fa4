/** The load: writers that each wait for their answer, or so many writes a second whose events a subscriber waits for. */
import { WebSocket } from 'ws';
import { answerQuestions } from './child.ts';
import { HttpConnection, requestBytes } from './http-client.ts';
import { bareSpeech, resolverSpeech, type Speech, tidelineSpeech, writeAt } from './work.ts';

export interface Load {
  readonly speech: 'bare' | 'resolver' | 'tideline';
  /** Writers and writes are spread over them. */
  readonly ports: readonly number[];
  readonly writers: number;
  /** Writes a second; undefined: each writer writes again once it is answered. */
  readonly rate?: number | undefined;
  /** Where a subscriber waits for events. */
  readonly subscribeTo?: number | undefined;
}

const speeches: Readonly<Record<Load['speech'], Speech>> = {
  bare: bareSpeech,
  resolver: resolverSpeech,
  tideline: tidelineSpeech,
};

const fail = (problem: string): never => {
  console.error(problem);
  process.exit(1);
};

let answered = 0;
let written = 0;
/** By the number that was written. */
const sentAt = new Map<number, number>();
let delays: number[] = [];
let stop: (() => void) | undefined;

answerQuestions({
  start: (load) => start(load as Load),
  answered: () => answered,
  /** Of events since the last of these questions. */
  delays: () => {
    const taken = delays;
    delays = [];
    return taken;
  },
  stop: () => stop?.(),
});

async function start({ speech: name, ports, writers, rate, subscribeTo }: Load): Promise<void> {
  const speech = speeches[name];
  const connections = Array.from(
    { length: writers },
    (_, index) => new HttpConnection(ports[index % ports.length] ?? 0, fail),
  );
  const next = () => {
    written += 1;
    return requestBytes(speech.path, speech.body(writeAt(written)));
  };
  const subscriber = subscribeTo === undefined ? undefined : await subscribe(speech, subscribeTo);
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  stop = () => {
    isStopped = true;
    clearInterval(timer);
    subscriber?.terminate();
    for (const connection of connections) connection.close();
  };
  if (rate === undefined) {
    for (const connection of connections) {
      const again = () => {
        if (isStopped) return;
        connection.send(next(), () => {
          answered += 1;
          again();
        });
      };
      again();
    }
    return;
  }
  const free = [...connections];
  const begun = performance.now();
  let due = 0;
  timer = setInterval(() => {
    for (const until = ((performance.now() - begun) / 1_000) * rate; due < until; due++) {
      // In turn: servers close a connection on which nothing is asked for a while.
      const connection = free.shift();
      if (connection === undefined) break;
      const request = next();
      sentAt.set(written, performance.now());
      connection.send(request, () => {
        answered += 1;
        free.push(connection);
      });
    }
  }, 1);
}

function subscribe({ path, protocol, subscribe: subscription }: Speech, port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocol ?? []);
  socket.on('error', (error) => fail(String(error)));
  return new Promise((resolve) => {
    const begin = () => {
      if (subscription !== undefined) socket.send(subscription);
      resolve(socket);
    };
    socket.on('open', () => (protocol === undefined ? begin() : socket.send('{"type":"connection_init"}')));
    socket.on('message', (data) => {
      const text = String(data);
      if (text.includes('"connection_ack"')) begin();
      const now = performance.now();
      for (const [, number] of text.matchAll(/"n":(\d+)/g)) {
        const sent = sentAt.get(Number(number));
        if (sent === undefined) continue;
        sentAt.delete(Number(number));
        delays.push(now - sent);
      }
    });
  });
}
