/** What is asked of all servers alike: to set one field of one of many small documents. */

export interface Write {
  readonly id: string;
  readonly n: number;
}

/** So many documents are written to. */
export const documents = 1_000;

export const writeAt = (index: number): Write => ({ id: `d${index % documents}`, n: index });

/** How a subject is spoken to. */
export interface Speech {
  readonly path: string;
  body(write: Write): string;
  /** What a subscriber sends once it is connected, after connection_init where that is what the protocol has. */
  readonly subscribe: string | undefined;
  /** The protocol of its WebSockets. */
  readonly protocol: string | undefined;
}

const subscribe = (query: string): string => JSON.stringify({ id: '1', type: 'subscribe', payload: { query } });

const graphqlOver = (query: string, subscription: string): Speech => ({
  path: '/graphql',
  body: ({ id, n }) => JSON.stringify({ query, variables: { id, n } }),
  subscribe: subscribe(subscription),
  protocol: 'graphql-transport-ws',
});

/** The bare server's: nothing but what has to be said. */
export const bareSpeech: Speech = {
  path: '/',
  body: (write) => JSON.stringify(write),
  subscribe: undefined,
  protocol: undefined,
};

/** Of servers whose resolver is the bare server's work. */
export const resolverSpeech = graphqlOver(
  'mutation ($id: ID!, $n: Int!) { set(id: $id, n: $n) { document { _id } } }',
  'subscription { changed { document { _id n } } }',
);

export const tidelineSpeech = graphqlOver(
  'mutation ($id: ID!, $n: JSON!) { update(collection: "bench", id: $id, operations: [{ set: { path: "n", value: $n } }]) { document { _id } } }',
  'subscription { documents(collection: "bench") { updated { node { _id n: at(path: "n") } } } }',
);

/** The schema of the servers whose resolver is the bare server's work. */
export const typeDefs = `
  type Document { _id: ID! n: Int! }
  type Payload { document: Document! }
  type Query { ready: Boolean! }
  type Mutation { set(id: ID!, n: Int!): Payload! }
  type Subscription { changed: Payload! }
`;
