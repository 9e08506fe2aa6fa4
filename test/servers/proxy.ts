/** A network between a client and a server that can fail in the ways that networks do. */
import { connect, createServer, type Socket } from 'node:net';

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** How many pieces are on their way, delayed. */
  readonly held: number;
  /** Ends all connections, and each new one at once, until healed. */
  cut(): void;
  /** Passes nothing on any more, and closes nothing: both ways, or only what the server answers. Until healed. */
  freeze(what?: 'everything' | 'answers'): void;
  /** What comes from now on arrives so much later. */
  delay(milliseconds: number): void;
  /** Passes on again, also what was held back. */
  heal(): void;
}

type State = 'healthy' | 'cut' | 'frozen' | 'answers frozen';

export async function startProxy(target: { readonly port: number }): Promise<Proxy> {
  const pairs = new Set<{ readonly client: Socket; readonly server: Socket }>();
  let state: State = 'healthy';
  let delayMilliseconds = 0;
  const ways = new Set<Way>();

  const update = () => {
    for (const { client, server } of pairs) {
      if (state === 'cut') {
        client.destroy();
        server.destroy();
      }
      if (state === 'frozen') client.pause();
      else client.resume();
      if (state === 'frozen' || state === 'answers frozen') server.pause();
      else server.resume();
    }
  };
  const listener = createServer((client) => {
    const server = connect(target.port, '127.0.0.1');
    const pair = { client, server };
    pairs.add(pair);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const way = new Way(to);
      ways.add(way);
      from.on('data', (chunk: Buffer) => way.pass(chunk, delayMilliseconds));
      from.on('error', () => undefined);
      from.on('close', () => {
        // A server that dies behind a frozen network is not heard dying.
        if (state === 'healthy' || state === 'cut' || from === client) to.destroy();
        if (client.destroyed && server.destroyed) pairs.delete(pair);
        if (to.destroyed) ways.delete(way);
      });
    }
    update();
  });
  await new Promise<void>((listening, failed) => {
    listener.once('error', failed);
    listener.listen(0, '127.0.0.1', listening);
  });
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  const become = (next: State) => {
    state = next;
    update();
  };
  return {
    port: address.port,
    get held() {
      return [...ways].reduce((sum, { held }) => sum + held, 0);
    },
    cut: () => become('cut'),
    freeze: (what = 'everything') => become(what === 'answers' ? 'answers frozen' : 'frozen'),
    delay: (milliseconds) => {
      delayMilliseconds = milliseconds;
    },
    heal: () => {
      delayMilliseconds = 0;
      become('healthy');
      for (const { client, server } of pairs) if (server.destroyed) client.destroy();
    },
    async [Symbol.asyncDispose]() {
      become('cut');
      await new Promise((closed) => listener.close(closed));
    },
  };
}

/** One direction of a connection. What is delayed is overtaken by nothing: a TCP connection has an order. */
class Way {
  readonly #to: Socket;
  readonly #held: { readonly chunk: Buffer; readonly due: number }[] = [];

  constructor(to: Socket) {
    this.#to = to;
  }

  get held(): number {
    return this.#held.length;
  }

  pass(chunk: Buffer, delayMilliseconds: number): void {
    if (delayMilliseconds === 0 && this.#held.length === 0) this.#to.write(chunk);
    else if (this.#held.push({ chunk, due: performance.now() + delayMilliseconds }) === 1) this.#wait();
  }

  #wait(): void {
    const [first] = this.#held;
    if (first) setTimeout(() => this.#passFirst(), first.due - performance.now());
  }

  #passFirst(): void {
    const first = this.#held.shift();
    if (first) this.#to.write(first.chunk);
    this.#wait();
  }
}
