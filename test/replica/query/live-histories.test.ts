/** Live queries and indexes as a whole: random histories of a site, held against fresh queries after every turn. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type Question, type Step, World } from './live-world.ts';
import { filters, orders } from './queries.ts';
import { documentFields, paths, values, type Write } from './store.ts';

/**
 * `npm run test:live-soak` sets the number of histories. A failure prints the command that replays it: histories are run so
 * many at a time, each time from the next seed.
 */
const { LIVE_RUNS = '300', LIVE_SEED = '1' } = process.env;
const atOnce = 100;

/** Few, so that writes meet. */
const ids = fc.constantFrom('d0', 'd1', 'd2', 'd3', '\u{1f600}');

const writes: fc.Arbitrary<Write> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('upsert'), id: ids, fields: documentFields }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('set'), id: ids, path: paths, value: values }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('count'), id: ids, by: fc.integer({ min: -2, max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unset'), id: ids, path: paths }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('remove', 'evict', 'evict', 'rewrite'), id: ids }) },
);

const questions: fc.Arbitrary<Question> = fc.record({
  definition: fc.record({
    collection: fc.constant('things'),
    filter: fc.option(filters, { nil: undefined }),
    order: orders,
    first: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  }),
  size: fc.integer({ min: 0, max: 4 }),
  after: fc.integer({ min: -1, max: 5 }),
  isBackwards: fc.boolean(),
});

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('write'), writes: fc.array(writes, { minLength: 1, maxLength: 3 }) }),
  },
  { weight: 4, arbitrary: fc.constant<Step>({ kind: 'send' }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('follow'), entries: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cutOff', 'reach', 'refuse', 'load', 'close') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('open', 'ask'), question: questions }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('view'), isStaging: fc.boolean() }) },
);

const histories = fc.record({
  questions: fc.tuple(questions, questions),
  happenings: fc.array(fc.tuple(fc.nat(1), steps), { maxLength: 40, size: 'max' }),
});

const property = fc.property(histories, ({ questions: [first, second], happenings }) => {
  const world = new World();
  for (const replica of [0, 1]) {
    world.step(replica, { kind: 'open', question: first });
    world.step(replica, { kind: 'open', question: second });
    world.step(replica, { kind: 'ask', question: second });
  }
  for (const [replica, step] of happenings) world.step(replica, step);
  world.settle();
});

describe('live queries and indexes', () => {
  it(
    'L1, L2, L4, L12, L19, L20, L21: show after every turn what a fresh query finds, by one least event',
    () => {
      const begin = Number(LIVE_SEED);
      for (let seed = begin; seed < begin + Number(LIVE_RUNS) / atOnce; seed += 1) {
        const done = (seed - begin) * atOnce;
        if (done > 0 && done % 10_000 === 0) console.log(`${done} of ${LIVE_RUNS} histories`);
        fc.assert(property, {
          seed,
          numRuns: atOnce,
          reporter(details) {
            if (!details.failed) return;
            const replay = `LIVE_SEED=${seed} LIVE_RUNS=${atOnce} npm run test:live-soak`;
            throw new Error(`${fc.defaultReportMessage(details)}\nReplay it: ${replay}`, {
              cause: details.errorInstance,
            });
          },
        });
      }
    },
    Math.max(60_000, 1_000 * Number(LIVE_RUNS)),
  );
});
