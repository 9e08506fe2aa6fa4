/** Apollo Server on `node:http`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApolloServer, HeaderMap } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';

export async function startApollo(schema: GraphQLSchema): Promise<ApolloServer> {
  const apollo = new ApolloServer({ schema });
  await apollo.start();
  return apollo;
}

/** As its makers say that an integration is made. */
export async function answerApollo(
  apollo: ApolloServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
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
