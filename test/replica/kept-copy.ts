/** A client that keeps a copy of a collection by `changes`, and what it should have. */
import { documentValue } from '../../replica/crdt/document.ts';
import { compileFilter, type Filter } from '../../replica/query/filters/filter.ts';
import type { StoredDocument } from '../../replica/query/stored-document.ts';
import { jsonFromValue } from '../../replica/values/json.ts';
import type { OpenReplica } from './replicas.ts';

/** Until the end of a copy; more would be one that never ends. */
const mostPages = 10_000;

export class KeptCopy {
  readonly #collection: string;
  readonly #filter: Filter | undefined;
  readonly #documents = new Map<string, string>();
  #token: string | undefined;
  /** How often all was told anew. */
  initial = 0;

  constructor(collection: string, filter: Filter | undefined) {
    this.#collection = collection;
    this.#filter = filter;
  }

  /** @returns whether there is more */
  async readPage({ replica }: OpenReplica, first: number): Promise<boolean> {
    if (this.#token !== undefined) await replica.waitFor(this.#token, 10_000).catch(ignoreUnreachable);
    const request = { collection: this.#collection, filter: this.#filter, first, after: this.#token };
    const { initial, documents, removed, token, hasMore } = replica.changes(request);
    if (initial) {
      this.initial += 1;
      this.#documents.clear();
    }
    for (const document of documents) this.#documents.set(document.id, shown(document));
    for (const id of removed) this.#documents.delete(id);
    this.#token = token;
    return hasMore;
  }

  async readAll(replica: OpenReplica, first: number): Promise<void> {
    for (let pages = 0; await this.readPage(replica, first); pages += 1)
      if (pages > mostPages) throw new Error('the copy comes to no end');
  }

  get has(): Record<string, string> {
    return sorted(this.#documents);
  }

  /** What a query gives. */
  shouldHave({ replica }: OpenReplica): Record<string, string> {
    using view = replica.read();
    const matches = compileFilter(this.#filter);
    const found = new Map<string, string>();
    for (const document of view.all(this.#collection)) if (matches(document)) found.set(document.id, shown(document));
    return sorted(found);
  }
}

const sorted = (documents: ReadonlyMap<string, string>) => Object.fromEntries([...documents].sort(byId));
const byId = ([a]: readonly [string, string], [b]: readonly [string, string]) => (a < b ? -1 : 1);

const shown = ({ state }: StoredDocument): string => JSON.stringify(jsonFromValue(documentValue(state)));

function ignoreUnreachable(error: Error & { code?: unknown }): void {
  if (error.code !== 'TOKEN_UNREACHABLE') throw error;
}
