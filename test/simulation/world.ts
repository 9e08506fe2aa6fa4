/** Everything that a simulated site consists of, and the handles by which schedules and tests act on it. */
import type { Logger, ReplicaTiming } from '../../replica/options.ts';
import type { LiveQueryDefinition } from '../../replica/query/live-query.ts';
import { openReplica } from '../../replica/replica.ts';
import { type Conditions, Connection } from './connection.ts';
import { Disk, type DiskContents, emptyDisk, SimulatedJournal } from './disk.ts';
import { Ledger } from './ledger.ts';
import { Machine, MachineClock, type Running } from './machine.ts';
import { Observer } from './observer.ts';
import { Oracle } from './oracle.ts';
import { gossipOver, logOver, snapshotsOver } from './ports.ts';
import { Process } from './process.ts';
import { Random } from './random.ts';
import type { RedisContents } from './redis.ts';
import type { ReaderThatLeft } from './returning-reader.ts';
import { Scheduler } from './scheduler.ts';
import { Server } from './server.ts';
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
    | 'keepMilliseconds'
    | 'siteMilliseconds'
  >
>;

export const goodConditions = (): Conditions => ({
  latency: [0.2, 2],
  lostRequests: 0,
  lostAnswers: 0,
  lateRequests: 0,
  lostMessages: 0,
  repeatedMessages: 0,
  damagedMessages: 0,
  messageDelay: [0.2, 2],
});

/** Of a process that was told to stop; then it is killed. */
const stopMilliseconds = 5_000;
const heartbeatMilliseconds = 1_000;
/** Until whoever looks after a process starts it again. */
const restartMilliseconds = 500;

export class World {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly server: Server;
  readonly oracle: Oracle;
  readonly ledger: Ledger;
  readonly machines: Machine[] = [];
  /** Live queries that every replica has open beside those that hold invariants. */
  queries: readonly LiveQueryDefinition[] = [];
  readonly readersThatLeft: ReaderThatLeft[] = [];
  readonly cameBack = { toTheChange: 0, toTheWhole: 0 };
  /** Whether clients write large documents, so that one append does not carry all that waits. */
  isHeavy = false;
  /** Whether replicas with a disk keep their prefix on it. */
  keepsPrefix = true;
  /** When snapshots are due, and how long what is trimmed or expires is kept. */
  snapshotTiming: SnapshotTiming = {};
  /** Told when a replica has become ready, in that turn. */
  onReady: (machine: Machine) => void = () => {};
  /** Whether the log was wiped or set back. */
  wentBack = false;
  #violations: string[] = [];

  constructor({ seed, isTraced }: WorldOptions) {
    this.random = new Random(seed);
    this.scheduler = new Scheduler(() => this.#check());
    this.trace = new Trace(isTraced, () => this.scheduler.now);
    this.oracle = new Oracle(({ delta, position }) => {
      this.trace.add('redis', () => `appends ${delta.origin} ${delta.number} at ${position}`);
      this.ledger.logged(delta, position);
    });
    this.ledger = new Ledger(this.oracle, (problem) => this.violation('ledger', problem));
    this.server = new Server(
      this.scheduler,
      (entry) => this.oracle.appended(entry),
      () => {},
    );
  }

  violation(who: string, problem: string): void {
    this.trace.add(who, () => `VIOLATION: ${problem}`);
    this.#violations.push(`${who}: ${problem}`);
  }

  addMachine(options: { readonly disk: boolean; readonly rate?: number; readonly replicaName?: string }): Machine {
    const name = `m${this.machines.length + 1}`;
    const clock = new MachineClock(this.scheduler, options.rate ?? 1);
    const disk = options.disk ? new Disk() : undefined;
    const machine = new Machine(name, options.replicaName ?? name, clock, goodConditions(), disk);
    this.machines.push(machine);
    return machine;
  }

  start(machine: Machine): Running {
    if (machine.running) throw new Error(`${machine.name} runs already`);
    const { scheduler, random, server, oracle, ledger } = this;
    machine.generation += 1;
    const process = new Process(machine.name, scheduler, machine.clock, () => this.#died(machine, running));
    const connection = new Connection({ scheduler, random, server, link: machine.link, process });
    const journal =
      machine.disk && new SimulatedJournal(machine.disk, process, scheduler, random, () => this.#checkDisks());
    const replica = openReplica({
      name: machine.replicaName,
      log: logOver(connection, server.redis),
      snapshots: snapshotsOver(connection, server.redis),
      gossip: gossipOver(connection),
      journal,
      keptPrefix: this.keepsPrefix ? journal?.keptPrefix : undefined,
      timers: process.timers,
      random: (bytes) => random.bytes(bytes),
      logger: this.#loggerOf(machine, process),
      indexes: indexedPaths,
      timing: { heartbeatMilliseconds, ...this.snapshotTiming },
    });
    const observer = new Observer({
      name: machine.name,
      replica,
      ledger,
      oracle,
      isAlive: () => process.isAlive,
      wentBack: () => this.wentBack,
      trimmedUpTo: () => server.redis.trimmedUpTo,
      clockJumped: () => machine.clock.hasJumped,
      eviction: ({ collection, id, state }) => machine.eviction({ collection, id, touch: state.touch }),
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
  goBack(contents: RedisContents): void {
    this.wentBack = true;
    const position = contents.head?.position ?? 0;
    this.trace.add('redis', () => (contents.head ? `goes back to ${position}` : 'is empty'));
    this.server.stop();
    this.server.redis.setBack(contents);
    this.oracle.setBack(contents.head);
    this.ledger.setBack(position);
    this.server.start();
  }

  /** The disk is another one now: a new one, or an earlier copy. What is on neither and not in the log is lost. */
  replaceDisk(machine: Machine, contents: DiskContents): void {
    const { disk } = machine;
    if (!disk || machine.running) return;
    const kept = new Set(contents.transactions.map(({ origin, number }) => `${origin} ${number}`));
    const gone = disk.contents.transactions.filter(({ origin, number }) => !kept.has(`${origin} ${number}`));
    for (const event of this.ledger.lose(gone)) machine.shown.delete(event);
    machine.useDisk(contents);
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
    if (this.server.onTheWay > 0) return false;
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
    running.isReady = true;
    const { replica, observer } = running;
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
    if (this.wentBack) return;
    if (!machine.disk?.isFailing) this.violation(machine.name, `cannot start: ${problem}`);
    this.crash(machine);
    this.scheduler.after(restartMilliseconds, () => {
      if (!machine.running) this.start(machine);
    });
  }

  #died(machine: Machine, running: Running): void {
    if (machine.running !== running) return;
    machine.running = undefined;
    machine.generation += 1;
    running.connection.close();
    running.journal?.lose();
    for (const event of running.observer.shown.keys()) machine.shown.add(event);
    if (!machine.disk) machine.forgetEvictions();
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
        say(fields, message);
        const isBroken = message === 'handing on transactions failed' || message === 'an append failed';
        if (process.isAlive && isBroken) this.violation(machine.name, `${message}${problemOf(fields)}`);
      },
    };
  }
}

function problemOf(fields: object): string {
  if ('err' in fields) return `: ${fields.err instanceof Error ? fields.err.message : String(fields.err)}`;
  return 'problem' in fields ? `: ${String(fields.problem)}` : '';
}
