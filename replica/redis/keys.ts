/** Keys and channels of a namespace; docs/protocol.md has the table. The braces put all that scripts touch in one slot. */
import type { LogId } from '../crdt/version.ts';

export interface Keys {
  readonly log: string;
  readonly origins: string;
  readonly deltas: string;
  readonly heartbeats: string;
  /** To all, and to one replica. */
  readonly transfer: string;
  stream(log: LogId): string;
  transferTo(replicaId: string): string;
}

/** @param database channels are shared by all databases of a Redis, so those of another than 0 have its number */
export function keysOf(namespace: string, database: number): Keys {
  const key = `{${namespace}}`;
  const channel = database === 0 ? key : `${key}:${database}`;
  return {
    log: `${key}:log`,
    origins: `${key}:origins`,
    deltas: `${channel}:deltas`,
    heartbeats: `${channel}:heartbeats`,
    transfer: `${channel}:transfer`,
    stream: (log) => `${key}:log:${log}`,
    transferTo: (replicaId) => `${channel}:transfer:${replicaId}`,
  };
}
