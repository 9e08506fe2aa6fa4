/** What a user would pick instead: Apollo Server's way, graphql-ws fed by graphql-redis-subscriptions, through a real Redis. */
import { createServer } from 'node:http';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { useServer } from 'graphql-ws/use/ws';
import { createSchema } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { answerApollo, startApollo } from '../../site/servers/apollo-http.ts';
import { serve } from '../../site/servers/serve.ts';
import { eventOf, typeDefs, type Written } from '../work.ts';

const channel = 'watched';

await serve(async ({ redisUrl }) => {
  const pubSub = new RedisPubSub({ connection: redisUrl });
  const schema = createSchema({
    typeDefs,
    resolvers: {
      Query: { ready: () => true },
      Mutation: {
        set: async (_: unknown, written: Written) => {
          await pubSub.publish(channel, { changed: eventOf(written) });
          return { document: { _id: 'd', ...written } };
        },
      },
      Subscription: { changed: { subscribe: () => pubSub.asyncIterableIterator(channel) } },
    },
  });
  const apollo = await startApollo(schema);
  const server = createServer((request, response) => {
    answerApollo(apollo, request, response).catch(() => response.writeHead(500).end());
  });
  useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
  return server;
});
