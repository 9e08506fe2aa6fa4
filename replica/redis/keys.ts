/** Keys and channels of a namespace; docs/internals/protocol.md has the table. The braces put all that scripts touch in one slot. */
import type { LogId } from '../crdt/version.ts';
import type { GenerationName, LeaseKind } from '../log/snapshots.ts';

export interface Keys {
  readonly log: string;
  readonly origins: string;
  readonly manifest: string;
  /** The list of all generations that have chunks, or may have. */
  readonly generations: string;
  /** P25. While it is there the log is not trimmed. */
  readonly kept: string;
  readonly deltas: string;
  readonly heartbeats: string;
  /** To all, and to one replica. */
  readonly transfer: string;
  stream(log: LogId): string;
  lease(kind: LeaseKind): string;
  /** Without braces: a cluster spreads them. */
  chunk(generation: GenerationName, index: number): string;
  transferTo(replicaId: string): string;
}

/** @param database channels are shared by all databases of a Redis, so those of another than 0 have its number */
export function keysOf(namespace: string, database: number): Keys {
  const key = `{${namespace}}`;
  const channel = database === 0 ? key : `${key}:${database}`;
  return {
    log: `${key}:log`,
    origins: `${key}:origins`,
    manifest: `${key}:snapshot`,
    generations: `${key}:snapshots`,
    kept: `${key}:lease:keep`,
    deltas: `${channel}:deltas`,
    heartbeats: `${channel}:heartbeats`,
    transfer: `${channel}:transfer`,
    lease: (kind) => `${key}:lease:${kind}`,
    chunk: (generation, index) => `${namespace}:snapshot:${generation}:${index}`,
    stream: (log) => `${key}:log:${log}`,
    transferTo: (replicaId) => `${channel}:transfer:${replicaId}`,
  };
}
