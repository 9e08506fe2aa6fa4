/** What the bare server does with a write, and the resolvers of all others that are no replicas: one HSET and one PUBLISH. */
import { Redis } from 'ioredis';
import type { Write } from '../work.ts';

export const channel = 'changes';

export interface RedisWork {
  readonly redis: Redis;
  set(write: Write): Promise<void>;
}

/** @param publish gives the message to those who subscribed */
export function redisWork(redisUrl: string, publish?: (write: Write) => Promise<unknown>): RedisWork {
  const redis = new Redis(redisUrl);
  const told = publish ?? ((write: Write) => redis.publish(channel, JSON.stringify(write)));
  return {
    redis,
    async set(write) {
      await Promise.all([redis.hset(`bench:${write.id}`, 'n', write.n), told(write)]);
    },
  };
}

export function resolversOf({ set }: RedisWork) {
  return {
    Query: { ready: () => true },
    Mutation: {
      set: async (_: unknown, { id, n }: Write) => {
        await set({ id, n });
        return { document: { _id: id, n } };
      },
    },
  };
}
