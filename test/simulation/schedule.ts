/** A run from a seed: a site, clients, faults; then everything is healed, and has to come to rest, whole. */
import { ReplicaBehindError, TokenUnreachableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { decodeToken } from '../../replica/token.ts';
import { Faults, type Weights } from './faults.ts';
import type { Outcome } from './ledger.ts';
import type { Machine, Running } from './machine.ts';
import type { Span } from './random.ts';
import { comeBack, leave } from './returning-reader.ts';
import { problemOfStored } from './stored.ts';
import { followToken, randomQueries, readSlowly, write } from './workload.ts';
import { InvariantError, World } from './world.ts';

interface Kind {
  readonly name: string;
  readonly faults: Weights;
  /** Milliseconds between two faults. */
  readonly interval: Span;
}

/** All that leaves the site's log what it was. */
const passing: Weights = {
  cut: 3,
  lossy: 3,
  gossip: 3,
  crash: 1,
  crashAtCall: 3,
  loseDisk: 1,
  restoreDisk: 1,
  copyDisk: 2,
  failDisk: 1,
  stop: 2,
  freeze: 2,
  clock: 2,
  join: 1,
  leave: 1,
  redisStop: 1,
  redisFreeze: 1,
  redisFull: 1,
};

/** In turn, by seed. The last comes as often as the others together. */
export const kinds: readonly Kind[] = [
  { name: 'gossip', faults: { gossip: 4, lossy: 1 }, interval: [100, 1_000] },
  { name: 'cut-offs', faults: { cut: 4, lossy: 3, redisFull: 1, gossip: 1 }, interval: [200, 1_500] },
  {
    name: 'crashes',
    faults: { crash: 3, crashAtCall: 4, stop: 2, gossip: 1, cut: 2, lossy: 1 },
    interval: [200, 1_500],
  },
  {
    name: 'redis',
    faults: { redisStop: 2, redisFreeze: 3, redisFull: 2, lossy: 1, crashAtCall: 1 },
    interval: [500, 2_500],
  },
  { name: 'pauses and clocks', faults: { freeze: 4, clock: 4, cut: 1, lossy: 1, crash: 1 }, interval: [200, 1_500] },
  {
    name: 'coming and going',
    faults: { join: 4, leave: 2, stop: 2, crash: 1, cut: 2, gossip: 1 },
    interval: [300, 1_500],
  },
  {
    name: 'disks',
    faults: {
      loseDisk: 1,
      copyDisk: 3,
      restoreDisk: 2,
      failDisk: 3,
      cut: 3,
      crash: 1,
      crashAtCall: 2,
      stop: 2,
      redisFull: 1,
    },
    interval: [200, 1_200],
  },
  {
    name: 'snapshots',
    faults: { loseChunk: 3, freeze: 3, crash: 2, crashAtCall: 4, cut: 2, lossy: 1, join: 1 },
    interval: [100, 1_000],
  },
  {
    name: 'the log goes back',
    faults: { redisSave: 3, redisWipe: 1, redisRollback: 2, cut: 2, lossy: 1, gossip: 2, freeze: 1 },
    interval: [200, 2_500],
  },
  {
    name: 'two masters',
    faults: { redisSplit: 3, cut: 1, lossy: 1, gossip: 2, crash: 1, redisSave: 1, redisRollback: 1 },
    interval: [200, 2_500],
  },
  {
    name: 'everything',
    faults: { ...passing, loseChunk: 1 },
    interval: [50, 1_000],
  },
  {
    name: 'the log goes back, and all else',
    faults: {
      redisSave: 3,
      redisWipe: 2,
      redisRollback: 3,
      redisSplit: 3,
      saveAll: 1,
      restoreAll: 1,
      ...passing,
      crashAtCall: 6,
    },
    interval: [100, 1_500],
  },
];

export interface Report {
  readonly seed: number;
  readonly kind: string;
  readonly answered: number;
  readonly refused: number;
  readonly unknown: number;
  readonly events: number;
  readonly snapshots: number;
  readonly cameBack: World['cameBack'];
  readonly renewed: number;
  readonly virtualMilliseconds: number;
  /** What went wrong. */
  readonly problem: string | undefined;
  readonly trace: readonly string[];
  readonly traceHash: string;
}

export async function runSchedule(seed: number, isTraced: boolean): Promise<Report> {
  const world = new World({ seed, isTraced });
  const kind = kindOf(seed);
  world.trace.add('schedule', () => `${kind.name}, seed ${seed}`);
  let problem: string | undefined;
  try {
    await run(world, kind);
  } catch (error) {
    problem =
      error instanceof InvariantError ? error.message : error instanceof Error ? `${error.stack}` : String(error);
    world.trace.add('schedule', () => `ends: ${problem}`);
  }
  const { ledger, scheduler, trace } = world;
  return {
    seed,
    kind: kind.name,
    answered: ledger.count('answered'),
    refused: ledger.count('refused'),
    unknown: ledger.count('unknown') + ledger.count('committing'),
    events: scheduler.events,
    snapshots: world.server.redis.snapshots.named,
    cameBack: world.cameBack,
    renewed: world.renewed,
    virtualMilliseconds: scheduler.now,
    problem,
    trace: trace.lines,
    traceHash: trace.hash,
  };
}

function kindOf(seed: number): Kind {
  const [last] = kinds.slice(-1);
  const kind = seed % 2 === 0 ? last : kinds[((seed - 1) / 2) % (kinds.length - 1)];
  if (!kind) throw new Error('a seed is a whole number of 1 and more');
  return kind;
}

const canGoBack = ({ faults }: Kind): boolean => Boolean(faults.redisWipe ?? faults.redisRollback ?? faults.redisSplit);

async function run(world: World, kind: Kind): Promise<void> {
  const { random } = world;
  world.queries = randomQueries(random);
  world.isHeavy = random.chance(0.01);
  world.snapshotTiming = {
    // Who comes back after longer finds a log that began without it, and may take no part in it.
    newLogKeepMilliseconds: canGoBack(kind) ? limits.newLogKeepMilliseconds : random.pick([0, 0, 0, 3_000]),
    // Some schedules have none, in some every heartbeat brings one.
    snapshotMinimumBytes: random.pick([1, 1, 2_000, 20_000, Number.POSITIVE_INFINITY]),
    leaseMilliseconds: random.pick([500, 2_000]),
    chunkKeepMilliseconds: random.pick([1_000, 5_000]),
    chunkDocuments: random.pick([1, 5, 20, 1_000]),
    keepMilliseconds: random.pick([50, 500]),
    siteMilliseconds: random.pick([200, 2_000]),
  };
  world.keepsPrefix = random.chance(0.7);
  world.contextMilliseconds = random.pick([60_000, 60_000, 3_000]);
  const count = 2 + random.below(3);
  for (let index = 0; index < count; index += 1)
    world.addMachine({ disk: random.chance(0.7), rate: random.pick([0.98, 1, 1.01]) });
  for (const machine of world.machines)
    world.scheduler.after(random.within([0, 300]), () => startIfDown(world, machine));
  const faults = new Faults(world, kind.faults);
  // Some sites are in trouble before they have a log.
  if (random.chance(0.2)) faults.begin(kind.interval);
  else {
    await world.run(() => world.machines.every(({ serving }) => serving), 10_000);
    faults.begin(kind.interval);
  }
  const work = new Work(world, random.pick([40, 80, 160]));
  // Some clients have waited for it, and come at once.
  world.onReady = (machine) => {
    for (let left = random.chance(0.3) ? 2 : 0; left > 0; left -= 1) act(world, machine);
  };
  work.begin();
  await world.run(() => false, random.within([2_000, 7_000]));
  faults.heal();
  await comeToRest(world, work);
  await checkAtRest(world);
}

/** Clients, for as long as they are not stopped. */
class Work {
  readonly #world: World;
  readonly #milliseconds: number;
  #isOver = false;

  /** @param milliseconds between two that act, about */
  constructor(world: World, milliseconds: number) {
    this.#world = world;
    this.#milliseconds = milliseconds;
  }

  begin(): void {
    const { scheduler, random, machines } = this.#world;
    scheduler.after(random.within([0, 2 * this.#milliseconds]), () => {
      if (this.#isOver) return;
      const machine = random.pick(machines);
      // Clients come in bunches, so that appends carry more than one transaction.
      for (let left = random.chance(0.2) ? 3 : 1; left > 0; left -= 1) act(this.#world, machine);
      this.begin();
    });
  }

  end(): void {
    this.#isOver = true;
  }
}

function act(world: World, machine: Machine): void {
  const { random } = world;
  const running = machine.serving;
  if (!running) return;
  const choice = random.fraction();
  if (choice < 0.75) pursue(world, write(world, machine, running));
  else if (choice < 0.83) pursue(world, readSlowly(world, machine, running));
  else if (choice < 0.93) pursue(world, followToken(world, machine, running));
  else if (choice < 0.95) leave(world, running);
  else if (choice < 0.98) pursue(world, comeBack(world, machine, running));
  else {
    running.observer.look();
    if (random.chance(0.3)) pursue(world, checkStored(world));
  }
}

/** A fresh replica, at any moment, from what is stored alone. */
async function checkStored(world: World): Promise<void> {
  const problem = await problemOfStored(world.server.redis, world.oracle);
  if (problem !== undefined) world.violation('redis', problem);
}

/** What fails without being caught is a fault of the replica's. */
function pursue(world: World, work: Promise<unknown>): void {
  work.catch((error: unknown) => world.violation('client', error instanceof Error ? `${error.stack}` : String(error)));
}

function startIfDown(world: World, machine: Machine): void {
  if (!machine.running) world.start(machine);
}

/** A chunk a round trip, and some thousand chunks. */
const snapshotMilliseconds = 10_000;
/** Longer than a transaction waits until the log has what it saw. */
const restMilliseconds = 150_000;

/** Everybody who may hold something comes back, a fresh replica joins, and all get to where the log is. */
async function comeToRest(world: World, work: Work): Promise<void> {
  await world.run(() => world.machines.every(({ running }) => !running?.isStopping), 10_000);
  for (const machine of world.machines) if (machine.disk) startIfDown(world, machine);
  startIfDown(world, world.addMachine({ disk: false }));
  const isServed = () =>
    world.machines.every(
      ({ running, serving }) => !running || (serving?.replica.status.connected && running.connection.inFlight === 0),
    );
  if (!(await world.run(isServed, restMilliseconds))) throw new InvariantError(`not ready in time: ${describe(world)}`);
  work.end();
  for (const machine of world.machines) {
    const { serving } = machine;
    const outcome = serving && (await writeOnceServed(world, machine, serving));
    if (outcome !== undefined && outcome !== 'answered')
      world.violation(machine.name, `healed, and a write is ${outcome}`);
  }
  if (!(await world.run(() => world.isQuiet, restMilliseconds)))
    throw new InvariantError(`not at rest in time: ${describe(world)}`);
  // Whoever heard of nothing hears a heartbeat.
  await world.run(() => false, 1_500);
}

/** Others may trim the log past it just then: without a disk it refuses until it has loaded. */
async function writeOnceServed(world: World, machine: Machine, serving: Running): Promise<Outcome> {
  const outcome = await world.until(write(world, machine, serving, 'plain'));
  if (outcome !== 'refused' || machine.disk) return outcome;
  await world.run(() => serving.replica.status.connected, 10_000);
  return await world.until(write(world, machine, serving, 'plain'));
}

async function checkAtRest(world: World): Promise<void> {
  const { ledger, oracle } = world;
  // At each heartbeat somebody reads the log, and is answered soon; a snapshot that is being written ends.
  if (!(await world.run(() => world.isQuiet, snapshotMilliseconds)))
    throw new InvariantError(`does not stay at rest: ${describe(world)}`);
  for (const { name, running, disk } of world.machines) {
    if (!running) continue;
    const { observer, replica } = running;
    observer.look();
    observer.checkFeeds();
    const { connected, problem } = replica.status;
    if (!connected || problem !== undefined) world.violation(name, `healed, and says: ${problem ?? 'not connected'}`);
    if (observer.position !== oracle.position)
      world.violation(name, `shows ${observer.position}, and the log ends at ${oracle.position}`);
    for (const event of new Set([...ledger.operations.keys(), ...ledger.shown]))
      if (ledger.isOwed(event) && !observer.shown.has(event))
        world.violation(name, `${event} was answered or shown, and is lost`);
    if (disk && !disk.hasFailed && disk.contents.transactions.length + disk.contents.known.entries.length > 0)
      world.violation(name, `its journal still holds ${disk.contents.transactions.length} transactions`);
    for (const given of ledger.tokens) {
      if (!ledger.isReachable(given)) continue;
      const { token } = given;
      await world.until(
        replica.waitFor(token, 1_000).catch((error: unknown) => {
          const isOfAnother = world.wentBack && error instanceof TokenUnreachableError;
          // P50. Nobody was left to notice that the log went back to before it: it could be one that is to come.
          const { log, position } = decodeToken(token, 'token');
          const isPastEnd = world.wentBack && log === oracle.log && position > oracle.position;
          const isToCome = isPastEnd && error instanceof ReplicaBehindError;
          if (!isOfAnother && !isToCome) world.violation(name, `cannot reach a token: ${error}`);
        }),
      );
    }
  }
  await world.run(() => true, 0);
}

function describe(world: World): string {
  const states = world.machines.flatMap(({ name, running }) => {
    if (!running) return [];
    const { ready, problem, version, unsent, waiting } = running.replica.status;
    const { inFlight } = running.connection;
    return [`${name} ${JSON.stringify({ ready, problem, position: version[0]?.position, unsent, waiting, inFlight })}`];
  });
  return `the log ends at ${world.server.redis.head()?.position}; ${states.join('; ')}`;
}
