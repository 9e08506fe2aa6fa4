import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A loopback port that nothing listened on a moment ago: for servers that cannot choose one themselves, or must come back
 * on the same one. Outside the range from which systems give ports to clients: a client that keeps trying to connect to a
 * port of that range is given that port itself sooner or later, and finds itself connected to itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) return port;
  }
}

/** Likewise for a node of a cluster, which also listens 10,000 above its port. */
export async function freeClusterPort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 22_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((known) => {
    server.once('error', () => known(false));
    server.listen(port, '127.0.0.1', () => known(true));
  });
  await new Promise((closed) => server.close(closed));
  return free;
}
