/** What goes wrong in a simulated site. Each fault ends by itself; all end when the site is healed. */

import { goodConditions } from './connection.ts';
import { Disk, type DiskContents, emptyDisk } from './disk.ts';
import type { Machine } from './machine.ts';
import type { Random, Span } from './random.ts';
import { emptyServer, type SavedServer } from './server.ts';
import type { World } from './world.ts';

export type FaultName =
  | 'cut'
  | 'lossy'
  | 'gossip'
  | 'crash'
  | 'crashAtCall'
  | 'loseDisk'
  | 'restoreDisk'
  | 'copyDisk'
  | 'failDisk'
  | 'stop'
  | 'freeze'
  | 'clock'
  | 'join'
  | 'leave'
  | 'redisStop'
  | 'redisFreeze'
  | 'redisFull'
  | 'loseChunk'
  | 'redisSave'
  | 'redisWipe'
  | 'redisRollback'
  | 'redisSplit'
  | 'saveAll'
  | 'restoreAll';

/** How often each comes, beside the others. */
export type Weights = Readonly<Partial<Record<FaultName, number>>>;

/** No more machines than these come by themselves. */
const mostMachines = 6;

export class Faults {
  readonly #world: World;
  readonly #random: Random;
  readonly #names: readonly FaultName[];
  readonly #copies = new Map<Machine, DiskContents>();
  readonly #gone = new Set<Machine>();
  /** What Redis was at some moments. */
  readonly #saved: SavedServer[] = [];
  /** A machine with its disk, and the Redis on it. */
  #whole: { readonly machine: Machine; readonly saved: SavedServer; readonly disk: DiskContents } | undefined;
  #isOver = false;

  constructor(world: World, weights: Weights) {
    this.#world = world;
    this.#random = world.random;
    this.#names = entriesOf(weights).flatMap(([name, weight]) => Array.from({ length: weight }, () => name));
  }

  /** One after the other, from now on. @param interval milliseconds between two */
  begin(interval: Span): void {
    if (this.#names.length === 0) return;
    this.#after(this.#random.within(interval), () => {
      this.#strike(this.#random.pick(this.#names), this.#random.pick(this.#world.machines));
      this.begin(interval);
    });
  }

  /** Everything works from now on, and everybody who has a disk comes back. */
  heal(): void {
    const { servers, server, machines, trace } = this.#world;
    this.#isOver = true;
    trace.add('schedule', () => 'heals everything');
    if (servers.size > 1) this.#world.unite(this.#random.chance(0.5) ? server : ([...servers].at(-1) ?? server));
    const staying = this.#world.server;
    staying.start();
    staying.resume();
    staying.redis.isFull = false;
    for (const machine of machines) {
      if (!machine.link.isUp) this.#world.mend(machine);
      Object.assign(machine.link.conditions, goodConditions());
      if (machine.disk)
        Object.assign(machine.disk, { isFailing: false, flushMilliseconds: new Disk().flushMilliseconds });
      machine.running?.process.resume();
      machine.running?.process.dieAtCall(Number.POSITIVE_INFINITY, false);
    }
  }

  /** @returns whether a machine left for good; it comes back in the end only if something may be on its disk */
  hasLeft(machine: Machine): boolean {
    return this.#gone.has(machine);
  }

  #strike(name: FaultName, machine: Machine): void {
    const { random, server, trace } = this.#world;
    const { link, running } = machine;
    switch (name) {
      case 'cut':
        if (!link.isUp) return;
        this.#world.cut(machine);
        this.#after(random.pick([200, 1_500, 3_000, 6_000]), () => this.#world.mend(machine));
        return;
      case 'lossy': {
        const { conditions } = link;
        trace.add(machine.name, () => 'loses requests and answers');
        conditions.lostRequests = random.pick([0, 0.1, 0.4]);
        conditions.lostAnswers = random.pick([0.1, 0.4]);
        conditions.lateRequests = random.pick([0, 0.2]);
        conditions.latency = random.pick([
          [0.2, 2],
          [5, 300],
        ]);
        this.#after(random.within([500, 4_000]), () => {
          const { latency } = goodConditions();
          Object.assign(conditions, { lostRequests: 0, lostAnswers: 0, lateRequests: 0, latency });
        });
        return;
      }
      case 'gossip': {
        trace.add(machine.name, () => 'has bad gossip');
        const { conditions } = link;
        conditions.lostMessages = random.pick([0.05, 0.3, 1]);
        conditions.repeatedMessages = random.pick([0, 0.3]);
        conditions.damagedMessages = random.pick([0, 0.1]);
        conditions.messageDelay = random.pick([
          [0.2, 2],
          [1, 500],
          [500, 3_000],
        ]);
        this.#after(random.within([500, 4_000]), () => {
          const { messageDelay } = goodConditions();
          Object.assign(conditions, { lostMessages: 0, repeatedMessages: 0, damagedMessages: 0, messageDelay });
        });
        return;
      }
      case 'crash':
        if (!running) return;
        trace.add(machine.name, () => 'crashes');
        this.#world.crash(machine);
        this.#startLater(machine);
        return;
      case 'crashAtCall':
        if (!running || running.isStopping) return;
        trace.add(machine.name, () => 'is going to crash in the middle of what it does');
        running.process.dieAtCall(1 + random.below(12), random.chance(0.5));
        this.#watchForDeath(machine);
        return;
      case 'loseDisk':
      case 'restoreDisk': {
        const copy = name === 'loseDisk' ? emptyDisk : this.#copies.get(machine);
        if (!machine.disk || !copy) return;
        this.#world.crash(machine);
        this.#world.replaceDisk(machine, copy);
        this.#startLater(machine);
        return;
      }
      case 'copyDisk':
        if (machine.disk) this.#copies.set(machine, machine.disk.contents);
        return;
      case 'failDisk': {
        const { disk } = machine;
        if (!disk) return;
        const isSlow = random.chance(0.5);
        trace.add(machine.name, () => `has a disk that is ${isSlow ? 'slow' : 'full'}`);
        if (isSlow) disk.flushMilliseconds = [50, 800];
        else disk.isFailing = true;
        this.#after(random.within([500, 3_000]), () => {
          Object.assign(disk, { isFailing: false, flushMilliseconds: new Disk().flushMilliseconds });
        });
        return;
      }
      case 'stop':
        if (!running || running.isStopping) return;
        void this.#world.stop(machine).then(() => {
          if (machine.disk && random.chance(0.5)) this.#copies.set(machine, machine.disk.contents);
          this.#startLater(machine);
        });
        return;
      case 'freeze': {
        if (!running) return;
        trace.add(machine.name, () => 'is frozen');
        running.process.freeze();
        this.#after(random.pick([50, 700, 3_000, 6_000]), () => {
          trace.add(machine.name, () => 'goes on');
          running.process.resume();
        });
        return;
      }
      case 'clock': {
        const milliseconds = random.pick([-300_000, -50_000, -1_000, 1_000, 50_000, 300_000]);
        trace.add(machine.name, () => `has a clock that jumps by ${milliseconds} ms`);
        machine.clock.jump(milliseconds);
        return;
      }
      case 'join':
        this.#join(machine);
        return;
      case 'leave':
        if (this.#world.machines.filter(({ running }) => running).length < 2) return;
        this.#gone.add(machine);
        void this.#world.stop(machine);
        return;
      case 'redisStop':
        trace.add('redis', () => 'stops');
        server.stop();
        this.#after(random.within([100, 4_000]), () => {
          trace.add('redis', () => 'is back');
          server.start();
        });
        return;
      case 'redisFreeze':
        trace.add('redis', () => 'is frozen');
        server.freeze();
        this.#after(random.pick([300, 2_500, 5_000]), () => {
          trace.add('redis', () => 'goes on');
          server.resume();
        });
        return;
      case 'redisFull':
        trace.add('redis', () => 'is out of memory');
        server.redis.isFull = true;
        this.#after(random.within([100, 3_000]), () => {
          trace.add('redis', () => 'has memory again');
          server.redis.isFull = false;
        });
        return;
      case 'loseChunk':
        if (server.redis.snapshots.loseChunk((count) => random.below(count)))
          trace.add('redis', () => 'loses a chunk of the newest snapshot');
        return;
      case 'redisSave':
        if (server.redis.head()) this.#saved.push(server.save());
        return;
      case 'redisWipe':
        // Two sites would begin, were one of two masters empty.
        if (this.#world.servers.size === 1) this.#world.goBack(emptyServer);
        return;
      case 'redisRollback': {
        const saved = this.#saved.length > 0 ? random.pick(this.#saved) : undefined;
        if (saved) this.#world.goBack(saved);
        return;
      }
      case 'redisSplit': {
        if (this.#world.servers.size > 1 || !server.redis.head()) return;
        const goes = new Set(this.#world.machines.filter(() => random.chance(0.5)));
        this.#world.split((one) => goes.has(one));
        this.#after(random.within([500, 5_000]), () => {
          const [one, other] = [...this.#world.servers];
          if (one && other) this.#world.unite(random.chance(0.5) ? one : other);
        });
        return;
      }
      case 'saveAll':
        if (!machine.disk || !server.redis.head()) return;
        this.#whole = { machine, saved: server.save(), disk: machine.disk.contents };
        return;
      case 'restoreAll': {
        // Redis is on that machine, and the whole of it is set back.
        if (!this.#whole) return;
        const { machine: restored, saved, disk } = this.#whole;
        this.#world.crash(restored);
        this.#world.goBack(saved);
        this.#world.replaceDisk(restored, disk);
        this.#startLater(restored);
      }
    }
  }

  /** @param other a machine whose disk and name the new one may have a copy of, unless one was closed cleanly */
  #join(other: Machine): void {
    const { machines, trace } = this.#world;
    if (machines.length >= mostMachines) return;
    const like = machines.find(({ disk }) => disk?.contents.cleanMark) ?? other;
    // Of two masters each would let one take the name of both: docs/guide/recovery.md says what is lost then.
    const isCopy = like.disk !== undefined && this.#random.chance(0.3) && this.#world.servers.size === 1;
    const replicaName = isCopy ? like.replicaName : undefined;
    const machine = this.#world.addMachine({
      disk: isCopy || this.#random.chance(0.5),
      rate: this.#random.pick([0.99, 1, 1.02]),
      ...(replicaName === undefined ? {} : { replicaName }),
    });
    if (isCopy && like.disk) machine.useDisk(like.disk.contents);
    trace.add(machine.name, () => (isCopy ? `joins, with a copy of the disk of ${like.name}` : 'joins'));
    this.#world.start(machine);
  }

  #startLater(machine: Machine): void {
    this.#after(this.#random.pick([0, 100, 1_000, 3_000]), () => {
      if (!machine.running && !this.#gone.has(machine)) this.#world.start(machine);
    });
  }

  /** Who died in the middle of what it did is started again after a while. */
  #watchForDeath(machine: Machine): void {
    this.#after(500, () => {
      if (machine.running) {
        if (machine.running.process.isDoomed) this.#watchForDeath(machine);
      } else this.#startLater(machine);
    });
  }

  #after(milliseconds: number, call: () => void): void {
    this.#world.scheduler.after(milliseconds, () => {
      if (!this.#isOver) call();
    });
  }
}

function entriesOf(weights: Weights): readonly (readonly [FaultName, number])[] {
  const names: readonly FaultName[] = [
    'cut',
    'lossy',
    'gossip',
    'crash',
    'crashAtCall',
    'loseDisk',
    'restoreDisk',
    'copyDisk',
    'failDisk',
    'stop',
    'freeze',
    'clock',
    'join',
    'leave',
    'redisStop',
    'redisFreeze',
    'redisFull',
    'loseChunk',
    'redisSave',
    'redisWipe',
    'redisRollback',
    'redisSplit',
    'saveAll',
    'restoreAll',
  ];
  return names.map((name) => [name, weights[name] ?? 0] as const);
}
