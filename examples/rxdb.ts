/** RxDB: a copy of a collection, kept by `changes`; a live query tells when there are some. Needs graphql-ws and rxjs beside it. */
import type { Client } from 'graphql-ws';
import type { RxCollection } from 'rxdb';
import { replicateRxCollection } from 'rxdb/plugins/replication';
import { Observable } from 'rxjs';

export interface Row {
  readonly _id: string;
  readonly text?: string;
}

export interface ChangesOfRows {
  readonly changes: {
    readonly initial: boolean;
    readonly documents: readonly { readonly value: Row }[];
    readonly removed: readonly Row[];
    readonly token: string;
    readonly hasMore: boolean;
  };
}

export const changesQuery = `query ($after: CausalToken, $first: Int) {
  changes(collection: "notes", after: $after, first: $first) {
    initial documents { value } removed { _id } token hasMore
  }
}`;
const watchQuery = 'subscription { documents(collection: "notes") { token } }';

/**
 * @param ask sends `changesQuery` with its variables, by POST, and gives the data of the answer
 * @param socket with `retryAttempts: Infinity` and `shouldRetry: () => true`: else graphql-ws gives up while the server is away
 */
export function keepCopy(
  collection: RxCollection<Row>,
  ask: (variables: object) => Promise<ChangesOfRows>,
  socket: Client,
) {
  const toldOf = new Observable<'RESYNC'>((reader) =>
    socket.subscribe(
      { query: watchQuery },
      { next: () => reader.next('RESYNC'), error: (error) => reader.error(error), complete: () => reader.complete() },
    ),
  );
  async function pull(checkpoint: { token: string } | undefined, first: number) {
    const rows = new Map<string, Row & { _deleted: boolean }>();
    for (let after = checkpoint?.token; ; ) {
      const { initial, documents, removed, token, hasMore } = (await ask({ after, first })).changes;
      // Everything follows: what is here and is not told until there is no more is gone.
      if (initial) for (const { _id } of await collection.find().exec()) rows.set(_id, { _id, _deleted: true });
      for (const { value } of documents) rows.set(value._id, { ...value, _deleted: false });
      for (const { _id } of removed) rows.set(_id, { _id, _deleted: true });
      if (!hasMore) return { documents: [...rows.values()], checkpoint: { token } };
      after = token;
    }
  }
  const replicationIdentifier = 'tideline-notes';
  return replicateRxCollection({ collection, replicationIdentifier, pull: { handler: pull, stream$: toldOf } });
}
