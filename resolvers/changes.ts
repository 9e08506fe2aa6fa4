/** Resolver of `changes`: the documents that changed since a token, for clients that keep a copy. */
import { limits } from '../limits.ts';
import type { ChangesPage } from '../replica/changes-page.ts';
import type { StoredDocument } from '../replica/query/stored-document.ts';
import { checkCollection, checkPageSize } from './arguments.ts';
import type { Context } from './context.ts';
import { checkFilter, type FilterInput } from './filters.ts';
import { waitForAfter } from './live.ts';

export interface ChangesArguments {
  readonly collection: string;
  readonly where?: FilterInput | null | undefined;
  readonly after?: string | null | undefined;
  readonly first?: number | null | undefined;
}

export interface ChangesShape extends Omit<ChangesPage, 'removed'> {
  readonly removed: readonly RemovedDocumentShape[];
}

export type RemovedDocumentShape = Pick<StoredDocument, 'collection' | 'id'>;

/** @throws {BadUserInputError} @throws {ReplicaBehindError} */
export async function since(_: unknown, args: ChangesArguments, context: Context): Promise<ChangesShape> {
  const collection = checkCollection(args.collection);
  const filter = checkFilter(args.where, 'where');
  const first = checkPageSize(args.first, 'first') ?? limits.pageSize;
  context.warnings?.query({ collection, filter });
  await waitForAfter(context.replica, args.after);
  const page = context.replica.changes({ collection, filter, first, after: args.after ?? undefined });
  return { ...page, removed: page.removed.map((id) => ({ collection, id })) };
}
