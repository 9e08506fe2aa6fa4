/**
 * Who looks at one replica all the time, by live queries, views and feeds, and says what it must never show: half a
 * transaction, an effect before its cause, a counter that is not the sum of what was counted, anything taken back, or
 * another state than the log's at a position.
 */

import { conflictsOf, documentExists, documentValue } from '../../replica/crdt/document.ts';
import type { DocumentState } from '../../replica/crdt/document-node.ts';
import type { LiveQueryDefinition } from '../../replica/query/live/result-change.ts';
import type { StoredDocument } from '../../replica/query/stored-document.ts';
import type { LiveEvent, Replica } from '../../replica/replica.ts';
import { decodeToken } from '../../replica/token.ts';
import type { View } from '../../replica/view.ts';
import { FeedReader } from './feed-reader.ts';
import { type EventFacts, factsOf, type Ledger } from './ledger.ts';
import { LiveResult } from './live-result.ts';
import { eventCollection, type Oracle, sameState } from './oracle.ts';
import type { Random } from './random.ts';
import type { ReaderThatLeft } from './returning-reader.ts';

export const counterCollection = 'counters';
export const pairCollection = 'pairs';
export const serialCollection = 'serials';
export const evictedCollection = 'evicted';

export interface ObserverParts {
  readonly name: string;
  readonly replica: Replica;
  readonly ledger: Ledger;
  /** Of the Redis that it has now. */
  readonly oracle: () => Oracle;
  readonly isAlive: () => boolean;
  /** Whether the log has ever gone back: then a replica may stand where the log never was. */
  readonly wentBack: () => boolean;
  /** The last position that is in the log no more. */
  readonly trimmedUpTo: () => number;
  /** Whether its clock has jumped: views, and feeds that read one, may end early. */
  readonly clockJumped: () => boolean;
  /** Whether a document with its last touch was evicted here: surely, perhaps, or not. */
  readonly eviction: (document: StoredDocument) => 'sure' | 'perhaps' | 'none';
  readonly violation: (problem: string) => void;
}

const everythingIn = (collection: string): LiveQueryDefinition => ({
  collection,
  filter: undefined,
  order: [],
  first: undefined,
});

export class Observer {
  readonly #parts: ObserverParts;
  readonly #results: LiveResult[] = [];
  readonly #events = new Map<string, EventFacts>();
  readonly #sums = new Map<string, number>();
  readonly #serials = new Map<string, number>();
  /** Stamps that a shown event saw in a pair and wrote over. */
  readonly #superseded = new Map<string, Set<string>>();
  readonly #feeds = new Set<FeedReader>();
  #new: EventFacts[] = [];
  #changed = false;
  #position = 0;
  /** The furthest shown of each log. */
  readonly #furthest = new Map<string, { readonly position: number; readonly mark: string }>();

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  get shown(): ReadonlyMap<string, EventFacts> {
    return this.#events;
  }

  /** Documents that may be evicted, as they are shown. */
  get evicted(): readonly StoredDocument[] {
    return this.#documentsOf(evictedCollection);
  }

  get position(): number {
    return this.#position;
  }

  /** Called once the replica is ready. @param queries more live queries to keep an eye on */
  open(queries: readonly LiveQueryDefinition[]): void {
    const watched = [eventCollection, counterCollection, pairCollection, serialCollection, evictedCollection];
    for (const definition of [...watched.map(everythingIn), ...queries]) {
      const result = new LiveResult(definition);
      this.#results.push(result);
      const live = this.#parts.replica.live(definition, (event) => this.#told(result, event));
      this.#told(result, live.first());
    }
    this.readFeed(undefined);
  }

  /** @param after a token that this replica shows, or undefined: from now on */
  readFeed(after: string | undefined): void {
    const { replica, violation, isAlive, wentBack, clockJumped, trimmedUpTo } = this.#parts;
    const { oracle } = this.#parts;
    using view = replica.read();
    const feed = new FeedReader(decodeToken(after ?? view.token, 'after'), oracle, after !== undefined);
    this.#feeds.add(feed);
    replica.transactions(after, {
      told: (transaction) => {
        // It may be told of a history that is gone by now: two masters have logs of one name.
        const { log, position, mark } = decodeToken(transaction.token, 'token');
        const isGone = oracle().log !== log || !oracle().markAt(position)?.startsWith(mark);
        if (!isAlive()) return;
        if (wentBack() && isGone) {
          feed.takeWhileGone(position, mark);
          return;
        }
        const problem = feed.take(transaction);
        if (problem !== undefined) violation(problem);
      },
      ended: (error) => {
        this.#feeds.delete(feed);
        const code = 'code' in error ? error.code : undefined;
        const mayEnd =
          code === 'LOG_UNAVAILABLE' ||
          code === 'STORE_UNAVAILABLE' ||
          (code === 'HISTORY_UNAVAILABLE' && (clockJumped() || feed.position < trimmedUpTo()));
        if (isAlive() && !wentBack() && !mayEnd) violation(`a feed ended: ${error.message}`);
      },
    });
  }

  /** Called when nothing goes on by itself. */
  check(): void {
    if (!this.#changed) return;
    this.#changed = false;
    const events = this.#new;
    this.#new = [];
    for (const { id, causes } of events) {
      const missing = causes.find((cause) => !this.#events.has(cause) && !this.#parts.ledger.isLost(cause));
      if (missing !== undefined) this.#parts.violation(`${id} is shown without ${missing}, which it had seen`);
    }
    this.#checkNumbers(counterCollection, 'n', this.#sums);
    this.#checkNumbers(serialCollection, 'value', this.#serials);
    this.#checkPairs();
  }

  /** Somebody who reads one of the live queries leaves. Undefined before there are any. */
  leave(random: Random): ReaderThatLeft | undefined {
    if (this.#results.length === 0) return undefined;
    const { definition, documents, token } = random.pick(this.#results);
    return { definition, documents, token };
  }

  /** Reads everything, and holds it against the log and the live queries. */
  look(): void {
    const { replica, violation, name } = this.#parts;
    using view = replica.read();
    for (const result of this.#results) {
      const problem = result.compare(view);
      if (problem !== undefined) violation(`a live query of ${result.definition.collection} holds ${problem}`);
    }
    this.#compareWithLog(view);
    const { waiting, unsent, documentCount } = replica.status;
    let counted = 0;
    for (const collection of view.collections()) counted += view.count(collection);
    if (counted !== documentCount) violation(`${name} counts ${documentCount} documents, and shows ${counted}`);
    if (waiting > 1_000 || unsent > 1_000) violation(`${waiting} entries wait, and ${unsent} transactions`);
  }

  /** Called when all is quiet: whoever reads a feed has all of it. */
  checkFeeds(): void {
    for (const feed of this.#feeds) {
      const missing = feed.missing(this.#position);
      if (missing !== undefined) this.#parts.violation(`a feed at ${feed.position} was never told ${missing}`);
    }
  }

  #told(result: LiveResult, { change, token }: LiveEvent): void {
    const { violation, isAlive, ledger } = this.#parts;
    if (!isAlive()) return;
    const { collection } = result.definition;
    const problem = result.take(change);
    result.token = token;
    if (problem !== undefined) violation(`a live query of ${collection} was told ${problem}`);
    this.#changed = true;
    this.#advance(token);
    if (collection !== eventCollection || result.definition.filter || result.definition.first !== undefined) return;
    for (const { id } of [...change.removed, ...change.updated.map(({ document }) => document)]) {
      if (!ledger.isLost(id)) violation(`${id} was shown, and is another or gone`);
      this.#forget(id);
    }
    for (const { document } of change.inserted) this.#take(factsOf(document));
  }

  /** It came too late for the log. */
  #forget(id: string): void {
    const facts = this.#events.get(id);
    if (!this.#events.delete(id) || !facts) return;
    const { counter, by, serial } = facts;
    if (counter !== undefined) this.#sums.set(counter, (this.#sums.get(counter) ?? 0) - by);
    if (serial !== undefined) this.#serials.set(serial, (this.#serials.get(serial) ?? 0) - 1);
  }

  #take(facts: EventFacts): void {
    this.#parts.ledger.seen(facts.id);
    this.#events.set(facts.id, facts);
    this.#new.push(facts);
    const { counter, by, serial, pair, over } = facts;
    if (pair !== undefined) {
      const stamps = this.#superseded.get(pair) ?? new Set();
      for (const stamp of over) stamps.add(stamp);
      this.#superseded.set(pair, stamps);
    }
    if (counter !== undefined) this.#sums.set(counter, (this.#sums.get(counter) ?? 0) + by);
    if (serial !== undefined) this.#serials.set(serial, (this.#serials.get(serial) ?? 0) + 1);
  }

  #advance(token: string): void {
    const { log, position, mark } = decodeToken(token, 'token');
    const furthest = this.#furthest.get(log);
    const oracle = this.#parts.oracle();
    // Where the log went back, one position may be of two histories.
    const isSame = furthest && oracle.log === log && oracle.markAt(furthest.position)?.startsWith(furthest.mark);
    if (furthest && isSame && position < furthest.position)
      this.#parts.violation(`went back from ${furthest.position} to ${position} of ${log}`);
    this.#furthest.set(log, { position, mark });
    this.#position = position;
  }

  #documentsOf(collection: string): readonly StoredDocument[] {
    return this.#results.find(({ definition }) => definition.collection === collection)?.documents ?? [];
  }

  #checkNumbers(collection: string, field: string, sums: ReadonlyMap<string, number>): void {
    const shown = new Map(
      this.#documentsOf(collection).map(({ id, state }) => [id, documentValue(state)[field] ?? 0] as const),
    );
    const { disturbed } = this.#parts.ledger;
    for (const id of new Set([...shown.keys(), ...sums.keys()])) {
      if (shown.get(id) !== sums.get(id) && !disturbed.has(id))
        this.#parts.violation(`${collection} ${id} shows ${shown.get(id)}, and its events are ${sums.get(id)}`);
    }
  }

  #checkPairs(): void {
    const pairs = this.#documentsOf(pairCollection);
    for (const { id, state } of pairs) {
      const superseded = this.#superseded.get(id.slice(1));
      const again = stampsOf(state).find((stamp) => superseded?.has(stamp));
      if (again !== undefined) this.#parts.violation(`${id} has the stamp ${again}, which a shown event wrote over`);
    }
    const stamps = new Map(pairs.map(({ id, state }) => [id, documentValue(state).stamp] as const));
    for (const [id, stamp] of stamps) {
      const other = `${id.startsWith('x') ? 'y' : 'x'}${id.slice(1)}`;
      if (stamps.get(other) !== stamp)
        this.#parts.violation(`${id} has the stamp ${stamp}, and ${other} has ${stamps.get(other)}`);
      if (typeof stamp !== 'string' || !(this.#events.has(stamp) || this.#parts.ledger.isLost(stamp)))
        this.#parts.violation(`${id} has the stamp ${stamp}, whose event is not shown`);
    }
  }

  /** One position, one state. Where journaled writes are shown beside it, there is nothing to compare. */
  #compareWithLog(view: View): void {
    const { violation, wentBack } = this.#parts;
    const oracle = this.#parts.oracle();
    const { log, position, mark, journaled } = decodeToken(view.token, 'token');
    this.#advance(view.token);
    const isOfLog = log === oracle.log && oracle.markAt(position)?.slice(0, mark.length) === mark;
    if (!isOfLog) {
      if (!wentBack() && (position > 0 || oracle.log !== undefined))
        violation(`stands at ${position} with the mark ${mark}, where the log has ${oracle.markAt(position)}`);
      return;
    }
    if (journaled.size > 0) return;
    let expected = 0;
    for (const [collection, id, state] of oracle.statesAt(position)) {
      const there = documentExists(state) ? { collection, id, state } : undefined;
      const shown = view.get(collection, id);
      const eviction = there && collection === evictedCollection ? this.#parts.eviction(there) : 'none';
      if (shown) expected += 1;
      const isHidden = eviction === 'sure' || (eviction === 'perhaps' && !shown);
      if (!sameState(isHidden ? undefined : there?.state, shown?.state))
        violation(
          `at ${position}, ${collection} ${id} is ${describe(shown)}, and in the log ${describe(there)}, eviction: ${eviction}`,
        );
    }
    let counted = 0;
    for (const collection of view.collections()) for (const _ of view.all(collection)) counted += 1;
    if (counted !== expected) violation(`at ${position}, ${counted} documents are shown, and the log has ${expected}`);
  }
}

/** The stamps that stand in a pair: the one that is shown, and those in conflict with it. */
export function stampsOf(state: DocumentState): readonly string[] {
  const [conflict] = conflictsOf(state);
  const values = conflict
    ? [conflict.shown, ...conflict.retained].map(({ value }) => value)
    : [documentValue(state).stamp];
  return values.map(String);
}

const describe = (document: StoredDocument | undefined): string =>
  document
    ? `${JSON.stringify(documentValue(document.state))} by ${JSON.stringify(document.state.lastWriter)}`
    : 'nothing';
