/** `N passed, N failed`, alone on a line, out of vitest's JSON report: for those who read only the end of a log. */
import { readFileSync } from 'node:fs';

const [, , file = ''] = process.argv;
const text = readFileSync(file, 'utf8');
if (text === '') {
  console.error('there is no test report: what npm test said above ended it before the tests did');
  process.exit(1);
}
const { numPassedTests, numFailedTests, testResults } = JSON.parse(text);
// A file that could not even be loaded has no tests in it that could fail.
const notLoaded = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
console.log(`${numPassedTests} passed, ${numFailedTests + notLoaded.length} failed`);
