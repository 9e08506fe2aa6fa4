/** urql: a list in the normalised cache, kept by the events of a live query. Needs graphql-ws beside it. */
import { Client, fetchExchange, gql, subscriptionExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import type { Client as Socket } from 'graphql-ws';
import { type CountryEvent, type CountryList, isCountryEvent, listQuery, watchQuery } from './countries.ts';
import { applyEvent } from './live-list.ts';

export const list = gql<CountryList>(listQuery);

const cache = cacheExchange({
  updates: {
    Subscription: {
      countries(event, _arguments, store) {
        store.updateQuery({ query: list }, (before): CountryList | null => {
          if (!isCountryEvent(event)) return before;
          const nodes = applyEvent(before?.countries.nodes ?? [], event.countries);
          return { countries: { __typename: 'CountryConnection', nodes } };
        });
      },
    },
  },
});

/** @param socket with `retryAttempts: Infinity` and `shouldRetry: () => true`: else graphql-ws gives up while the server is away */
export function createUrqlClient(url: string, socket: Socket): Client {
  const watching = subscriptionExchange({
    forwardSubscription: ({ query = '', variables }) => ({
      subscribe(sink) {
        // graphql-ws sends the variables again when it connects again: from the last event on, nothing is lost or loaded twice.
        const request = { query, variables: { ...variables } };
        const next = (result: { data?: CountryEvent | null }) => {
          request.variables = { ...variables, after: result.data?.countries.token };
          sink.next(result);
        };
        return { unsubscribe: socket.subscribe<CountryEvent>(request, { ...sink, next }) };
      },
    }),
  });
  return new Client({ url, exchanges: [cache, fetchExchange, watching] });
}

/** From now on `useQuery({ query: list, requestPolicy: 'cache-only' })` shows it. */
export function keepList(client: Client) {
  return client.subscription<CountryEvent>(watchQuery, {}).subscribe(() => undefined);
}
