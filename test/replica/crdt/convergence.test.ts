/** The merge rules as a whole: random histories of one site to three, held against the model at every step. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { requests } from './arbitraries.ts';
import { World } from './sites.ts';
import { type Happenings, histories, settle } from './steps.ts';

/**
 * `npm run test:soak` sets the number of histories of each kind. A failure prints what replays it: its seed, and the path
 * to the shrunk history.
 */
const { MERGE_RUNS = '80', MERGE_SEED, MERGE_PATH, MERGE_REPLAY } = process.env;

const worlds = [
  { name: 'one site', sizes: [[2], [3], [5]], hasBridges: false, goesBack: false },
  { name: 'one site whose log goes back', sizes: [[2], [3], [4]], hasBridges: false, goesBack: true },
  {
    name: 'two sites',
    sizes: [
      [1, 1],
      [2, 1],
      [2, 2],
      [3, 2],
    ],
    hasBridges: true,
    goesBack: false,
  },
  {
    name: 'three sites whose logs go back',
    sizes: [
      [1, 1, 1],
      [2, 1, 1],
      [2, 2, 1],
    ],
    hasBridges: true,
    goesBack: true,
  },
];

describe.each([
  ['all kinds of writes', requests.ofAllKinds],
  ['counters', requests.onCounters],
] as const)('replicas, %s:', (kind, request) => {
  it.each(worlds.map((world) => [world.name, world] as const))(
    'M23: %s show at every step what each operation judged alone gives, and end equal',
    (name, world) => {
      const happenings: Happenings = { ...world, request, replayPath: MERGE_REPLAY };
      const property = fc.property(fc.constantFrom(...world.sizes), histories(happenings), (sizes, commands) => {
        const real = new World(sizes);
        fc.modelRun(() => ({ model: real, real }), commands);
        settle(real);
      });
      fc.assert(property, {
        numRuns: Number(MERGE_RUNS),
        ...(MERGE_SEED === undefined ? {} : { seed: Number(MERGE_SEED) }),
        ...(MERGE_PATH === undefined ? {} : { path: MERGE_PATH }),
        reporter(details) {
          if (!details.failed) return;
          const replay = /replayPath="([^"]*)"/.exec(String(details.counterexample?.[1]))?.[1] ?? '';
          const variables = `MERGE_SEED=${details.seed} MERGE_PATH='${details.counterexamplePath}' MERGE_REPLAY='${replay}'`;
          throw new Error(
            `${fc.defaultReportMessage(details)}\nReplay: ${variables} npm run test:soak -- -t '${kind}: M23: ${name} show'`,
          );
        },
      });
    },
  );
});
