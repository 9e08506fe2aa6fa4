/** Writes all documents of a prefix, chunk by chunk, into a listed generation. docs/internals/protocol.md, P22, P26 and P27. */
import { limits } from '../../../limits.ts';
import type { Head } from '../../crdt/version.ts';
import { type Timers, turn } from '../../environment/timers.ts';
import { encodeStoredChunk } from '../../log/chunk.ts';
import type { ListedGeneration, Snapshots } from '../../log/snapshots.ts';
import type { Prefix } from '../../state/prefix.ts';
import { ChunkKeys } from './chunk-keys.ts';

export interface ChunkParts {
  readonly snapshots: Snapshots;
  readonly timers: Timers;
  readonly prefix: Prefix;
  readonly generation: ListedGeneration;
  /** Returns the head as of which a chunk is made; called for each chunk in that turn. */
  readonly label: () => Head;
  readonly chunkKeepMilliseconds: number;
  /** Keys that are looked at in one turn. */
  readonly keysPerTurn: number;
  /** Runs before each chunk and between turns; an error of it ends the writing. */
  readonly renew: () => Promise<void>;
}

/** @returns the bytes of all chunks */
export async function writeChunks(parts: ChunkParts): Promise<number> {
  const { snapshots, timers, prefix, generation, label, chunkKeepMilliseconds, keysPerTurn, renew } = parts;
  const keys = new ChunkKeys(prefix, generation.chunks);
  using _ = await keys.collect(keysPerTurn, async () => {
    await turn(timers);
    await renew();
  });
  let bytes = 0;
  for (let index = 0; index < generation.chunks; index += 1) {
    await renew();
    const { records, removed } = keys.contentsOf(index);
    const at = label();
    // In a log that is going to begin, what was removed before it was removed at its beginning.
    const gone = removed.map((one) => (one.position > at.position ? { ...one, position: at.position } : one));
    const chunk = encodeStoredChunk({ generation: generation.name, index, label: at, records, removed: gone });
    bytes += chunk.length;
    await snapshots.putChunk(generation.name, index, chunk, chunkKeepMilliseconds);
  }
  return bytes;
}

/** @param bytes of all documents, as far as they are known @param chunkDocuments in one chunk, about */
export function chunkCount(prefix: Prefix, bytes: number, chunkDocuments: number): number {
  return Math.max(1, Math.ceil(prefix.size / chunkDocuments), Math.ceil(bytes / limits.chunkBytes));
}
