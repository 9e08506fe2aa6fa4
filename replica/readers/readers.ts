/** Notifies live queries, waiting requests, feeds and watchers of the status when the durable state changes. */
import type { Head } from '../crdt/version.ts';
import type { Log } from '../log/log.ts';
import { LiveQueries } from '../query/live/live-queries.ts';
import type { DocumentChange } from '../query/live/result-change.ts';
import type { PreparedTransaction } from '../state/prefix.ts';
import type { ReplicaState, StateWatcher } from '../state/state.ts';
import { TransactionFeed } from './feed.ts';
import type { StatusWatch } from './status-watch.ts';
import type { Waiters } from './waiters.ts';

export class Readers implements StateWatcher {
  readonly live: LiveQueries;
  readonly feed: TransactionFeed;
  readonly #waiters: Waiters;
  readonly #statusWatch: StatusWatch;

  constructor(state: ReplicaState, log: Log, waiters: Waiters, statusWatch: StatusWatch) {
    this.live = new LiveQueries(state.durable);
    this.feed = new TransactionFeed(log, state);
    this.#waiters = waiters;
    this.#statusWatch = statusWatch;
    state.watch(this);
  }

  changed(changes: readonly DocumentChange[]): void {
    if (changes.length > 0) this.live.apply(changes);
    this.#waiters.check();
    this.#statusWatch.later();
  }

  applied(transaction: PreparedTransaction, at: Head): void {
    this.feed.applied(transaction, at);
  }
}
