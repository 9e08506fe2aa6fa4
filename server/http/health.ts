/** What those are told who start, stop and balance servers. */
import type { ReplicaStatus } from '../../replica/status.ts';

/** Ready is who has caught up, also while the site cannot be reached: reads and journaled writes go on. */
export function healthOf(status: ReplicaStatus, ready: boolean, isClosing: boolean) {
  const { connected, problem = null, id, storage, unsent } = status;
  return { ready, connected, problem: isClosing ? 'this server is shutting down' : problem, id, storage, unsent };
}
