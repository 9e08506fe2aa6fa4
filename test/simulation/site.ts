/** A simulated site as tests write about it: replicas by name, and time that passes while something is awaited. */
import { conflictsOf, documentValue } from '../../replica/crdt/document.ts';
import { readableFormats } from '../../replica/log/formats.ts';
import type { Replica } from '../../replica/replica.ts';
import type { DocumentWriter, RequestResult } from '../../replica/transaction.ts';
import { jsonFromValue, objectFromJson } from '../../replica/values/json.ts';
import type { Machine } from './machine.ts';
import { type SnapshotTiming, World } from './world.ts';

interface Document {
  readonly _id: string;
  readonly [field: string]: unknown;
}

const noCounters = () => false;

/** A replica on its machine, whatever process it is just now. */
export class SimulatedReplica {
  readonly machine: Machine;
  readonly #world: World;

  constructor(world: World, machine: Machine) {
    this.#world = world;
    this.machine = machine;
  }

  get replica(): Replica {
    const { running } = this.machine;
    if (!running) throw new Error(`${this.machine.name} does not run`);
    return running.replica;
  }

  /** Sends a mutation; no time passes. @returns its token */
  async send(...requests: readonly ((writer: DocumentWriter) => RequestResult)[]): Promise<string> {
    const transaction = this.replica.begin();
    try {
      for (const request of requests) transaction.request(request);
      return (await this.replica.commit(transaction)).token;
    } finally {
      transaction.close();
    }
  }

  upsert(collection: string, document: Document): Promise<string> {
    return this.#world.until(this.send(upserting(collection, document)));
  }

  increment(collection: string, id: string, by: number): Promise<string> {
    const operation = { kind: 'increment', path: ['n'], by } as const;
    return this.#world.until(this.send((writer) => writer.update(collection, id, [operation], noCounters)));
  }

  waitFor(token: string): Promise<void> {
    return this.#world.until(this.replica.waitFor(token, 5_000));
  }

  /** A document as JSON, without `_id`; undefined where it is not shown. */
  read(collection: string, id: string): unknown {
    using view = this.replica.read();
    const document = view.get(collection, id);
    return document && JSON.parse(JSON.stringify(jsonFromValue(documentValue(document.state))));
  }

  /** What stands in a document beside what is shown. */
  conflicts(collection: string, id: string): readonly unknown[] {
    using view = this.replica.read();
    const document = view.get(collection, id);
    return (document ? conflictsOf(document.state) : []).flatMap(({ retained }) => retained.map(({ value }) => value));
  }

  start(): void {
    this.#world.start(this.machine);
  }

  crash(): void {
    this.#world.crash(this.machine);
  }

  /** Cut off from Redis, and it has noticed. */
  async cutOff(): Promise<void> {
    this.#world.cut(this.machine);
    await this.#world.run(() => this.machine.running?.replica.status.connected === false, 5_000);
  }

  mend(): void {
    this.#world.mend(this.machine);
  }
}

/** A replica that has nothing but what Redis has. */
export async function fresh(world: World, reads = readableFormats): Promise<SimulatedReplica> {
  const replica = new SimulatedReplica(world, world.addMachine({ disk: false }));
  replica.machine.reads = reads;
  replica.start();
  await world.run(() => replica.machine.serving?.replica.status.connected === true, 10_000);
  return replica;
}

export const upserting =
  (collection: string, { _id, ...fields }: Document) =>
  (writer: DocumentWriter) =>
    writer.upsert(collection, _id, objectFromJson(fields, 'document'), 'MERGE', noCounters);

export const evicting = (collection: string, id: string) => (writer: DocumentWriter) =>
  writer.evict(collection, id) ? ['evicted'] : [];

export interface SiteOptions {
  readonly seed: number;
  /** False: no replica has a disk. */
  readonly disks?: boolean;
  readonly snapshots?: SnapshotTiming;
  /** False: disks hold journals alone. */
  readonly keepsPrefix?: boolean;
}

/** Two replicas on one Redis, ready, and everything in order. */
export async function simulate({ seed, disks = true, snapshots = {}, keepsPrefix = true }: SiteOptions) {
  const world = new World({ seed, isTraced: false });
  world.snapshotTiming = snapshots;
  world.keepsPrefix = keepsPrefix;
  const a = new SimulatedReplica(world, world.addMachine({ disk: disks }));
  const b = new SimulatedReplica(world, world.addMachine({ disk: disks }));
  for (const replica of [a, b]) replica.start();
  await world.run(() => world.machines.every(({ serving }) => serving?.replica.status.connected), 10_000);
  return {
    world,
    a,
    b,
    /** Passes time. */
    pass: (milliseconds: number) => world.run(() => false, milliseconds),
    /** Passes time until everybody has everything. @throws {Error} where that is not so within a minute */
    settle: async () => {
      if (!(await world.run(() => world.isQuiet, 60_000))) throw new Error('not at rest within a minute');
    },
  };
}
