/** What is watched and written, by all servers alike. */

/** Of what is written each time: a document with a sentence in it. */
export const sentence = 'a sentence of about the length that people write to each other, and then some of another one';

/** The id of the operation in a frame is the client's: the same for all here. */
export const subscribeMessage = (query: string, id = '1', variables?: object): string =>
  JSON.stringify({ id, type: 'subscribe', payload: { query, variables } });

/** How the writer and the subscribers of a server speak. */
export interface Speech {
  readonly path: string;
  /** A request that writes `n`; every subscriber is told of it with `"n":<n>`. */
  body(n: number): string;
  /** Undefined: whoever connects is told. */
  readonly subscription: string | undefined;
}

export const rawSpeech: Speech = { path: '/', body: (n) => JSON.stringify({ n }), subscription: undefined };

export const resolverSpeech: Speech = {
  path: '/graphql',
  body: (n) =>
    JSON.stringify({
      query: 'mutation ($n: Int!, $text: String!) { set(n: $n, text: $text) { document { _id } } }',
      variables: { n, text: sentence },
    }),
  subscription: 'subscription { changed { updated { index node { _id n text } } token } }',
};

export const tidelineSpeech: Speech = {
  path: '/graphql',
  body: (n) =>
    JSON.stringify({
      query: 'mutation ($document: JSON!) { upsert(collection: "watched", document: $document) { document { _id } } }',
      variables: { document: { _id: 'd', n, text: sentence } },
    }),
  subscription:
    'subscription { documents(collection: "watched") { updated { index node { _id n: at(path: "n") text: at(path: "text") } } token } }',
};

/** The schema of the servers that are told by pub/sub. */
export const typeDefs = `
  type Document { _id: ID! n: Int! text: String! }
  type Update { index: Int! node: Document! }
  type Event { updated: [Update!]! token: String! }
  type Payload { document: Document! }
  type Query { ready: Boolean! }
  type Mutation { set(n: Int!, text: String!): Payload! }
  type Subscription { changed: Event! }
`;

export interface Written {
  readonly n: number;
  readonly text: string;
}

/** As long as Tideline's token is. */
const token = 'x'.repeat(76);

export const eventOf = ({ n, text }: Written) => ({ updated: [{ index: 0, node: { _id: 'd', n, text } }], token });
