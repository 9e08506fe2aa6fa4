/** Apollo Server, subscriptions by graphql-redis-subscriptions and graphql-ws, all on one `node:http` server. */
import { createServer } from 'node:http';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { useServer } from 'graphql-ws/use/ws';
import { createSchema } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { typeDefs, type Write } from '../work.ts';
import { answerApollo, startApollo } from './apollo-http.ts';
import { channel, redisWork, resolversOf } from './redis-work.ts';
import { serve } from './serve.ts';

await serve(async ({ redisUrl }) => {
  const pubSub = new RedisPubSub({ connection: redisUrl });
  const publish = ({ id, n }: Write) => pubSub.publish(channel, { changed: { document: { _id: id, n } } });
  const resolvers = {
    ...resolversOf(redisWork(redisUrl, publish)),
    Subscription: { changed: { subscribe: () => pubSub.asyncIterableIterator(channel) } },
  };
  const schema = createSchema({ typeDefs, resolvers });
  const apollo = await startApollo(schema);
  const server = createServer((request, response) => {
    answerApollo(apollo, request, response).catch(() => response.writeHead(500).end());
  });
  useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
  return server;
});
