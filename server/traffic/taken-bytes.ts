/** Measures how many written bytes the client's side has received. */
import type { Socket } from 'node:net';

/**
 * The bytes that the operating system has accepted from this process. Node's `bytesWritten` counts a chunk as soon as
 * it is passed to libuv, which may hold megabytes of it for minutes. libuv's queue size changes with each byte sent;
 * Node also uses it to decide whether a socket has timed out.
 */
export function takenBytes(socket: Socket): number {
  const handle: unknown = '_handle' in socket ? socket._handle : undefined;
  return numberOf(handle, 'bytesWritten') - numberOf(handle, 'writeQueueSize');
}

function numberOf(handle: unknown, name: 'bytesWritten' | 'writeQueueSize'): number {
  const value = typeof handle === 'object' && handle !== null ? Reflect.get(handle, name) : 0;
  return typeof value === 'number' ? value : 0;
}
