/**
 * Prints `N passed, N failed` on a line of its own from vitest's JSON report, for those who read only the end of a log.
 */
import { readFileSync } from 'node:fs';

const [, , file = ''] = process.argv;
const text = readFileSync(file, 'utf8');
if (text === '') {
  console.error('there is no test report: npm test ended before the tests, as the output above says');
  process.exit(1);
}
const { numPassedTests, numFailedTests, testResults } = JSON.parse(text);
// A file that failed to load has no tests, but counts as a failure.
const notLoaded = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
console.log(`${numPassedTests} passed, ${numFailedTests + notLoaded.length} failed`);
