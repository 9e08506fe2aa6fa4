/** Apollo Client for a Tideline server: subscriptions over WebSocket, all else over HTTP. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';

/** Where Tideline is: VITE_TIDELINE in the environment of Vite, or where `npm start` serves it. */
export const server = new URL(import.meta.env.VITE_TIDELINE ?? 'http://127.0.0.1:4000');
const endpoint = new URL('/graphql', server).href;

const socket = createClient({
  url: endpoint.replace(/^http/, 'ws'),
  // Without these two graphql-ws gives up while the server restarts.
  retryAttempts: Infinity,
  shouldRetry: () => true,
  retryWait: (retries) => new Promise((resolve) => setTimeout(resolve, Math.min(250 * 2 ** retries, 4_000))),
});

export const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: endpoint }),
  ),
  // The cache knows objects by their `id`, which is unique over all collections.
  cache: new InMemoryCache(),
});
