/** Resolvers of the replica's status, as a query and as a subscription. */
import type { ReplicaStatus } from '../replica/status.ts';
import type { Context } from './context.ts';
import { newestOnly, Source } from './streams.ts';

export const status = (_: unknown, __: unknown, { replica }: Context): ReplicaStatus => replica.status;

export const liveStatus = (_: unknown, __: unknown, { replica }: Context): Source<ReplicaStatus> =>
  new Source(undefined, ({ told }) => {
    const watching = replica.watchStatus(() => told(replica.status));
    return {
      first: () => replica.status,
      merging: newestOnly,
      [Symbol.dispose]: () => watching[Symbol.dispose](),
    };
  });
