/** Properties over random cases, any number of them, and what replays a failure of one. */
import { relative } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';

/** `npm run test:query-soak` makes the cases so many times as many as a test says. */
const { QUERY_TIMES = '1', QUERY_SEED, QUERY_PATH } = process.env;

/** As fc.assert: throws where the property does not hold for a case, naming the command that runs that case alone. */
export function assertProperty<Case>(property: fc.IProperty<Case>, { numRuns }: { readonly numRuns: number }): void {
  const { currentTestName = '', testPath = '' } = expect.getState();
  const test = currentTestName.split(' > ').at(-1) ?? '';
  fc.assert(property, {
    numRuns: numRuns * Number(QUERY_TIMES),
    ...(QUERY_SEED === undefined ? {} : { seed: Number(QUERY_SEED) }),
    ...(QUERY_PATH === undefined ? {} : { path: QUERY_PATH }),
    reporter(details) {
      if (!details.failed) return;
      const variables = `QUERY_SEED=${details.seed} QUERY_PATH=${details.counterexamplePath}`;
      const replay = `${variables} npx vitest run ${relative(process.cwd(), testPath)} -t '${inPattern(test)}'`;
      throw new Error(`${fc.defaultReportMessage(details)}\nReplay it: ${replay}`, { cause: details.errorInstance });
    },
  });
}

/** Of a name of a test, within the quotes of a shell. */
const inPattern = (name: string): string => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll("'", '.');
