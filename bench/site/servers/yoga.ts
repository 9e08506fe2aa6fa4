/** GraphQL Yoga as it comes, on `node:http`. */
import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { typeDefs } from '../work.ts';
import { redisWork, resolversOf } from './redis-work.ts';
import { serve } from './serve.ts';

await serve(async ({ redisUrl }) => {
  const schema = createSchema({ typeDefs, resolvers: resolversOf(redisWork(redisUrl)) });
  const yoga = createYoga({ schema, logging: false });
  return createServer((request, response) => void yoga(request, response));
});
