/** Checks whether the server can listen on an address, before anything else is opened. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** @returns Node's error; undefined if listening is possible */
export async function faultOfListening({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<Error | undefined> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
  probe.close();
  await once(probe, 'close');
  return undefined;
}

export const isPortTaken = (error: Error): boolean => 'code' in error && error.code === 'EADDRINUSE';
