/** Everything that a simulated site consists of, and the handles by which schedules and tests act on it. */

import { UnknownFormatError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../replica/environment/logger.ts';
import type { ReplicaTiming } from '../../replica/options.ts';
import type { LiveQueryDefinition } from '../../replica/query/live/result-change.ts';
import { openReplica } from '../../replica/running/running-replica.ts';
import { Connection, goodConditions } from './connection.ts';
import { Disk, type DiskContents, emptyDisk, SimulatedJournal } from './disk.ts';
import { eventOfTransaction, Ledger } from './ledger.ts';
import { Machine, MachineClock, type Running } from './machine.ts';
import { Observer } from './observer.ts';
import { attendTo } from './operator.ts';
import { eventCollection, type Oracle } from './oracle.ts';
import { portsOver } from './ports.ts';
import { Process } from './process.ts';
import { Random } from './random.ts';
import type { ReaderThatLeft } from './returning-reader.ts';
import { Scheduler } from './scheduler.ts';
import { type SavedServer, Server } from './server.ts';
import { Trace } from './trace.ts';
import { indexedPaths } from './workload.ts';

/** Something was shown, lost or left over that must not be. */
export class InvariantError extends Error {}

export interface WorldOptions {
  readonly seed: number;
  /** Whether the trace is written down. */
  readonly isTraced: boolean;
}

export type SnapshotTiming = Partial<
  Pick<
    ReplicaTiming,
    | 'newLogKeepMilliseconds'
    | 'snapshotMinimumBytes'
    | 'leaseMilliseconds'
    | 'chunkKeepMilliseconds'
    | 'chunkDocuments'
    | 'keepMilliseconds'
    | 'siteMilliseconds'
  >
>;

/** What a replica only says where something failed that nobody foresaw. */
const bugs: ReadonlySet<string> = new Set([
  'handing on transactions failed',
  'an append failed',
  'the log cannot be loaded',
  'the log cannot be loaded: trying again',
  'writing a snapshot failed',
]);

/** Of a process that was told to stop; then it is killed. */
const stopMilliseconds = 5_000;
const heartbeatMilliseconds = 1_000;
/** Until whoever looks after a process starts it again. */
const restartMilliseconds = 500;

export class World {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  /** Every Redis that there is: two masters, for a while. */
  readonly servers = new Set<Server>();
  /** The one that stays, or any. */
  server: Server;
  readonly ledger: Ledger;
  readonly machines: Machine[] = [];
  /** Live queries that every replica has open beside those that hold invariants. */
  queries: readonly LiveQueryDefinition[] = [];
  readonly readersThatLeft: ReaderThatLeft[] = [];
  readonly cameBack = { toTheChange: 0, toTheWhole: 0 };
  /** Replicas that took no part any more, and began anew. */
  renewed = 0;
  /** Whether clients write large documents, so that one append does not carry all that waits. */
  isHeavy = false;
  /** Whether replicas with a disk keep their prefix on it. */
  keepsPrefix = true;
  /** When snapshots are due, and how long what is trimmed or expires is kept. */
  snapshotTiming: SnapshotTiming = {};
  /** How long a transaction waits until the log has what it saw. */
  contextMilliseconds: number = limits.contextMilliseconds;
  /** Told when a replica has become ready, in that turn. */
  onReady: (machine: Machine) => void = () => {};
  /** Whether the log was wiped or set back. */
  wentBack = false;
  #violations: string[] = [];

  constructor({ seed, isTraced }: WorldOptions) {
    this.random = new Random(seed);
    this.scheduler = new Scheduler(() => this.#check());
    this.trace = new Trace(isTraced, () => this.scheduler.now);
    this.ledger = new Ledger(
      () => [...this.servers].map(({ oracle }) => oracle),
      (problem) => this.violation('ledger', problem),
    );
    this.server = this.#newServer('redis');
  }

  /** Of the Redis that everybody has in the end. */
  get oracle(): Oracle {
    return this.server.oracle;
  }

  violation(who: string, problem: string): void {
    this.trace.add(who, () => `VIOLATION: ${problem}`);
    this.#violations.push(`${who}: ${problem}`);
  }

  addMachine(options: { readonly disk: boolean; readonly rate?: number; readonly replicaName?: string }): Machine {
    const name = `m${this.machines.length + 1}`;
    const clock = new MachineClock(this.scheduler, options.rate ?? 1);
    const disk = options.disk ? new Disk() : undefined;
    const link = { server: this.server, isUp: true, conditions: goodConditions() };
    const machine = new Machine(name, options.replicaName ?? name, clock, link, disk);
    this.machines.push(machine);
    return machine;
  }

  start(machine: Machine): Running {
    if (machine.running) throw new Error(`${machine.name} runs already`);
    const { scheduler, random, ledger } = this;
    const { link } = machine;
    machine.generation += 1;
    const process = new Process(machine.name, scheduler, machine.clock, () => this.#died(machine, running));
    const connection = new Connection({ scheduler, random, link, process });
    const journal =
      machine.disk && new SimulatedJournal(machine.disk, process, scheduler, random, () => this.#checkDisks());
    const replica = openReplica({
      name: machine.replicaName,
      ...portsOver(connection, machine.reads),
      journal,
      checkpoint: this.keepsPrefix ? journal?.checkpoint : undefined,
      timers: process.timers,
      random: (bytes) => random.bytes(bytes),
      logger: this.#loggerOf(machine, process),
      indexes: indexedPaths,
      timing: { heartbeatMilliseconds, contextMilliseconds: this.contextMilliseconds, ...this.snapshotTiming },
    });
    const observer = new Observer({
      name: machine.name,
      replica,
      ledger,
      oracle: () => link.server.oracle,
      isAlive: () => process.isAlive,
      wentBack: () => this.wentBack,
      trimmedUpTo: () => link.server.redis.trimmedUpTo,
      clockJumped: () => machine.clock.hasJumped,
      eviction: ({ collection, id, state }) =>
        machine.eviction({ collection, id, lastWriter: state.lastWriter }, this.wentBack),
      violation: (problem) => this.violation(machine.name, problem),
    });
    const running: Running = { process, connection, journal, replica, observer, isReady: false, isStopping: false };
    machine.running = running;
    this.trace.add(machine.name, () => `starts as ${replica.id}${machine.disk ? '' : ', without a disk'}`);
    replica.ready.then(
      () => process.deliver(() => this.#ready(machine, running)),
      (error: unknown) => process.deliver(() => this.#notReady(machine, error)),
    );
    return running;
  }

  /** The process is gone, with all that was not flushed. */
  crash(machine: Machine): void {
    const { running } = machine;
    if (!running) return;
    running.process.die();
    this.#died(machine, running);
  }

  /** The process is told to stop, and is gone when it has, or when it took too long. */
  async stop(machine: Machine): Promise<void> {
    const { running } = machine;
    if (!running || running.isStopping) return;
    running.isStopping = true;
    this.trace.add(machine.name, () => 'is told to stop');
    const ended = running.replica.close().then(
      () => 'stops',
      (error: unknown) => `stops, and could not close: ${String(error)}`,
    );
    const how = await Promise.race([ended, running.process.sleep(stopMilliseconds).then(() => 'is killed: too slow')]);
    if (!running.process.isAlive) return;
    this.trace.add(machine.name, () => how);
    running.process.die();
    this.#died(machine, running);
  }

  /** The log goes back to what it was once, or is gone. */
  goBack(saved: SavedServer): void {
    this.wentBack = true;
    const { head } = saved.contents;
    this.trace.add('redis', () => (head ? `goes back to ${head.position} of ${head.log}` : 'is empty'));
    this.server.stop();
    this.server.setBack(saved);
    this.#reassess();
    this.server.start();
  }

  /** From now on there are two masters, with the same in them. @param goes whether a machine has the new one */
  split(goes: (machine: Machine) => boolean): void {
    this.wentBack = true;
    const other = this.#newServer('other redis');
    other.setBack(this.server.save());
    for (const machine of this.machines) if (goes(machine)) this.#move(machine, other);
    this.trace.add('redis', () => `is two: ${this.machines.filter(goes).map(({ name }) => name)} have the other`);
  }

  /** One of the masters stays; what only the others knew is gone. */
  unite(staying: Server): void {
    this.trace.add('redis', () => `is one again: ${staying === this.server ? 'the one' : 'the other'} stays`);
    for (const server of [...this.servers]) {
      if (server === staying) continue;
      server.stop();
      this.servers.delete(server);
    }
    this.server = staying;
    for (const machine of this.machines) if (machine.link.server !== staying) this.#move(machine, staying);
    this.#reassess();
  }

  #move(machine: Machine, server: Server): void {
    if (machine.running) machine.running.connection.moveTo(server);
    else machine.link.server = server;
  }

  #newServer(name: string): Server {
    const server = new Server(this.scheduler, {
      logged: ({ delta, position }, isRepeated, missing) => {
        this.trace.add(name, () => `appends ${delta.origin} ${delta.number} at ${position}`);
        this.ledger.logged(delta, isRepeated, missing);
      },
    });
    this.servers.add(server);
    return server;
  }

  /** Something that held transactions is gone: who still has which? */
  #reassess(): void {
    for (const machine of this.machines) machine.mayGoBack(machine.running?.observer.evicted ?? []);
    const onDisks = new Set(this.machines.flatMap(({ disk }) => (disk ? eventsOn(disk.contents) : [])));
    const isShown = (event: string) =>
      this.machines.some(({ running }) => running?.isReady && running.observer.shown.has(event));
    this.ledger.reassess((event) => onDisks.has(event) || isShown(event));
  }

  /** The disk is another one now: a new one, or an earlier copy. What is on neither and not in the log is lost. */
  replaceDisk(machine: Machine, contents: DiskContents): void {
    const { disk } = machine;
    if (!disk || machine.running) return;
    const kept = new Set(contents.transactions.map(({ origin, number }) => `${origin} ${number}`));
    const gone = disk.contents.transactions.filter(({ origin, number }) => !kept.has(`${origin} ${number}`));
    for (const event of this.ledger.lose(gone)) machine.shown.delete(event);
    machine.useDisk(contents);
    if (this.wentBack) this.#reassess();
    this.trace.add(machine.name, () =>
      contents === emptyDisk ? 'loses its disk' : 'is given an earlier copy of its disk',
    );
  }

  cut(machine: Machine): void {
    machine.link.isUp = false;
    machine.running?.connection.mayFallSilent();
    this.trace.add(machine.name, () => 'is cut off');
  }

  mend(machine: Machine): void {
    machine.link.isUp = true;
    this.trace.add(machine.name, () => 'is connected again');
  }

  /** @returns whether `done` came true within so many milliseconds of virtual time */
  run(done: () => boolean, milliseconds: number): Promise<boolean> {
    return this.scheduler.run(done, milliseconds);
  }

  /** Lets time pass until a promise settles. @throws {Error} where it does not within a minute */
  async until<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    promise.then(settled, settled);
    if (!(await this.run(() => isSettled, 60_000))) throw new Error('not settled within a minute');
    return promise;
  }

  /** Whether all that runs has all that the log has, and owes it nothing. */
  get isQuiet(): boolean {
    if ([...this.servers].some(({ onTheWay }) => onTheWay > 0)) return false;
    const head = this.server.redis.head();
    return this.machines.every(({ running }) => {
      if (!running) return true;
      const { version, unsent, waiting } = running.replica.status;
      const [at] = version;
      const isThere = at?.log === head?.log && at?.position === head?.position;
      return running.isReady && isThere && unsent === 0 && waiting === 0 && running.connection.inFlight === 0;
    });
  }

  #ready(machine: Machine, running: Running): void {
    const { replica, observer } = running;
    // It was told to stop before it was.
    if (!replica.status.ready) return;
    running.isReady = true;
    this.trace.add(machine.name, () => `is ready as ${replica.id} at ${replica.status.version[0]?.position}`);
    observer.open(this.queries);
    const missing = [...machine.shown].find((event) => !observer.shown.has(event));
    // From its own disk alone it shows what is there.
    if (missing !== undefined && !this.wentBack && replica.status.connected)
      this.violation(machine.name, `showed ${missing} before it was started again, and does not now`);
    this.onReady(machine);
  }

  #notReady(machine: Machine, error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    this.trace.add(machine.name, () => `cannot start: ${problem}`);
    const isTooOld = error instanceof UnknownFormatError && machine.reads[1] < this.server.redis.format;
    if (isTooOld) machine.refusal = problem;
    else if (!machine.disk?.isFailing) this.violation(machine.name, `cannot start: ${problem}`);
    this.crash(machine);
    this.scheduler.after(restartMilliseconds, () => {
      if (!machine.running) this.start(machine);
    });
  }

  #died(machine: Machine, running: Running): void {
    if (machine.running !== running) return;
    machine.mayGoBack(running.observer.evicted);
    machine.running = undefined;
    machine.generation += 1;
    running.connection.close();
    running.journal?.lose();
    for (const event of running.observer.shown.keys()) machine.shown.add(event);
    if (!machine.disk) machine.forgetEvictions();
    if (this.wentBack) this.#reassess();
    this.#checkDisks();
    this.trace.add(machine.name, () => 'is gone');
  }

  #checkDisks(): void {
    this.ledger.checkDisks(this.machines.flatMap(({ disk }) => (disk ? [disk.contents.transactions] : [])));
  }

  #check(): void {
    for (const { running } of this.machines) if (running?.isReady) running.observer.check();
    const [first] = this.#violations;
    if (first !== undefined) throw new InvariantError(first);
  }

  #loggerOf(machine: Machine, process: Process): Logger {
    const say = (fields: object, message: string) => {
      if (process.isAlive) this.trace.add(machine.name, () => `says: ${message}${problemOf(fields)}`);
    };
    return {
      info: () => {},
      warn: say,
      error: (fields, message) => {
        if ('late' in fields && Array.isArray(fields.late))
          for (const id of eventsIn(fields.late)) this.ledger.cameTooLate(id);
        say(fields, message);
        const { running } = machine;
        if (running && message === 'this replica has stopped taking part') attendTo(this, machine, running);
        if (process.isAlive && bugs.has(message)) this.violation(machine.name, `${message}${problemOf(fields)}`);
      },
    };
  }
}

function problemOf(fields: object): string {
  if ('err' in fields) return `: ${fields.err instanceof Error ? fields.err.message : String(fields.err)}`;
  return 'problem' in fields ? `: ${String(fields.problem)}` : '';
}

/** The events that a replica tells of in its log. */
function eventsIn(late: readonly unknown[]): readonly string[] {
  return late.flatMap((one) => {
    const documents: unknown = typeof one === 'object' && one !== null && 'documents' in one ? one.documents : [];
    if (!Array.isArray(documents)) return [];
    return documents
      .map(String)
      .flatMap((name) => (name.startsWith(`${eventCollection} `) ? name.split(' ').slice(1) : []));
  });
}

/** Journaled, or kept as a whole. */
function eventsOn({ transactions, kept }: DiskContents): readonly (string | undefined)[] {
  const documents = kept.whole ? [...kept.documents.values()] : [];
  const events = documents.filter(({ collection, state }) => collection === eventCollection && state !== undefined);
  return [...transactions.map(eventOfTransaction), ...events.map(({ id }) => id)];
}
