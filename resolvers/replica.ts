/** What the replica tells of itself, once and as it changes. */
import type { ReplicaStatus } from '../replica/status.ts';
import type { Context } from './context.ts';
import { type Stream, streamFrom } from './streams.ts';

export const status = (_: unknown, __: unknown, { replica }: Context): ReplicaStatus => replica.status;

/** Only the newest state is worth reading. */
export function liveStatus(_: unknown, __: unknown, { replica, openStream }: Context): Stream<ReplicaStatus> {
  return streamFrom<ReplicaStatus>(openStream, { merge: (_older, newer) => newer }, (stream) => {
    stream.push(replica.status);
    return replica.watchStatus(() => stream.push(replica.status));
  });
}
