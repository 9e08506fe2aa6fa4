/** The body of /health/ready, for orchestrators and load balancers. */
import type { ReplicaStatus } from '../../replica/status.ts';

/** A replica is ready once it has caught up, even if it cannot reach the site: it serves reads and journals writes. */
export function healthOf(status: ReplicaStatus, ready: boolean, isClosing: boolean) {
  const { connected, problem = null, id, storage, unsent } = status;
  return { ready, connected, problem: isClosing ? 'this server is shutting down' : problem, id, storage, unsent };
}
