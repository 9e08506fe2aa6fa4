/** How much of what was written a client's side of the line has taken. */
import type { Socket } from 'node:net';

/**
 * Bytes that the operating system has taken over from this process. `bytesWritten` counts a chunk as soon as it is handed to
 * libuv, which may hold megabytes of it for minutes. The rest that libuv holds moves with each byte: Node decides by it, too,
 * whether a socket has timed out.
 */
export function takenBytes(socket: Socket): number {
  const handle: unknown = '_handle' in socket ? socket._handle : undefined;
  return numberOf(handle, 'bytesWritten') - numberOf(handle, 'writeQueueSize');
}

function numberOf(handle: unknown, name: 'bytesWritten' | 'writeQueueSize'): number {
  const value = typeof handle === 'object' && handle !== null ? Reflect.get(handle, name) : 0;
  return typeof value === 'number' ? value : 0;
}
