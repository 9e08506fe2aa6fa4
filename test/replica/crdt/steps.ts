/** What may happen in a world of sites, as commands; and what has to hold after each. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { encodeChunk } from '../../../replica/codec/chunk-codec.ts';
import { showsSame } from '../../../replica/crdt/document.ts';
import type { DocumentState } from '../../../replica/crdt/document-node.ts';
import type { Request } from './arbitraries.ts';
import { factsOfHistory, factsOfState } from './facts.ts';
import type { Made } from './model.ts';
import { ids, type Replica, type View, type World, type Write } from './sites.ts';

/** There is nothing beside the world: what a replica has seen is in it, too, and the reference is made of that. */
type Step = fc.Command<World, World>;

/** @param can whether it would do anything @param act gives the replica that shows something else since, if one does */
function step(name: string, can: (world: World) => boolean, act: (world: World) => Replica | undefined): Step {
  return {
    check: can,
    run(_, world) {
      const replica = act(world);
      if (replica) expectHeld(replica);
    },
    toString: () => name,
  };
}

const replicas = fc.nat({ max: 4 });
const sites = fc.nat({ max: 2 });

const writes = (request: fc.Arbitrary<Request>): fc.Arbitrary<Step> =>
  fc
    .record({
      at: replicas,
      time: fc.integer({ min: 1, max: 5 }),
      written: fc.array(fc.record({ id: fc.constantFrom(...ids), request }), { minLength: 1, maxLength: 3 }),
    })
    .map(({ at, time, written }) =>
      step(
        `write(${at}, ${time}, ${spell(written)})`,
        () => true,
        (world) => {
          const replica = world.replicaOf(at);
          replica.write(written, time);
          return replica;
        },
      ),
    );

const spell = (written: readonly Write[]): string =>
  JSON.stringify(written, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));

const appends = replicas.map((at) =>
  step(
    `append(${at})`,
    (world) => world.replicaOf(at).unsent !== undefined,
    (world) => {
      world.replicaOf(at).append();
      return undefined;
    },
  ),
);

const isBehind = ({ position, site }: Replica): boolean => position < site.entries.length;

const applies = replicas.map((at) =>
  step(
    `apply(${at})`,
    (world) => isBehind(world.replicaOf(at)),
    (world) => sameBefore(world.replicaOf(at), (replica) => replica.apply()),
  ),
);

const syncs = replicas.map((at) =>
  step(
    `sync(${at})`,
    (world) => isBehind(world.replicaOf(at)) || world.replicaOf(at).pending.length > 0,
    (world) => sameBefore(world.replicaOf(at), (replica) => replica.sync()),
  ),
);

const restarts = replicas.map((at) =>
  step(
    `restart(${at})`,
    () => true,
    (world) => sameBefore(world.replicaOf(at), (replica) => replica.restart()),
  ),
);

const saves = fc.tuple(replicas, fc.nat({ max: 1 })).map(([at, chunk]) =>
  step(
    `save(${at}, ${chunk})`,
    () => true,
    (world) => {
      world.replicaOf(at).save(chunk);
      return undefined;
    },
  ),
);

/** All replicas and the reference are equal, once everything is everywhere. */
const quiescences = fc.constant(
  step(
    'settle()',
    () => true,
    (world) => {
      settle(world);
      return undefined;
    },
  ),
);

const heals = replicas.map((at) =>
  step(
    `heal(${at})`,
    () => true,
    (world) => {
      const healer = world.replicaOf(at);
      world.heal(healer);
      for (const replica of healer.site.replicas) expectHeld(replica);
      return healer;
    },
  ),
);

const bridges = fc.tuple(sites, sites, fc.nat({ max: 9 })).map(([from, to, choice]) =>
  step(
    `bridge(${from}, ${to}, ${choice})`,
    (world) => world.bridgeable(world.siteOf(from), world.siteOf(to)).length > 0,
    (world) => {
      world.bridge(world.siteOf(from), world.siteOf(to), choice);
      return undefined;
    },
  ),
);

const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });

/** Repeated as often as they are likely: fast-check takes each of a list as often as the others. */
const times = <T>(count: number, arbitrary: T): T[] => Array.from({ length: count }, () => arbitrary);

export interface Happenings {
  readonly request: fc.Arbitrary<Request>;
  readonly hasBridges: boolean;
  readonly goesBack: boolean;
  /** As an earlier run printed it. */
  readonly replayPath: string | undefined;
}

export const histories = ({ request, hasBridges, goesBack, replayPath }: Happenings) =>
  fc.commands(
    [
      ...times(12, writes(request)),
      fc.oneof(often(1, restarts), often(3, saves)),
      fc.oneof(often(6, restarts), often(1, quiescences)),
      ...times(3, appends),
      ...times(3, applies),
      ...times(4, syncs),
      ...(hasBridges ? times(8, bridges) : []),
      ...(goesBack ? [heals] : []),
    ],
    { maxCommands: 60, size: 'max', ...(replayPath === undefined ? {} : { replayPath }) },
  );

/** Acts; what was pending and came back by the log is nothing new to anybody. */
function sameBefore(replica: Replica, act: (replica: Replica) => void): Replica {
  const before = replica.view();
  act(replica);
  const after = replica.view();
  if (hasSame(before.history, after.history)) {
    for (const id of ids) expect(showsSame(before.states.get(id), after.states.get(id))).toBe(true);
  }
  return replica;
}

/** A replica shows what each operation judged alone gives, and holds what every other one holds at its position. */
function expectHeld(replica: Replica): void {
  expectView(replica.view());
  const { site, position, prefix } = replica;
  const records = [...prefix].sort(([a], [b]) => (a < b ? -1 : 1));
  const held = Buffer.from(encodeChunk(records.map(([id, state]) => ({ collection: '', id, state })))).toString('hex');
  const others = site.heldAt.get(position) ?? held;
  if (held !== others) expect(held).toBe(others);
  site.heldAt.set(position, held);
}

function expectView({ states, history }: View): void {
  for (const id of ids) expectFacts(states.get(id), history, id);
}

/** Compared as one text first, as that is much the faster. */
function expectFacts(state: DocumentState | undefined, history: ReadonlySet<Made>, id: string): void {
  const [facts, expected] = [factsOfState(state), factsOfHistory(history, id)];
  if (facts.join() !== expected.join()) expect(facts).toEqual(expected);
}

export function settle(world: World): void {
  world.settle();
  const [first] = world.replicas;
  const everything = new Set(first?.applied.keys());
  for (const replica of world.replicas) {
    expect(replica.pending).toEqual([]);
    expect(replica.position).toBe(replica.site.entries.length);
    expect(hasSame(new Set(replica.applied.keys()), everything)).toBe(true);
    for (const id of ids) expect(showsSame(first?.prefix.get(id), replica.prefix.get(id))).toBe(true);
    expectHeld(replica);
  }
}

const hasSame = (a: ReadonlySet<Made>, b: ReadonlySet<Made>): boolean =>
  a.size === b.size && [...a].every((made) => b.has(made));
