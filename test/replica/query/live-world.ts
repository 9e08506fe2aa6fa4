/**
 * Two replicas of one site without their I/O: their states as they are, the log as an array. Whatever happens to a replica's
 * state happens here, and after every turn each live query, each open view and each kind of reader is held against what a
 * fresh query finds by looking at all.
 */
import { expect } from 'vitest';
import { TidelineError } from '../../../errors.ts';
import { type Head, noOthers } from '../../../replica/crdt/version.ts';
import type { UpdateOperation } from '../../../replica/crdt/writes.ts';
import type { StagedTransaction } from '../../../replica/history/staged.ts';
import { batchOf } from '../../../replica/log/batch.ts';
import { makeEntry, markAtStart } from '../../../replica/log/entry.ts';
import type { LogEntry } from '../../../replica/log/log.ts';
import type { DocumentReader } from '../../../replica/query/access/document-reader.ts';
import { LiveQueries, type LiveReader } from '../../../replica/query/live/live-queries.ts';
import type { DocumentChange, LiveQueryDefinition, ResultChange } from '../../../replica/query/live/result-change.ts';
import { cursorOf, readPage } from '../../../replica/query/pages/page.ts';
import type { StoredDocument } from '../../../replica/query/stored-document.ts';
import { Prefix } from '../../../replica/state/prefix.ts';
import { ReplicaState } from '../../../replica/state/state.ts';
import type { OpenView } from '../../../replica/state/views.ts';
import { PrivateView } from '../../../replica/transactions/private-view.ts';
import { objectFromJson } from '../../../replica/values/json.ts';
import type { Path } from '../../../replica/values/keypath.ts';
import { asClient, expectLeast, expectSame } from './clients.ts';
import { freshly } from './queries.ts';
import { idsOf, type Write, withoutIndexes } from './store.ts';

/** A query that readers are asked, with a page cut somewhere in it. */
export interface Question {
  readonly definition: LiveQueryDefinition;
  readonly size: number;
  readonly after: number;
  readonly isBackwards: boolean;
}

export type Step =
  | { readonly kind: 'write'; readonly writes: readonly Write[] }
  /** What is unsent goes into the log; it comes back when the log is followed. */
  | { readonly kind: 'send' }
  | { readonly kind: 'follow'; readonly entries: number }
  /** What is pending is journaled, and nothing is sent until the replica is back. */
  | { readonly kind: 'cutOff' | 'reach' }
  /** What is pending and was never sent is refused. */
  | { readonly kind: 'refuse' }
  /** A state loaded beside this one is put in its place. */
  | { readonly kind: 'load' }
  | { readonly kind: 'open' | 'ask'; readonly question: Question }
  | { readonly kind: 'close' }
  | { readonly kind: 'view'; readonly isStaging: boolean };

const log = 'log';
const start: Head = { log, position: 0, mark: markAtStart(log) };
const indexed: readonly Path[] = [['a'], ['c', 'x'], ['counted']];

interface Unsent {
  readonly transaction: StagedTransaction;
  isJournaled: boolean;
  isSent: boolean;
}

interface Watcher {
  readonly definition: LiveQueryDefinition;
  readonly reader: LiveReader;
  /** As its client has it. */
  result: readonly StoredDocument[];
  told: ResultChange[];
}

interface Viewed {
  readonly view: OpenView;
  readonly documents: readonly StoredDocument[];
}

export class World {
  readonly log: LogEntry[] = [];
  readonly replicas = [new LiveReplica(this, 'a.aaaaaaaa'), new LiveReplica(this, 'b.bbbbbbbb')];
  time = 1;

  step(replica: number, step: Step): void {
    this.replicas[replica % this.replicas.length]?.step(step);
  }

  /** Everybody sends, and follows the log to its end. */
  settle(): void {
    for (const replica of this.replicas) for (const kind of ['reach', 'send'] as const) replica.step({ kind });
    for (const replica of this.replicas) replica.step({ kind: 'follow', entries: this.log.length });
  }
}

class LiveReplica {
  readonly #world: World;
  readonly #origin: string;
  readonly #state: ReplicaState;
  readonly #live: LiveQueries;
  #unsent: Unsent[] = [];
  #number = 0;
  #isCutOff = false;
  readonly #watchers: Watcher[] = [];
  readonly #views: Viewed[] = [];
  #question: Question | undefined;

  constructor(world: World, origin: string) {
    this.#world = world;
    this.#origin = origin;
    this.#state = new ReplicaState({
      prefix: new Prefix(start, [], [], new Map()),
      now: () => 0,
      viewMilliseconds: 1,
      indexes: indexed.map((path) => ({ collection: 'things', path })),
    });
    this.#state.watch({ changed: (changes) => this.#changed(changes) });
    this.#live = new LiveQueries(this.#state.durable);
  }

  step(step: Step): void {
    switch (step.kind) {
      case 'write':
        this.#write(step.writes);
        break;
      case 'send':
        this.#send();
        break;
      case 'follow':
        this.#follow(step.entries);
        break;
      case 'cutOff':
        this.#isCutOff = true;
        for (const unsent of this.#unsent) this.#journal(unsent);
        break;
      case 'reach':
        this.#isCutOff = false;
        break;
      case 'refuse':
        for (const { transaction } of this.#unsent.filter(isRefusable)) this.#state.unstage(transaction);
        this.#unsent = this.#unsent.filter((unsent) => !isRefusable(unsent));
        break;
      case 'load':
        this.#load();
        break;
      case 'open':
        this.#open(step.question.definition);
        break;
      case 'close':
        this.#watchers.shift()?.reader.close();
        this.#views.shift()?.view.close();
        break;
      case 'view': {
        const { durable, staging, durableViews, stagingViews } = this.#state;
        const documents = [...(step.isStaging ? staging : durable).all('things')];
        const view = (step.isStaging ? stagingViews : durableViews).open('');
        if (this.#views.length < 3) this.#views.push({ view, documents });
        else view.close();
        break;
      }
      case 'ask':
        this.#question = step.question;
        break;
    }
    this.#checkReaders();
  }

  #write(writes: readonly Write[]): void {
    this.#number += 1;
    this.#world.time += 1;
    const base = this.#state.stagingViews.open('');
    const name = { origin: this.#origin, number: this.#number, time: this.#world.time * 1024 };
    const view = new PrivateView(base, name);
    try {
      for (const write of writes) {
        request(view, write);
        if (this.#question) checkAnswers(view, this.#question);
      }
    } catch (error) {
      // One failure anywhere drops all.
      if (!(error instanceof TidelineError)) throw error;
      base.close();
      return;
    }
    const [operations, evictions] = [view.operations(), view.evictions()];
    base.close();
    if (operations.length > 0) {
      const { head, origins } = this.#state.prefix;
      const numberBefore = this.#unsent.at(-1)?.transaction.number ?? origins.get(this.#origin) ?? 0;
      const context = { log, position: head.position, numberBefore, others: noOthers };
      const { number, time } = name;
      const delta = { origin: this.#origin, number, context, time, operations };
      const bytes = new Uint8Array();
      const transaction = { origin: this.#origin, number, numberBefore, bytes, context: head, delta };
      const unsent = { transaction, isJournaled: false, isSent: false };
      this.#state.stage(transaction);
      this.#unsent.push(unsent);
      if (this.#isCutOff) this.#journal(unsent);
    }
    for (const eviction of evictions) this.#state.evict(eviction);
  }

  #journal(unsent: Unsent): void {
    if (!unsent.isJournaled) this.#state.journal(unsent.transaction, true);
    unsent.isJournaled = true;
  }

  #send(): void {
    if (this.#isCutOff) return;
    const sent = this.#unsent.filter(({ isSent }) => !isSent);
    for (const unsent of sent) unsent.isSent = true;
    const offers = sent.map(({ transaction: { delta } }) => ({ delta, isOverdue: false }));
    const { shared, transactions } = batchOf(log, offers);
    const [first, ...others] = transactions;
    if (first === undefined) return;
    const { last, mark } = this.#world.log.at(-1) ?? { last: 0, mark: start.mark };
    this.#world.log.push(makeEntry(log, last, mark, shared, [first, ...others]));
  }

  #follow(entries: number): void {
    const { position } = this.#state.prefix.head;
    for (const entry of this.#world.log.filter(({ last }) => last > position).slice(0, entries)) {
      for (const transaction of this.#state.prefix.prepare(entry).transactions) {
        const { origin, number } = transaction.delta;
        const own = origin === this.#origin ? this.#take(number) : undefined;
        const at = { log, position: transaction.position, mark: entry.mark };
        this.#state.apply(transaction, at, own?.transaction);
      }
      this.#state.prefix.advance(entry);
    }
  }

  #take(number: number): Unsent | undefined {
    const own = this.#unsent.find(({ transaction }) => transaction.number === number);
    this.#unsent = this.#unsent.filter((unsent) => unsent !== own);
    return own;
  }

  #load(): void {
    const { position } = this.#state.prefix.head;
    const loaded = new Prefix(start, [], [], new Map());
    const changed: [string, string][] = [];
    for (const entry of this.#world.log) {
      for (const transaction of loaded.prepare(entry).transactions) {
        loaded.put(transaction);
        if (transaction.position <= position) continue;
        for (const { collection, id } of transaction.delta.operations) changed.push([collection, id]);
      }
      loaded.advance(entry);
    }
    const last = loaded.origins.get(this.#origin) ?? 0;
    this.#unsent = this.#unsent.filter(({ transaction }) => transaction.number > last);
    const waiting = (isJournaled: boolean) =>
      this.#unsent.filter((unsent) => unsent.isJournaled === isJournaled).map(({ transaction }) => transaction);
    this.#state.swap(loaded, changed, waiting(true), waiting(false));
  }

  #open(definition: LiveQueryDefinition): void {
    if (this.#watchers.length >= 4) return;
    const told: ResultChange[] = [];
    const reader = this.#live.open(definition, (change) => watcher.told.push(change));
    const watcher: Watcher = { definition, reader, result: [...reader.result], told };
    expectSame(watcher.result, fresh(this.#state.durable, definition));
    this.#watchers.push(watcher);
  }

  /** One turn in which what is durable may have changed: one event at most for each live query. */
  #changed(changes: readonly DocumentChange[]): void {
    this.#live.apply(changes);
    for (const watcher of this.#watchers) {
      const wanted = fresh(this.#state.durable, watcher.definition);
      const [change, ...others] = watcher.told.splice(0);
      if (others.length > 0) throw new Error('more than one event in one turn');
      if (change !== undefined) {
        expectLeast(change, watcher.result, wanted);
        watcher.result = asClient(watcher.result, change);
      }
      expectSame(watcher.result, wanted);
    }
  }

  #checkReaders(): void {
    const { durable, staging } = this.#state;
    const views = this.#views.map(({ view }) => view);
    if (this.#question) for (const reader of [durable, staging, ...views]) checkAnswers(reader, this.#question);
    for (const { view, documents } of this.#views) expectSame(byId(view.all('things')), byId(documents));
  }
}

const isRefusable = ({ isSent, isJournaled }: Unsent): boolean => !isSent && !isJournaled;

const byId = (documents: Iterable<StoredDocument>): StoredDocument[] => freshly([...documents], undefined, []);

const fresh = (reader: DocumentReader, { collection, filter, order, first }: LiveQueryDefinition): StoredDocument[] =>
  freshly([...reader.all(collection)], filter, order).slice(0, first);

/** What a reader answers by its indexes is what it answers by looking at all. */
function checkAnswers(reader: DocumentReader, { definition, size, after, isBackwards }: Question): void {
  const { collection, filter, order } = definition;
  const all = freshly([...reader.all(collection)], undefined, order);
  const document = all[after];
  const cursor = document && cursorOf(document, order);
  const cut = isBackwards ? { last: size, before: cursor } : { first: size, after: cursor };
  const [answer, wanted] = [reader, withoutIndexes(reader)].map((asked) => {
    const page = readPage(asked, { collection, filter, order, ...cut });
    return { ...page, documents: idsOf(page.documents) };
  });
  const total = freshly(all, filter, []).length;
  if (
    JSON.stringify(answer) === JSON.stringify(wanted) &&
    answer?.totalCount === total &&
    reader.count(collection) === all.length
  )
    return;
  expect(answer).toEqual(wanted);
  expect([answer?.totalCount, reader.count(collection)]).toEqual([total, all.length]);
}

function request(writer: PrivateView, write: Write): void {
  const isCounter = ([key]: Path) => key === 'counted';
  const update = (operation: UpdateOperation) =>
    writer.get('things', write.id) && writer.update('things', write.id, [operation], isCounter);
  switch (write.kind) {
    case 'upsert':
      writer.upsert('things', write.id, write.fields, 'MERGE', isCounter);
      break;
    case 'set':
      update({ kind: 'set', path: write.path, value: write.value, as: undefined });
      break;
    case 'count':
      update({ kind: 'increment', path: ['counted'], by: write.by });
      break;
    case 'unset':
      update({ kind: 'remove', path: write.path });
      break;
    case 'remove':
      writer.remove('things', write.id);
      break;
    case 'evict':
      writer.evict('things', write.id);
      break;
    case 'rewrite':
      writer.upsert('things', write.id, objectFromJson({}, 'document'), 'MERGE', isCounter);
      break;
  }
}
