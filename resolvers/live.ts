/** Resolvers of live queries: subscriptions to the result of a query, or to one document. */
import { TokenUnreachableError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { LiveQueryDefinition, ResultChange } from '../replica/query/live/result-change.ts';
import type { StoredDocument } from '../replica/query/stored-document.ts';
import type { LiveEvent, OpenLiveQuery, Replica } from '../replica/replica.ts';
import { decodeToken } from '../replica/token.ts';
import { checkCollection, checkPageSize } from './arguments.ts';
import type { Context } from './context.ts';
import { checkName, liveQueryOf } from './document-names.ts';
import type { DocumentArguments } from './documents.ts';
import { checkFilter, checkOrder, type FilterInput, type OrderInput } from './filters.ts';
import { type DocumentView, encodeGlobalId } from './global-ids.ts';
import { type Merging, type OpenSource, Source } from './streams.ts';

/** One event of a live query, or several merged ones. */
export interface LiveResult extends LiveEvent {
  readonly collection: string;
  readonly merged: number;
}

export type LiveInsertionShape = ResultChange['inserted'][number];
export type LiveRemovalShape = ResultChange['removed'][number] & InView;
export type LiveMoveShape = ResultChange['moved'][number] & InView;

/** The view in which a document was seen; with the `_id` it determines the global id. */
interface InView {
  readonly view: DocumentView;
  readonly collection: string;
}

export const removals =
  (view: DocumentView) =>
  ({ change, collection }: LiveResult): readonly LiveRemovalShape[] =>
    change.removed.map((removal) => ({ ...removal, view, collection }));

export const moves =
  (view: DocumentView) =>
  ({ change, collection }: LiveResult): readonly LiveMoveShape[] =>
    change.moved.map((move) => ({ ...move, view, collection }));

/**
 * A resolver rather than a stored field: it runs once per event and only if selected, as all subscribers share the
 * events.
 */
export const idInView = ({ view, collection, id }: InView & { readonly id: string }): string =>
  encodeGlobalId({ view, collection, id });

/**
 * Waits until this replica has reached the version of `after`. The first event is then the change from there to now, or
 * the whole result.
 * @throws {BadUserInputError} if `after` is not a token @throws {ReplicaBehindError}
 */
export async function openLive(
  { replica }: Context,
  definition: LiveQueryDefinition,
  after: string | null | undefined,
): Promise<Source<LiveResult>> {
  await waitForAfter(replica, after);
  return new Source(after, ({ told }) => new OpenLiveSource(replica, definition, told));
}

/**
 * Waits until this replica has reached the version of a token. Does not wait for a token of another history.
 * @throws {BadUserInputError} if `after` is not a token @throws {ReplicaBehindError}
 */
export async function waitForAfter(replica: Replica, after: string | null | undefined): Promise<void> {
  if (after === null || after === undefined) return;
  decodeToken(after, 'after');
  try {
    await replica.waitFor(after, limits.tokenWaitMilliseconds);
  } catch (error) {
    if (!(error instanceof TokenUnreachableError)) throw error;
  }
}

class OpenLiveSource implements OpenSource<LiveResult>, Merging<LiveResult> {
  readonly #live: OpenLiveQuery;
  readonly #collection: string;

  constructor(replica: Replica, definition: LiveQueryDefinition, told: (event: LiveResult) => void) {
    this.#collection = definition.collection;
    this.#live = replica.live(definition, (event) => told(this.#resultOf(event, 1)));
  }

  get merging(): Merging<LiveResult> {
    return this;
  }

  first(after: string | undefined): LiveResult {
    return this.#resultOf(this.#live.first(after), 1);
  }

  since(missed: LiveResult, _newest: LiveResult, count: number): LiveResult | undefined {
    const event = this.#live.since(missed.change.before);
    return event && this.#resultOf(event, count);
  }

  #resultOf(event: LiveEvent, merged: number): LiveResult {
    return { ...event, collection: this.#collection, merged };
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
  const definition = liveQueryOf(checkName(context, checkCollection(args.collection), args.id));
  context.warnings?.query(definition);
  return openLive(context, definition, args.after);
}

/** The document that a live document shows after an event. */
export const shownDocument = ({ change }: LiveResult): StoredDocument | undefined => change.after.at(0);
