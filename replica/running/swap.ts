/** Puts a prefix that was loaded beside the state in its place. docs/internals/protocol.md, P31 and P48. */
import { HistoryUnavailableError } from '../../errors.ts';
import type { KeptTransaction } from '../history/kept-entries.ts';
import { recut, stagedAgain } from '../history/staged.ts';
import type { Prefix } from '../state/prefix.ts';
import type { Parts } from './wiring.ts';

/**
 * P31, P48. In one turn; the log is followed from there. What was applied, journaled or staged here and the prefix lacks is
 * handed on, and shown meanwhile.
 * @param changed documents that differ @param lacking what was applied here, and the prefix lacks
 */
export function swapPrefix(
  { state, applier, unsent, outbox, readers, follower, seen }: Parts,
  prefix: Prefix,
  changed: readonly (readonly [collection: string, id: string])[],
  lacking: readonly KeptTransaction[],
): void {
  const { prefix: former } = state;
  if (unsent.isEmpty) seen.clear();
  for (const { marks } of former.kept.histories()) seen.addPrefix(marks);
  seen.addPrefix(former.marks);
  for (const { origin, number } of unsent.within(prefix.origins))
    if (!prefix.wentOnWithout(origin, number)) unsent.cameBack(origin, number, state);
  // These count as in, and are not: the log went on without them.
  applier.goOnWithout(new Map(prefix.skipped.map(({ origin, upTo }) => [origin, upTo])));
  const handedOn = lacking
    .filter(({ delta }) => !unsent.get(delta.origin, delta.number))
    .map((transaction) => stagedAgain(transaction));
  const cut = seen.cutterFor(prefix.history);
  outbox.rebase(handedOn, (transaction) => recut(transaction, cut));
  prefix.kept.goOnFrom(former.kept);
  state.swap(
    prefix,
    changed,
    unsent.reveal(prefix.origins),
    Array.from(unsent.pending(), ({ transaction }) => transaction),
  );
  readers.feed.end(new HistoryUnavailableError('the log does not go on where this replica had read to'));
  follower.resume();
}
