/** What clients do: transactions of every kind, drawn at random, each with its event; and what they are answered. */
import {
  DocumentNotFoundError,
  OutcomeUnknownError,
  ReplicaBehindError,
  StoreUnavailableError,
  TidelineError,
  TransactionConflictError,
  TypeMismatchError,
} from '../../errors.ts';
import { limits } from '../../limits.ts';
import { documentValue } from '../../replica/crdt/document.ts';
import type { LastWriter } from '../../replica/crdt/document-node.ts';
import type { UpdateOperation, WriteStrategy } from '../../replica/crdt/writes.ts';
import type { LiveQueryDefinition } from '../../replica/query/live/result-change.ts';
import type { StoredDocument } from '../../replica/query/stored-document.ts';
import { decodeToken, type Token } from '../../replica/token.ts';
import type { DocumentWriter, RequestResult, Transaction } from '../../replica/transaction.ts';
import { objectFromJson, valueFromJson } from '../../replica/values/json.ts';
import type { View } from '../../replica/view.ts';
import type { Operation, Outcome } from './ledger.ts';
import type { Machine, Running } from './machine.ts';
import { counterCollection, evictedCollection, pairCollection, serialCollection, stampsOf } from './observer.ts';
import { eventCollection } from './oracle.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

type Request = (writer: DocumentWriter) => RequestResult;

/** What is known of an event before it is written. */
interface Facts {
  readonly counter?: string;
  readonly by?: number;
  readonly serial?: string;
  readonly pair?: string;
}

/** What one transaction is going to do. */
interface Plan {
  readonly requests: readonly Request[];
  /** What its event says. */
  readonly facts: Facts;
  /** Evictions of the last run. */
  readonly evicted: Map<string, LastWriter>;
}

const noCounters = () => false;
const chaosCollection = 'chaos';
const keys = ['a', 'b', 'c'] as const;
const strategies: readonly WriteStrategy[] = [
  'MERGE',
  'MERGE',
  'INSERT_IF_ABSENT',
  'INSERT_DEFAULT_IF_ABSENT',
  'UPDATE_DIFFERENT',
];

/** Keypaths with an index; on the last key there is none. */
export const indexedPaths = keys.slice(0, 2).map((key) => ({ collection: chaosCollection, path: [key] }));

/** Over documents that everybody writes to at once. */
export function randomQueries(random: Random): readonly LiveQueryDefinition[] {
  const [a, b] = [random.pick(keys), random.pick(keys)];
  return [
    {
      collection: chaosCollection,
      filter: { kind: 'exists', path: [a], value: random.chance(0.7) },
      order: [{ path: [b], direction: random.pick(['ASC', 'DESC']) }],
      first: random.chance(0.5) ? 2 : undefined,
    },
    {
      collection: chaosCollection,
      filter: random.chance(0.5) ? { kind: 'gt', path: [b], value: 3 } : { kind: 'startsWith', path: [a], value: 't' },
      order: [],
      first: undefined,
    },
  ];
}

/** A client sends one mutation to a replica that serves. @param kind `plain`: nothing in it depends on what is there */
export async function write(
  world: World,
  machine: Machine,
  running: Running,
  kind: 'plain' | 'random' = 'random',
): Promise<Outcome> {
  const { random, ledger, trace } = world;
  const { process, replica } = running;
  const operation = ledger.begin(replica.id);
  const { requests, facts, evicted } = planOf(world, machine, operation, replica.id, kind);
  operation.counter = facts.counter;
  operation.serial = facts.serial;
  trace.add(machine.name, () => `begins ${operation.id} ${JSON.stringify(facts)}`);
  let transaction: Transaction | undefined;
  try {
    transaction = replica.begin();
    for (const request of requests) {
      transaction.request(request);
      if (random.chance(0.3)) await process.sleep(random.within([0, 30]));
    }
    operation.outcome = 'committing';
    // Its process may die and never answer: then it is as open as it is now.
    const { token, again } = await replica.commit(transaction);
    if (!process.isAlive) return 'unknown';
    ledger.settle(operation, 'answered');
    trace.add(machine.name, () => `answers ${operation.id}${again ? ', by its second run' : ''}`);
    for (const request of requests) again?.request(request);
    again?.close();
    for (const [id, lastWriter] of evicted) machine.evicts({ collection: evictedCollection, id, lastWriter }, 'sure');
    checkAnswered(world, machine, running, operation);
    ledger.tokens.push({ token, events: [operation.id] });
  } catch (error) {
    if (!process.isAlive) return 'unknown';
    ledger.settle(operation, outcomeOf(world, machine, operation, error));
    trace.add(machine.name, () => `answers ${operation.id} with ${String(error)}`);
  } finally {
    if (process.isAlive) transaction?.close();
  }
  return operation.outcome;
}

/** A client reads everything at one version, slowly, and takes the token of what it saw along. */
export async function readSlowly(world: World, machine: Machine, running: Running): Promise<void> {
  const { process, replica } = running;
  const view = replica.read();
  const before = contentsOf(view);
  const events = [...before.keys()].flatMap((name) =>
    name.startsWith(`${eventCollection} `) ? [name.slice(eventCollection.length + 1)] : [],
  );
  world.ledger.tokens.push({ token: view.token, events });
  await process.sleep(world.random.within([0, 300]));
  if (!process.isAlive) return;
  try {
    const after = contentsOf(view);
    for (const name of new Set([...before.keys(), ...after.keys()]))
      if (before.get(name) !== after.get(name))
        world.violation(machine.name, `a view showed ${name} as ${before.get(name)}, and then as ${after.get(name)}`);
  } catch (error) {
    // Its clock jumped, and the view counts as forgotten.
    if (!(error instanceof TidelineError) || error.code !== 'HISTORY_UNAVAILABLE') throw error;
  } finally {
    view.close();
  }
}

/** A client brings a token that it got anywhere, and reads a feed from there on. */
export async function followToken(world: World, machine: Machine, running: Running): Promise<void> {
  const { random, ledger } = world;
  if (ledger.tokens.length === 0) return;
  const given = random.pick(ledger.tokens);
  const { process, replica, observer } = running;
  try {
    await replica.waitFor(given.token, random.pick([100, 1_000, 3_000]));
  } catch (error) {
    const isLate =
      error instanceof ReplicaBehindError || (error instanceof StoreUnavailableError && running.isStopping);
    if (process.isAlive && !world.wentBack && !isLate)
      world.violation(machine.name, `a token cannot be waited for: ${String(error)}`);
    return;
  }
  if (!process.isAlive) return;
  // A position that is older than the marks known there counts as reached, of whatever history it was.
  const { oracle } = machine.link.server;
  const isOfLog = (token: Token) => oracle.log === token.log && oracle.markAt(token.position)?.startsWith(token.mark);
  using view = replica.read();
  if (world.wentBack && !(isOfLog(decodeToken(given.token, 'token')) && isOfLog(decodeToken(view.token, 'token'))))
    return;
  const missing = given.events.find((event) => !observer.shown.has(event) && !ledger.isLost(event));
  if (missing !== undefined) world.violation(machine.name, `has what a token shows, and does not show ${missing}`);
  if (random.chance(0.3)) observer.readFeed(given.token);
}

function planOf(
  { random, isHeavy }: World,
  machine: Machine,
  operation: Operation,
  origin: string,
  kind: 'plain' | 'random',
): Plan {
  const evicted = new Map<string, LastWriter>();
  const salt = random.below(1_000);
  const facts = kind === 'plain' ? {} : randomFacts(random, origin);
  const { counter, by = 0, serial, pair } = facts;
  const requests: Request[] = [];
  if (counter !== undefined) requests.push((writer) => count(writer, counter, by));
  if (serial !== undefined) requests.push((writer) => raise(writer, serial));
  if (pair !== undefined) requests.push(pairOf(pair, operation.id));
  if (kind === 'random' && random.chance(0.5)) requests.push(chaosOf(random));
  if (kind === 'random' && isHeavy && random.chance(0.4)) requests.push(writeBulk);
  if (kind === 'random' && random.chance(0.15))
    requests.push(
      evictionOf(random, operation.id, (id, lastWriter) => {
        evicted.clear();
        if (!lastWriter) return;
        evicted.set(id, lastWriter);
        machine.evicts({ collection: evictedCollection, id, lastWriter }, 'perhaps');
      }),
    );
  if (random.chance(0.5)) requests.reverse();
  // The event comes first: it says what its transaction found.
  return { requests: [(writer) => writeEvent(writer, operation.id, facts, salt), ...requests], facts, evicted };
}

function randomFacts(random: Random, origin: string): Facts {
  return {
    ...(random.chance(0.5) ? { counter: `c${random.below(2)}`, by: random.pick([1, 2, 5, -3, 0.5]) } : {}),
    ...(random.chance(0.3) ? { serial: origin } : {}),
    ...(random.chance(0.3) ? { pair: String(random.below(3)) } : {}),
  };
}

/** The event, with a few of those that its transaction sees. */
function writeEvent(writer: DocumentWriter, id: string, facts: Facts, salt: number): StoredDocument {
  const seen = [...writer.all(eventCollection)].map((event) => event.id).sort();
  const causes = [0, 1, 2, 3].flatMap((index) => seen[(salt * (index + 1)) % Math.max(1, seen.length)] ?? []);
  const pair = facts.pair === undefined ? undefined : writer.get(pairCollection, `x${facts.pair}`);
  const fields = objectFromJson({ ...facts, causes, over: pair ? stampsOf(pair.state) : [] }, 'event');
  return writer.upsert(eventCollection, id, fields, 'MERGE', noCounters);
}

function count(writer: DocumentWriter, counter: string, by: number): StoredDocument {
  writer.upsert(counterCollection, counter, objectFromJson({}, 'counter'), 'INSERT_IF_ABSENT', noCounters);
  return writer.update(counterCollection, counter, [{ kind: 'increment', path: ['n'], by }], noCounters);
}

/** Reads and writes: no transaction of one origin may come between, whatever was awaited. */
function raise(writer: DocumentWriter, serial: string): StoredDocument {
  const document = writer.get(serialCollection, serial);
  const value = document && documentValue(document.state).value;
  const fields = objectFromJson({ value: (typeof value === 'number' ? value : 0) + 1 }, 'serial');
  return writer.upsert(serialCollection, serial, fields, 'MERGE', noCounters);
}

/** So much that one append does not carry many of it. */
const bulk = objectFromJson({ text: 'bulk'.repeat(limits.appendBytes / 12) }, 'bulk');

const writeBulk: Request = (writer) => writer.upsert('bulk', 'b', bulk, 'MERGE', noCounters);

function pairOf(pair: string, stamp: string): Request {
  const fields = objectFromJson({ stamp }, 'pair');
  return (writer) => {
    const first = writer.upsert(pairCollection, `x${pair}`, fields, 'MERGE', noCounters);
    return [first, writer.upsert(pairCollection, `y${pair}`, fields, 'MERGE', noCounters)];
  };
}

function chaosOf(random: Random): Request {
  const id = `d${random.below(4)}`;
  const kind = random.below(10);
  if (kind === 0) return (writer) => (writer.remove(chaosCollection, id) ? ['removed'] : []);
  if (kind < 5) {
    const fields = objectFromJson(randomObject(random, 0), 'fields');
    const strategy = random.pick(strategies);
    const isCounter = random.chance(0.2) ? (path: readonly string[]) => path.at(-1) === 'c' : noCounters;
    return (writer) => writer.upsert(chaosCollection, id, fields, strategy, isCounter);
  }
  const operations = Array.from({ length: 1 + random.below(2) }, () => randomUpdate(random));
  return (writer) =>
    writer.get(chaosCollection, id)
      ? writer.update(chaosCollection, id, operations, noCounters)
      : writer.upsert(chaosCollection, id, objectFromJson({}, 'fields'), 'MERGE', noCounters);
}

function randomUpdate(random: Random): UpdateOperation {
  const path = Array.from({ length: 1 + random.below(2) }, () => random.pick(keys));
  switch (random.below(4)) {
    case 0:
      return { kind: 'remove', path };
    case 1:
      return { kind: 'replaceWithCounter', path };
    case 2:
      return { kind: 'increment', path, by: random.pick([1, -2, 0.25]) };
    default: {
      const value = valueFromJson(randomValue(random, 0), 'value');
      return { kind: 'set', path, value, as: random.chance(0.5) ? 'REGISTER' : undefined };
    }
  }
}

function randomObject(random: Random, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    keys.filter(() => random.chance(0.5)).map((key) => [key, randomValue(random, depth + 1)] as const),
  );
}

function randomValue(random: Random, depth: number): unknown {
  if (depth < 3 && random.chance(0.4)) return randomObject(random, depth);
  return random.pick([null, true, 0, 1, 7, -2.5, 'text', 'é', [1, 'two'], { $int64: '9007199254740993' }]);
}

/** Evicts a document, or writes it, or both. */
function evictionOf(
  random: Random,
  stamp: string,
  evicts: (id: string, lastWriter: LastWriter | undefined) => void,
): Request {
  const id = `h${random.below(3)}`;
  const writes = random.chance(0.6);
  const isEvicted = !writes || random.chance(0.3);
  const fields = objectFromJson({ stamp }, 'evicted');
  return (writer) => {
    if (writes) writer.upsert(evictedCollection, id, fields, 'MERGE', noCounters);
    if (!isEvicted) return ['written'];
    const document = writer.get(evictedCollection, id);
    evicts(id, document?.state.lastWriter);
    return writer.evict(evictedCollection, id) ? ['evicted'] : [];
  };
}

/** Once answered, it is durable and shown here. */
function checkAnswered(world: World, machine: Machine, { replica, observer }: Running, { id }: Operation): void {
  using view = replica.read();
  if (!view.get(eventCollection, id) || !observer.shown.has(id))
    world.violation(machine.name, `answered ${id}, and does not show it`);
  const isJournaled = machine.disk?.contents.transactions.some(({ bytes }) => Buffer.from(bytes).includes(id));
  // What was answered late may have gone with the log meanwhile.
  if (!world.ledger.wasEverLogged(id) && !isJournaled)
    world.violation(machine.name, `answered ${id}, which is neither in the log nor in the journal`);
}

function outcomeOf(world: World, machine: Machine, { id, outcome }: Operation, error: unknown): 'refused' | 'unknown' {
  if (error instanceof OutcomeUnknownError) return 'unknown';
  const isRefusal =
    error instanceof StoreUnavailableError ||
    error instanceof TransactionConflictError ||
    error instanceof TypeMismatchError ||
    // An update that takes away the last of what concurrent writes had left of a document.
    error instanceof DocumentNotFoundError ||
    // Its clock jumped, and the version that it reads counts as forgotten.
    (error instanceof TidelineError && error.code === 'HISTORY_UNAVAILABLE' && outcome === 'open');
  if (!isRefusal) world.violation(machine.name, `answered ${id} with ${error instanceof Error ? error.stack : error}`);
  return 'refused';
}

function contentsOf(view: View): ReadonlyMap<string, string> {
  const contents = new Map<string, string>();
  for (const collection of view.collections())
    for (const { id, state } of view.all(collection))
      contents.set(`${collection} ${id}`, JSON.stringify(documentValue(state), spelled));
  return contents;
}

/** The order of keys is nobody's: a state that is loaded has them as its chunk does. */
function spelled(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
