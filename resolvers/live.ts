/** Live queries: subscriptions to the result of a query, or to one document. */
import { TokenUnreachableError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { StoredDocument } from '../replica/documents.ts';
import type { LiveQueryDefinition, ResultChange } from '../replica/query/live-query.ts';
import type { LiveEvent, OpenLiveQuery, Replica } from '../replica/replica.ts';
import { decodeToken } from '../replica/token.ts';
import { checkCollection, checkId, checkPageSize } from './arguments.ts';
import type { Context } from './context.ts';
import type { DocumentArguments } from './documents.ts';
import { checkFilter, checkOrder, type FilterInput, type OrderInput } from './filters.ts';
import { type Merging, type OpenSource, Source } from './streams.ts';

/** One event of a live query, or several merged. */
export interface LiveResult extends LiveEvent {
  readonly merged: number;
}

export type LiveInsertionShape = ResultChange['inserted'][number];
export type LiveRemovalShape = ResultChange['removed'][number];
export type LiveMoveShape = ResultChange['moved'][number];

/**
 * Waits until what `after` shows is here; the first event then goes from there to now, or is the whole result.
 * @throws {BadUserInputError} where it is no token @throws {ReplicaBehindError}
 */
export async function openLive(
  { replica }: Context,
  definition: LiveQueryDefinition,
  after: string | null | undefined,
): Promise<Source<LiveResult>> {
  if (after !== null && after !== undefined) {
    decodeToken(after, 'after');
    try {
      await replica.waitFor(after, limits.tokenWaitMilliseconds);
    } catch (error) {
      if (!(error instanceof TokenUnreachableError)) throw error;
    }
  }
  return new Source(after, ({ told }) => new OpenLiveSource(replica, definition, told));
}

class OpenLiveSource implements OpenSource<LiveResult>, Merging<LiveResult> {
  readonly #live: OpenLiveQuery;

  constructor(replica: Replica, definition: LiveQueryDefinition, told: (event: LiveResult) => void) {
    this.#live = replica.live(definition, (event) => told({ ...event, merged: 1 }));
  }

  get merging(): Merging<LiveResult> {
    return this;
  }

  first(after: string | undefined): LiveResult {
    return { ...this.#live.first(after), merged: 1 };
  }

  since(missed: LiveResult, _newest: LiveResult, count: number): LiveResult | undefined {
    const event = this.#live.since(missed.change.before);
    return event && { ...event, merged: count };
  }

  [Symbol.dispose](): void {
    this.#live[Symbol.dispose]();
  }
}

export interface LiveDocumentsArguments {
  readonly collection: string;
  readonly where?: FilterInput | null | undefined;
  readonly orderBy?: readonly OrderInput[] | null | undefined;
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

export function documents(_: unknown, args: LiveDocumentsArguments, context: Context): Promise<Source<LiveResult>> {
  const definition = {
    collection: checkCollection(args.collection),
    filter: checkFilter(args.where, 'where'),
    order: checkOrder(args.orderBy),
    first: checkPageSize(args.first, 'first'),
  };
  context.warnings?.query(definition);
  return openLive(context, definition, args.after);
}

export interface LiveDocumentArguments extends DocumentArguments {
  readonly after?: string | null | undefined;
}

export function document(_: unknown, args: LiveDocumentArguments, context: Context): Promise<Source<LiveResult>> {
  const definition = documentQuery(checkCollection(args.collection), checkId(args.id, 'id'));
  context.warnings?.query(definition);
  return openLive(context, definition, args.after);
}

/** The live query whose result is one document, or nothing. */
export const documentQuery = (collection: string, id: string): LiveQueryDefinition => ({
  collection,
  filter: { kind: 'eq', path: ['_id'], value: id },
  order: [],
  first: undefined,
});

/** What a live document shows after an event. */
export const shownDocument = ({ change }: LiveResult): StoredDocument | undefined => change.after.at(0);
