/** Everything that is done to a site. Each fault is brought about, held for a while, and taken back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { damagesBesideLog } from '../replica/damages.ts';
import type { Random } from '../simulation/random.ts';
import type { ReplicaProcess, Site } from './site.ts';

export interface Fault {
  readonly name: string;
  /** What it strikes: two faults at once never strike the same. */
  readonly strikes: 'Redis' | 'network' | 'replica';
  /** Milliseconds that it is held for, at least and at most. */
  readonly held: readonly [number, number];
  /** Whether Redis forgets what it acknowledged. */
  readonly losesRedis?: boolean;
  /** Whether a process ends that may know what nobody else does. */
  readonly crashes?: boolean;
  /** @returns how it is taken back */
  begin(site: Site, struck: ReplicaProcess, random: Random): Promise<() => Promise<void> | void>;
}

const brief = [500, 2_500] as const;
/** Longer than what counts as cut off. */
const long = [2_500, 6_000] as const;

export const faults: readonly Fault[] = [
  {
    name: 'Redis killed and restarted',
    strikes: 'Redis',
    held: brief,
    async begin({ redis }) {
      await redis.kill();
      return () => redis.restart();
    },
  },
  {
    name: 'Redis paused',
    strikes: 'Redis',
    held: long,
    async begin({ redis }) {
      redis.pause();
      return () => redis.resume();
    },
  },
  {
    name: 'Redis out of memory',
    strikes: 'Redis',
    held: brief,
    async begin({ redis }) {
      await redis.configure('maxmemory', '1');
      return () => redis.configure('maxmemory', '0');
    },
  },
  {
    name: 'Redis read-only, as after a failover',
    strikes: 'Redis',
    held: brief,
    async begin({ redis }) {
      await redis.client.call('REPLICAOF', '127.0.0.1', '1');
      return async () => {
        await redis.client.call('REPLICAOF', 'NO', 'ONE');
      };
    },
  },
  {
    name: 'subscribers cut off by Redis',
    strikes: 'Redis',
    held: [100, 500],
    async begin({ redis }) {
      await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      return () => undefined;
    },
  },
  {
    name: 'bad bytes in Redis',
    strikes: 'Redis',
    held: [100, 500],
    async begin({ redis: { client } }, _, random) {
      const damages = Object.values(damagesBesideLog);
      const damage = damages[random.below(damages.length)];
      const bytes = () => Buffer.from([0, ...Array.from({ length: random.below(50) }, () => random.below(256))]);
      const log = String(await client.hget('{tideline}:log', 'id'));
      await damage?.({ client, namespace: 'tideline', log }, bytes);
      return () => undefined;
    },
  },
  {
    name: 'network of one replica cut',
    strikes: 'network',
    held: long,
    async begin(_, { proxy }) {
      proxy.cut();
      return () => proxy.heal();
    },
  },
  {
    name: 'network of all replicas cut',
    strikes: 'network',
    held: long,
    async begin({ replicas }) {
      for (const { proxy } of replicas) proxy.cut();
      return () => {
        for (const { proxy } of replicas) proxy.heal();
      };
    },
  },
  {
    name: 'network frozen',
    strikes: 'network',
    held: long,
    async begin(_, { proxy }) {
      proxy.freeze();
      return () => proxy.heal();
    },
  },
  {
    name: 'answers of Redis frozen',
    strikes: 'network',
    held: long,
    async begin(_, { proxy }) {
      proxy.freeze('answers');
      return () => proxy.heal();
    },
  },
  {
    name: 'network slow',
    strikes: 'network',
    held: long,
    async begin(_, { proxy }, random) {
      proxy.delay(random.within([50, 800]));
      return () => proxy.heal();
    },
  },
  {
    name: 'replica killed and restarted on its disk',
    strikes: 'replica',
    crashes: true,
    held: brief,
    async begin(_, struck) {
      await struck.kill();
      return () => struck.start();
    },
  },
  {
    name: 'replica killed while it is cut off',
    strikes: 'replica',
    crashes: true,
    held: brief,
    async begin(_, struck, random) {
      struck.proxy.cut();
      await sleep(random.within([2_000, 3_000]));
      await struck.kill();
      return async () => {
        struck.proxy.heal();
        await struck.start();
      };
    },
  },
  {
    name: 'replica stopped in good order and restarted',
    strikes: 'replica',
    crashes: true,
    held: brief,
    async begin(_, struck) {
      await struck.stop();
      return () => struck.start();
    },
  },
  {
    name: 'all replicas killed and restarted on their disks',
    strikes: 'replica',
    crashes: true,
    held: brief,
    async begin({ replicas }) {
      await Promise.all(replicas.map((replica) => replica.kill()));
      return async () => {
        await Promise.all(replicas.map((replica) => replica.start()));
      };
    },
  },
  {
    name: 'replica paused',
    strikes: 'replica',
    held: [1_000, 12_000],
    async begin(_, struck) {
      struck.pause();
      return () => struck.resume();
    },
  },
  // From here on, what only the replicas can bring back.
  {
    name: 'Redis wiped',
    strikes: 'Redis',
    held: [100, 500],
    losesRedis: true,
    async begin({ redis }) {
      await redis.wipe();
      return () => undefined;
    },
  },
  {
    name: 'Redis replaced by an empty one',
    strikes: 'Redis',
    held: [100, 500],
    losesRedis: true,
    async begin(site) {
      await site.restartRedisWith('nothing');
      return () => undefined;
    },
  },
  {
    name: 'Redis rolled back to an older copy',
    strikes: 'Redis',
    held: [100, 500],
    losesRedis: true,
    async begin(site, _, random) {
      await site.copyRedis();
      await sleep(random.within([500, 3_000]));
      await site.restartRedisWith('the copy');
      return () => undefined;
    },
  },
  {
    name: 'two masters: one replica is led to a copy of Redis, and back',
    strikes: 'Redis',
    held: long,
    losesRedis: true,
    async begin(site, struck) {
      const twin = await site.twin();
      struck.lead(twin);
      return async () => {
        struck.lead(site.redis);
        await twin[Symbol.asyncDispose]();
      };
    },
  },
];
