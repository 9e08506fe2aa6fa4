/** Apollo Client: a list in the cache, kept by the events of a live query. Needs graphql-ws and rxjs beside it. */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import type { Client } from 'graphql-ws';
import { tap } from 'rxjs';
import { type CountryEvent, type CountryList, listQuery, watchQuery } from './countries.ts';
import { applyEvent } from './live-list.ts';

export const list = gql(listQuery);

/** @param socket with `retryAttempts: Infinity` and `shouldRetry: () => true`: else graphql-ws gives up while the server is away */
export function createApolloClient(url: string, socket: Client): ApolloClient {
  // graphql-ws sends the variables again when it connects again: from the last event on, nothing is lost or loaded twice.
  const resume = new ApolloLink((operation, forward) =>
    forward(operation).pipe(tap(({ data }) => Object.assign(operation.variables, { after: data?.countries?.token }))),
  );
  const watching = ApolloLink.from([resume, new GraphQLWsLink(socket)]);
  const asking = new HttpLink({ uri: url });
  const isWatch = ({ operationType }: ApolloLink.Operation) => operationType === 'subscription';
  return new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.split(isWatch, watching, asking) });
}

/** From now on `useQuery(list, { fetchPolicy: 'cache-only' })` shows it. */
export function keepList(client: ApolloClient) {
  return client.subscribe<CountryEvent>({ query: gql(watchQuery) }).subscribe(({ data }) => {
    if (!data) return;
    client.cache.updateQuery<CountryList>({ query: list }, (before) => {
      const nodes = applyEvent(before?.countries.nodes ?? [], data.countries);
      return { countries: { __typename: 'CountryConnection', nodes } };
    });
  });
}
