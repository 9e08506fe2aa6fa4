/** Resolver of the `transactions` subscription: whole transactions, in the order in which this replica applies them. */
import { HistoryUnavailableError, TokenUnreachableError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { LoggedTransaction } from '../replica/replica.ts';
import { decodeToken } from '../replica/token.ts';
import { isSystemCollection } from '../replica/values/collections.ts';
import { checkCollection } from './arguments.ts';
import type { Context } from './context.ts';
import { Source } from './streams.ts';

export interface TransactionsArguments {
  readonly collections?: readonly string[] | null | undefined;
  readonly after?: string | null | undefined;
}

/** @throws {BadUserInputError} @throws {ReplicaBehindError} @throws {HistoryUnavailableError} */
export async function transactions(
  _: unknown,
  args: TransactionsArguments,
  { replica }: Context,
): Promise<Source<LoggedTransaction>> {
  const named = args.collections?.map((name, index) => checkCollection(name, `collections.${index}`)) ?? [];
  const { after } = args;
  if (after !== undefined && after !== null) {
    decodeToken(after, 'after');
    await replica.waitFor(after, limits.tokenWaitMilliseconds).catch((error: unknown) => {
      if (error instanceof TokenUnreachableError) throw new HistoryUnavailableError('the token is of another history');
      throw error;
    });
  }
  const wanted = new Set(named);
  const shows = (collection: string) => (wanted.size > 0 ? wanted.has(collection) : !isSystemCollection(collection));
  const filtered = (tell: (transaction: LoggedTransaction) => void) => (transaction: LoggedTransaction) => {
    const changes = transaction.changes.filter(({ collection }) => shows(collection));
    if (changes.length > 0) tell({ ...transaction, changes });
  };
  return new Source(after, ({ told, ended }) => {
    const stream = replica.transactions(undefined, { told: filtered(told), ended });
    return {
      first: () => undefined,
      merging: undefined,
      tooSlow: ({ token }) =>
        new HistoryUnavailableError('the reader was too slow for the transactions that came', token),
      catchUp: (token, { tell, joined, ended: failed }) =>
        replica.transactions(token, { told: filtered(tell), caughtUp: joined, ended: failed }),
      [Symbol.dispose]: () => stream[Symbol.dispose](),
    };
  });
}
