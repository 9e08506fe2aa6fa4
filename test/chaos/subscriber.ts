/** A live query as its reader has it: rebuilt from nothing but the changes that it was told, over whatever breaks it off. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { ReplicaProcess } from './site.ts';

interface Shown {
  readonly _id: string;
  readonly value: unknown;
}

interface LiveEvent {
  readonly initial: boolean;
  readonly nodes: readonly { readonly _id: string }[];
  readonly inserted: readonly { readonly index: number; readonly node: Shown }[];
  readonly updated: readonly { readonly index: number; readonly node: Shown }[];
  readonly removed: readonly { readonly index: number; readonly _id: string }[];
  readonly moved: readonly { readonly _id: string; readonly from: number; readonly to: number }[];
  readonly token: string;
}

const query = `subscription ($collection: String!, $orderBy: [Order!], $first: Int, $after: CausalToken) {
  documents(collection: $collection, orderBy: $orderBy, first: $first, after: $after) {
    initial nodes { _id } inserted { index node { _id value } } updated { index node { _id value } }
    removed { index _id reason } moved { _id from to } token
  }
}`;

const freshQuery = `query ($collection: String!, $orderBy: [Order!], $first: Int) {
  documents(collection: $collection, orderBy: $orderBy, first: $first) { nodes { _id value } }
}`;

/** Of what is watched. */
export interface Watched {
  readonly collection: string;
  readonly orderBy: readonly object[];
  readonly first: number | undefined;
}

export const watched: readonly Watched[] = [
  { collection: 'accounts', orderBy: [{ path: 'total', direction: 'DESC' }], first: 5 },
  { collection: 'writers', orderBy: [], first: undefined },
  { collection: 'temporary', orderBy: [], first: 50 },
];

export class Subscriber {
  readonly #replica: ReplicaProcess;
  readonly #watched: Watched;
  readonly #client: Client;
  readonly #reading: Promise<void>;
  #result: readonly Shown[] = [];
  #token: string | undefined;
  #isOpen = true;
  events = 0;
  /** Times that it came back and was told what had changed, in the place of the whole. */
  resumed = 0;
  readonly problems: string[] = [];

  constructor(replica: ReplicaProcess, what: Watched) {
    this.#replica = replica;
    this.#watched = what;
    this.#client = createClient({
      url: replica.socketUrl,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      keepAlive: 1_000,
    });
    this.#reading = this.#read();
  }

  /** Whether it has what a fresh query at its replica gives. */
  async isCurrent(): Promise<boolean> {
    const { data } = await this.#replica.ask(freshQuery, this.#watched);
    const nodes = (data as { documents: { nodes: readonly Shown[] } } | undefined)?.documents.nodes;
    // A replica that is not ready refuses the query.
    return nodes !== undefined && isDeepStrictEqual(this.#result, nodes);
  }

  async difference(): Promise<string> {
    const { data } = await this.#replica.ask(freshQuery, this.#watched);
    return `${this.#replica.name} ${this.#watched.collection}: rebuilt ${JSON.stringify(this.#result)}\nfresh ${JSON.stringify(data)}`;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#client.dispose();
    await this.#reading;
  }

  async #read(): Promise<void> {
    while (this.#isOpen) {
      try {
        let isFirst = true;
        const variables = { ...this.#watched, after: this.#token };
        for await (const { data, errors } of this.#client.iterate<{ documents: LiveEvent }>({ query, variables })) {
          if (errors !== undefined || data === undefined || data === null) break;
          if (isFirst && !data.documents.initial) this.resumed += 1;
          isFirst = false;
          this.#take(data.documents);
        }
      } catch {
        // The connection broke off: it comes back with the token of what it has.
      }
      await sleep(100);
    }
  }

  #take(event: LiveEvent): void {
    this.events += 1;
    this.#token = event.token;
    this.#result = event.initial ? event.inserted.map(({ node }) => node) : changed(this.#result, event);
    const ids = event.nodes.map(({ _id }) => _id);
    const own = this.#result.map(({ _id }) => _id);
    if (!isDeepStrictEqual(own, ids))
      this.problems.push(`an event leads to ${own.join(' ')}, and says ${ids.join(' ')}: ${JSON.stringify(event)}`);
  }
}

/** As the contract says: out with what is removed and moved, by the old indexes; in with the rest, by the new ones. */
function changed(before: readonly Shown[], { inserted, updated, removed, moved }: LiveEvent): readonly Shown[] {
  const gone = new Set([...removed.map(({ index }) => index), ...moved.map(({ from }) => from)]);
  const after = before.filter((_, index) => !gone.has(index));
  const placed = [
    ...inserted.map(({ index, node }) => ({ index, node })),
    ...moved.flatMap(({ from, to }) => {
      const node = before[from];
      return node === undefined ? [] : [{ index: to, node }];
    }),
  ].sort((a, b) => a.index - b.index);
  for (const { index, node } of placed) after.splice(index, 0, node);
  for (const { index, node } of updated) after[index] = node;
  return after;
}
