/** The merge rules as a whole: random histories of one site and of two, held against the model at every step. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DocumentState, showsSame } from '../../../replica/crdt/document.ts';
import { encodeDocument } from '../../../replica/crdt/document-codec.ts';
import { type Request, requests } from './arbitraries.ts';
import { factsOfHistory, factsOfState } from './facts.ts';
import type { Made } from './model.ts';
import { type Action, World } from './sites.ts';

const replica = fc.nat({ max: 5 });
const writesOf = (request: fc.Arbitrary<Request>) =>
  fc.record({
    kind: fc.constant('write' as const),
    replica,
    requests: fc.array(request, { minLength: 1, maxLength: 3 }),
    time: fc.integer({ min: 1, max: 5 }),
  });
const step = fc.record({ kind: fc.constantFrom('append' as const, 'apply' as const), replica });
const sync = fc.record({ kind: fc.constant('sync' as const), replica });
const restart = fc.record({ kind: fc.constant('restart' as const), replica });
const heal = fc.record({ kind: fc.constant('heal' as const), replica });
const bridge = fc.record({ kind: fc.constant('bridge' as const), from: fc.nat({ max: 2 }), to: fc.nat({ max: 2 }) });

const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const anywhere = [often(6, step), often(3, sync), often(1, restart)];

/** Histories of a world, by what is written in it and what else happens there. */
const histories = (request: fc.Arbitrary<Request>, ...others: { weight: number; arbitrary: fc.Arbitrary<Action> }[]) =>
  fc.array(fc.oneof(often(6, writesOf(request)), ...anywhere, ...others), {
    minLength: 10,
    maxLength: 60,
    size: 'max',
  });

function play(world: World, actions: readonly Action[]): void {
  for (const action of actions) {
    const before = action.kind === 'bridge' ? undefined : world.replicaOf(action)?.view();
    const replica = world.act(action);
    // Appending changes nothing that anybody sees.
    const view = action.kind === 'append' ? undefined : replica?.view();
    if (view) expectFacts(view.state, view.history);
    // What was pending and came back by the log is nothing new to anybody.
    if (before && view && hasSame(before.history, view.history)) expect(showsSame(before.state, view.state)).toBe(true);
  }
  world.settle();
  for (const { pending } of world.replicas) expect(pending).toEqual([]);
}

const hasSame = (a: ReadonlySet<Made>, b: ReadonlySet<Made>): boolean =>
  a.size === b.size && [...a].every((made) => b.has(made));

/** Compared as one text first, as that is much the faster. */
function expectFacts(state: DocumentState | undefined, history: ReadonlySet<Made>): void {
  const [facts, expected] = [factsOfState(state), factsOfHistory(history)];
  if (facts.join() !== expected.join()) expect(facts).toEqual(expected);
}

function expectAgreement({ sites, replicas }: World): void {
  const [first] = replicas;
  for (const other of replicas) expect(showsSame(first?.prefix, other.prefix)).toBe(true);
  for (const site of sites) {
    const encoded = site.replicas.map(({ prefix }) => (prefix ? encodeDocument(prefix) : undefined));
    for (const bytes of encoded) expect(bytes).toEqual(encoded[0]);
  }
}

/** `npm run test:soak` sets both: how many histories of each kind, and where they begin. A failure prints seed and path. */
const { MERGE_RUNS = '200', MERGE_SEED } = process.env;
const soak = { numRuns: Number(MERGE_RUNS), ...(MERGE_SEED === undefined ? {} : { seed: Number(MERGE_SEED) }) };

describe.each([
  { kind: 'all kinds of writes', request: requests.ofAllKinds },
  { kind: 'counters', request: requests.onCounters },
])('replicas, $kind:', ({ request }) => {
  it.each([
    { name: 'one site', sizes: [3], actions: histories(request) },
    { name: 'one site whose log goes back', sizes: [3], actions: histories(request, often(2, heal)) },
    { name: 'two sites', sizes: [2, 2], actions: histories(request, often(4, bridge)) },
    {
      name: 'three sites, logs going back',
      sizes: [2, 2, 1],
      actions: histories(request, often(4, bridge), often(1, heal)),
    },
  ])('M23: $name show at every step what each operation judged alone gives, and end equal', ({ sizes, actions }) => {
    const property = fc.property(actions, (history) => {
      const world = new World(sizes);
      play(world, history);
      expectAgreement(world);
      const [first] = world.replicas;
      expectFacts(first?.prefix, new Set(first?.applied.keys()));
    });
    fc.assert(property, soak);
  });
});
