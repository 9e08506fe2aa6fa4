/** A network between a client and a server that can fail in the ways that networks do. */
import { connect, createServer, type Socket } from 'node:net';

export interface Proxy extends AsyncDisposable {
  readonly port: number;
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
      from.on('data', (chunk: Buffer) => {
        if (delayMilliseconds === 0) to.write(chunk);
        else setTimeout(() => to.write(chunk), delayMilliseconds);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        // A server that dies behind a frozen network is not heard dying.
        if (state === 'healthy' || state === 'cut' || from === client) to.destroy();
        if (client.destroyed && server.destroyed) pairs.delete(pair);
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
