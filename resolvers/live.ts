/** Live queries: subscriptions to the result of a query, or to one document. */
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

/** One event of a live query, or several merged. */
export interface LiveResult extends LiveEvent {
  readonly collection: string;
  readonly merged: number;
}

export type LiveInsertionShape = ResultChange['inserted'][number];
export type LiveRemovalShape = ResultChange['removed'][number] & InView;
export type LiveMoveShape = ResultChange['moved'][number] & InView;

/** Where a document was seen: with its `_id`, its global id is made of that. */
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

/** Worked out once an event, and where it is asked for: all subscribers of a query share its events. */
export const idInView = ({ view, collection, id }: InView & { readonly id: string }): string =>
  encodeGlobalId({ view, collection, id });

/**
 * Waits until what `after` shows is here; the first event then goes from there to now, or is the whole result.
 * @throws {BadUserInputError} where it is no token @throws {ReplicaBehindError}
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
 * Waits until what a token shows is here; one of another history does not keep anybody waiting.
 * @throws {BadUserInputError} where `after` is no token @throws {ReplicaBehindError}
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

/** What a live document shows after an event. */
export const shownDocument = ({ change }: LiveResult): StoredDocument | undefined => change.after.at(0);
