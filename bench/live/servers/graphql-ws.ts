/** graphql-ws over an in-memory pub/sub, beside GraphQL Yoga for mutations: one process, and nothing that outlives it. */
import { createServer } from 'node:http';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { serve } from '../../site/servers/serve.ts';
import { eventOf, typeDefs, type Written } from '../work.ts';

await serve(async () => {
  const pubSub = createPubSub<{ changed: [event: unknown] }>();
  const schema = createSchema({
    typeDefs,
    resolvers: {
      Query: { ready: () => true },
      Mutation: {
        set: (_: unknown, written: Written) => {
          pubSub.publish('changed', eventOf(written));
          return { document: { _id: 'd', ...written } };
        },
      },
      Subscription: { changed: { subscribe: () => pubSub.subscribe('changed'), resolve: (event: unknown) => event } },
    },
  });
  const yoga = createYoga({ schema, logging: false });
  const server = createServer((request, response) => void yoga(request, response));
  useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
  return server;
});
