/** Commit: the requests run once more where staging has changed, the delta is fixed in one turn, and its answer awaited. */
import { OutcomeUnknownError, PayloadTooLargeError, TidelineError, TransactionConflictError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { encodeDelta } from '../codec/delta-codec.ts';
import type { Delta } from '../crdt/delta.ts';
import { type Context, noOthers, type Origin, type Time } from '../crdt/version.ts';
import type { StagedTransaction } from '../history/staged.ts';
import type { Eviction, Journal } from '../log/journal.ts';
import type { Committed } from '../replica.ts';
import type { ReplicaState } from '../state/state.ts';
import type { Outbox } from '../sync/outbox/outbox.ts';
import type { Transaction } from '../transaction.ts';
import { PrivateView } from './private-view.ts';
import { RecordedTransaction, RequestTransaction } from './requests.ts';

export interface CommitParts {
  readonly state: ReplicaState;
  readonly outbox: Outbox;
  readonly origin: Origin;
  readonly journal: Journal | undefined;
  readonly nextNumber: () => number;
  readonly tick: () => Time;
  /** Of what is durable here now. */
  readonly token: () => string;
  /** Called for each that is durable. */
  readonly committed: () => void;
}

interface Run {
  readonly view: PrivateView;
  readonly again: Transaction | undefined;
}

/**
 * All but the answer is done in this turn. Not async: while the answer is waited for, nothing is held of what led to it.
 * @returns rejects with a TransactionConflictError, PayloadTooLargeError, StoreUnavailableError or OutcomeUnknownError
 */
export function commit(parts: CommitParts, transaction: Transaction): Promise<Committed> {
  try {
    return commitNow(parts, transaction);
  } catch (error) {
    return Promise.reject(error);
  } finally {
    transaction.close();
  }
}

function commitNow(parts: CommitParts, transaction: Transaction): Promise<Committed> {
  const { outbox } = parts;
  outbox.checkOpen();
  if (!(transaction instanceof RequestTransaction)) throw new Error('only a transaction that was begun is committed');
  transaction.seal();
  const { view, again } = finalRun(parts, transaction);
  view.checkSizes();
  const operations = view.operations();
  const evictions = view.evictions();
  // What it read is of no use any more, and would be kept as it was: by what is staged, and while the answer is waited for.
  transaction.close();
  const answered = operations.length > 0 ? outbox.push(stage(parts, view, operations)) : outbox.settled();
  if (evictions.length > 0) return evicted(parts, answered, operations.length > 0, evictions, again);
  return answered.then((token = parts.token()) => {
    parts.committed();
    return { token, again };
  });
}

async function evicted(
  parts: CommitParts,
  answered: Promise<string | undefined>,
  hasWritten: boolean,
  evictions: readonly Eviction[],
  again: Transaction | undefined,
): Promise<Committed> {
  const { state, journal } = parts;
  await answered;
  try {
    await journal?.saveEvictions(evictions, []);
  } catch (error) {
    // The transaction is in by now: who is told that nothing was written would send it again.
    throw hasWritten ? new OutcomeUnknownError() : error;
  }
  for (const eviction of evictions) state.evict(eviction);
  parts.committed();
  return { token: parts.token(), again };
}

/** What is made in one turn with this is what the delta says. */
function finalRun({ state, origin, nextNumber, tick }: CommitParts, transaction: RequestTransaction): Run {
  if (transaction.stagingVersion === state.stagingVersion) return { view: transaction.view, again: undefined };
  const base = state.stagingViews.open('');
  const view = new PrivateView(base, { origin, number: nextNumber(), time: tick() });
  try {
    const { results, same } = transaction.runAgain(view);
    if (!same) return { view, again: new RecordedTransaction(view, results, () => base.close()) };
  } catch (error) {
    base.close();
    if (!(error instanceof TidelineError)) throw error;
    throw new TransactionConflictError(
      `what this operation read has changed meanwhile (${error.message}): send it again`,
      {
        cause: error,
      },
    );
  }
  base.close();
  return { view, again: undefined };
}

/** Almost always there are none. */
function othersOf(origin: Origin, numbers: ReadonlyMap<Origin, number>): Context['others'] {
  const isAlone = numbers.size === 0 || (numbers.size === 1 && numbers.has(origin));
  return isAlone ? noOthers : new Map([...numbers].filter(([other]) => other !== origin));
}

function stage(
  { state, outbox, origin }: CommitParts,
  view: PrivateView,
  operations: Delta['operations'],
): StagedTransaction {
  const { head, origins } = state.prefix;
  const numberBefore = outbox.numbers.get(origin) ?? origins.get(origin) ?? 0;
  const context = { log: head.log, position: head.position, numberBefore, others: othersOf(origin, outbox.numbers) };
  const { number, time } = view;
  const delta: Delta = { origin, number, context, time, operations };
  const bytes = encodeDelta(delta);
  if (bytes.length > limits.transactionBytes)
    throw new PayloadTooLargeError('what this operation writes', bytes.length, limits.transactionBytes);
  const staged: StagedTransaction = { origin, number, numberBefore, bytes, context: head, delta };
  state.stage(staged);
  return staged;
}
