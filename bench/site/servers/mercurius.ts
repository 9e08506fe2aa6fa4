/** Mercurius on Fastify, its just-in-time compiler on. */
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { typeDefs } from '../work.ts';
import { redisWork, resolversOf } from './redis-work.ts';
import { serve } from './serve.ts';

await serve(async ({ redisUrl }) => {
  const app = Fastify();
  await app.register(mercurius, { schema: typeDefs, resolvers: resolversOf(redisWork(redisUrl)), jit: 1 });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  return Number(new URL(address).port);
});
