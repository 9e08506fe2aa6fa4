/** What those are told who start, stop and balance servers. */
import type { ReplicaStatus } from '../replica/status.ts';

/**
 * Ready is who has caught up, also while the site cannot be reached: reads and journaled writes go on.
 * @param isClosing no new requests are wanted
 */
export function healthOf({ ready, connected, problem, id, storage, unsent }: ReplicaStatus, isClosing: boolean) {
  return {
    ready: ready && !isClosing,
    connected,
    problem: isClosing ? 'this server is shutting down' : (problem ?? null),
    id,
    storage,
    unsent,
  };
}
