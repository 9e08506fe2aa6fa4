/** The storage of snapshot chunks in Redis: large values, one key each, which a cluster distributes. */
import type { Cluster, Redis } from 'ioredis';
import { orUnavailable } from './connection/errors.ts';

export interface Chunks {
  put(key: string, bytes: Buffer, keepMilliseconds: number): Promise<void>;
  /** May be repeated. @returns false if the chunk does not exist */
  makePermanent(key: string): Promise<boolean>;
  read(key: string): Promise<Uint8Array | undefined>;
  delete(key: string): Promise<void>;
  close(): void;
}

type ChunkCommands = Pick<Redis | Cluster, 'set' | 'persist' | 'exists' | 'getBuffer' | 'unlink'>;

/** @param client resolves to a client that accepts commands: a connection, or a cluster once it is connected */
export function chunksOn(client: () => Promise<ChunkCommands>, close: () => void): Chunks {
  return {
    async put(key, bytes, keepMilliseconds) {
      const redis = await client();
      await orUnavailable(redis.set(key, bytes, 'PX', keepMilliseconds));
    },
    async makePermanent(key) {
      const redis = await client();
      // PERSIST also returns 0 for a chunk that is permanent already, so ask whether it exists.
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
