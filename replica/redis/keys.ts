/**
 * Keys and channels of a namespace; docs/internals/protocol.md has the table. The braces put all keys of the scripts
 * into one slot.
 */
import type { LogId } from '../crdt/version.ts';
import type { GenerationName, LeaseKind } from '../log/snapshots.ts';

export interface Keys {
  readonly log: string;
  readonly origins: string;
  readonly manifest: string;
  /** The list of all generations that have chunks, or may have some. */
  readonly generations: string;
  /** P25. While this key exists the log is not trimmed. */
  readonly kept: string;
  readonly deltas: string;
  readonly heartbeats: string;
  /** The channel to all replicas; transferTo is the channel to one. */
  readonly transfer: string;
  stream(log: LogId): string;
  lease(kind: LeaseKind): string;
  /** Without braces, so that a cluster distributes the chunks. */
  chunk(generation: GenerationName, index: number): string;
  transferTo(replicaId: string): string;
}

/** @param database part of the channel names unless it is 0, as all databases of a Redis share their channels */
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
