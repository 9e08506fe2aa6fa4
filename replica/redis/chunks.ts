/** Where the chunks of snapshots are: large values, each under a key of its own, which a cluster spreads. */
import type { Cluster, Redis } from 'ioredis';
import { orUnavailable } from './connection/errors.ts';

export interface Chunks {
  put(key: string, bytes: Buffer, keepMilliseconds: number): Promise<void>;
  /** May be repeated. @returns false where it is not there */
  makePermanent(key: string): Promise<boolean>;
  read(key: string): Promise<Uint8Array | undefined>;
  delete(key: string): Promise<void>;
  close(): void;
}

type ChunkCommands = Pick<Redis | Cluster, 'set' | 'persist' | 'exists' | 'getBuffer' | 'unlink'>;

/** @param client gives what takes commands: a connection, or a cluster once it is there */
export function chunksOn(client: () => Promise<ChunkCommands>, close: () => void): Chunks {
  return {
    async put(key, bytes, keepMilliseconds) {
      const redis = await client();
      await orUnavailable(redis.set(key, bytes, 'PX', keepMilliseconds));
    },
    async makePermanent(key) {
      const redis = await client();
      // One that was made permanent before answers 0 as well.
      const [made, there] = await orUnavailable(Promise.all([redis.persist(key), redis.exists(key)]));
      return made === 1 || there === 1;
    },
    async read(key) {
      const redis = await client();
      return (await orUnavailable(redis.getBuffer(key))) ?? undefined;
    },
    async delete(key) {
      const redis = await client();
      await orUnavailable(redis.unlink(key));
    },
    close,
  };
}
