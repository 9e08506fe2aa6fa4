/** Apollo Server, subscriptions by graphql-redis-subscriptions and graphql-ws, all on one `node:http` server. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { ApolloServer, HeaderMap } from '@apollo/server';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { useServer } from 'graphql-ws/use/ws';
import { createSchema } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { typeDefs, type Write } from '../work.ts';
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
  const apollo = new ApolloServer({ schema });
  await apollo.start();
  const server = createServer((request, response) => {
    answer(apollo, request, response).catch(() => response.writeHead(500).end());
  });
  useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
  return server;
});

/** As its makers say that an integration is made. */
async function answer(apollo: ApolloServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
  const answered = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: {
      method: request.method?.toUpperCase() ?? 'POST',
      headers,
      search: pathname === '' ? '' : search,
      body: JSON.parse(Buffer.concat(chunks).toString()),
    },
    context: async () => ({}),
  });
  for (const [name, value] of answered.headers) response.setHeader(name, value);
  response.statusCode = answered.status ?? 200;
  if (answered.body.kind === 'complete') response.end(answered.body.string);
  else response.writeHead(406).end();
}
