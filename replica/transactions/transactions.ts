/**
 * Begins and commits transactions. At commit the requests run once more if staging has changed, the delta is fixed in the same
 * turn, and its answer is awaited.
 */
import { OutcomeUnknownError, PayloadTooLargeError, TidelineError, TransactionConflictError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { encodeDelta } from '../codec/delta-codec.ts';
import type { HybridClock } from '../crdt/clock.ts';
import type { Delta } from '../crdt/delta.ts';
import { type Context, noOthers, type Origin } from '../crdt/version.ts';
import type { Random } from '../environment/random.ts';
import type { StagedTransaction } from '../history/staged.ts';
import { newDocumentId } from '../log/ids.ts';
import type { Eviction, Journal } from '../log/journal.ts';
import type { Committed } from '../replica.ts';
import type { ReplicaState } from '../state/state.ts';
import type { Transaction } from '../transaction.ts';
import { PrivateView } from './private-view.ts';
import { RecordedTransaction, RequestTransaction } from './requests.ts';

interface Run {
  readonly view: PrivateView;
  readonly again: Transaction | undefined;
}

/** Takes committed transactions. Outbox plays it. */
export interface CommitQueue {
  /** The last number by origin among what waits there and is shown. */
  readonly numbers: ReadonlyMap<Origin, number>;
  /** The highest number that was ever pushed. */
  readonly lastNumber: number;
  /** @throws {StoreUnavailableError} nothing can be taken now */
  checkOpen(): void;
  push(transaction: StagedTransaction): Promise<string>;
  settled(): Promise<string | undefined>;
}

export interface TransactionsOptions {
  readonly state: ReplicaState;
  readonly queue: CommitQueue;
  readonly journal: Journal | undefined;
  readonly clock: HybridClock;
  readonly random: Random;
  readonly origin: Origin;
  /** Numbers of this origin up to here are taken. */
  readonly lastNumber: number;
}

export class Transactions {
  readonly #options: TransactionsOptions;
  /** Transactions that are durable. */
  committed = 0;

  constructor(options: TransactionsOptions) {
    this.#options = options;
  }

  begin(): Transaction {
    const { state, clock, origin, random } = this.#options;
    const base = state.stagingViews.open(state.token);
    const view = new PrivateView(base, { origin, number: this.#nextNumber(), time: clock.tick() });
    return new RequestTransaction(
      view,
      state.stagingVersion,
      () => newDocumentId(random),
      () => base.close(),
    );
  }

  /**
   * Does everything but the answer in this turn. It is not async, so that nothing is held while the answer is awaited.
   * @returns rejects with a TransactionConflictError, PayloadTooLargeError, StoreUnavailableError or OutcomeUnknownError
   */
  commit(transaction: Transaction): Promise<Committed> {
    try {
      return this.#commit(transaction);
    } catch (error) {
      return Promise.reject(error);
    } finally {
      transaction.close();
    }
  }

  #commit(transaction: Transaction): Promise<Committed> {
    const { queue, state } = this.#options;
    queue.checkOpen();
    if (!(transaction instanceof RequestTransaction)) throw new Error('only a transaction that was begun is committed');
    transaction.seal();
    const { view, again } = this.#finalRun(transaction);
    view.checkSizes();
    const operations = view.operations();
    const evictions = view.evictions();
    // Its view is of no use any more; held open, it would keep former states until the answer comes.
    transaction.close();
    const answered = operations.length > 0 ? queue.push(this.#stage(view, operations)) : queue.settled();
    if (evictions.length > 0) return this.#evicted(answered, operations.length > 0, evictions, again);
    return answered.then((token = state.token) => {
      this.committed += 1;
      return { token, again };
    });
  }

  async #evicted(
    answered: Promise<string | undefined>,
    hasWritten: boolean,
    evictions: readonly Eviction[],
    again: Transaction | undefined,
  ): Promise<Committed> {
    const { state, journal } = this.#options;
    await answered;
    try {
      await journal?.saveEvictions(evictions, []);
    } catch (error) {
      // The transaction is in by now: who is told that nothing was written would send it again.
      throw hasWritten ? new OutcomeUnknownError() : error;
    }
    for (const eviction of evictions) state.evict(eviction);
    this.committed += 1;
    return { token: state.token, again };
  }

  /** Runs the requests for the delta, which is made in the same turn. */
  #finalRun(transaction: RequestTransaction): Run {
    const { state, origin, clock } = this.#options;
    if (transaction.stagingVersion === state.stagingVersion) return { view: transaction.view, again: undefined };
    const base = state.stagingViews.open('');
    const view = new PrivateView(base, { origin, number: this.#nextNumber(), time: clock.tick() });
    try {
      const { results, same } = transaction.runAgain(view);
      if (!same) return { view, again: new RecordedTransaction(view, results, () => base.close()) };
    } catch (error) {
      base.close();
      if (!(error instanceof TidelineError)) throw error;
      throw new TransactionConflictError(
        `what this operation read has changed meanwhile (${error.message}): send it again`,
        { cause: error },
      );
    }
    base.close();
    return { view, again: undefined };
  }

  #stage(view: PrivateView, operations: Delta['operations']): StagedTransaction {
    const { state, queue, origin } = this.#options;
    const { head, origins } = state.prefix;
    const numberBefore = queue.numbers.get(origin) ?? origins.get(origin) ?? 0;
    const context = { log: head.log, position: head.position, numberBefore, others: othersOf(origin, queue.numbers) };
    const { number, time } = view;
    const delta: Delta = { origin, number, context, time, operations };
    const bytes = encodeDelta(delta);
    if (bytes.length > limits.transactionBytes)
      throw new PayloadTooLargeError('what this operation writes', bytes.length, limits.transactionBytes);
    const staged: StagedTransaction = { origin, number, numberBefore, bytes, context: head, delta };
    state.stage(staged);
    return staged;
  }

  #nextNumber(): number {
    const { state, queue, origin, lastNumber } = this.#options;
    return Math.max(lastNumber, queue.lastNumber, state.prefix.origins.get(origin) ?? 0) + 1;
  }
}

/** Almost always there are none. */
function othersOf(origin: Origin, numbers: ReadonlyMap<Origin, number>): Context['others'] {
  const isAlone = numbers.size === 0 || (numbers.size === 1 && numbers.has(origin));
  return isAlone ? noOthers : new Map([...numbers].filter(([other]) => other !== origin));
}
