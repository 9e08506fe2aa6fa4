/** A server as a process of this bench: it listens, says where, and how much of the processor it has taken. */
import type { Server } from 'node:http';
import { answerQuestions, cpuMicroseconds } from '../child.ts';

export interface ServerOptions {
  readonly redisUrl: string;
}

/** @param open gives a server that does not listen yet, or the port of one that does */
export async function serve(open: (options: ServerOptions) => Promise<Server | number>): Promise<void> {
  const [redisUrl = ''] = process.argv.slice(2);
  const opened = await open({ redisUrl });
  const port = typeof opened === 'number' ? opened : await listen(opened);
  answerQuestions({ port: () => port, cpu: cpuMicroseconds });
}

export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
