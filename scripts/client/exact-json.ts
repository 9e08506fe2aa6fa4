/**
 * JSON that keeps the digits of numbers. JSON.parse turns each number into a double, and JSON.stringify prints some
 * large integers with digits that other readers take for another integer. This module decides by the text of each
 * number instead.
 */
import { limits } from '../../limits.ts';

/** A number that the API cannot hold, or a text that is nested too deeply. */
export class JsonProblem extends Error {}

/** Quotes, brackets and numbers: enough to distinguish strings from the rest. */
const token = /["{}[\]]|-?\d[\d.eE+-]*/g;

/**
 * Replaces the numbers in a text, which need not be valid JSON. Leaves strings alone.
 * @throws {JsonProblem} if brackets nest deeper than a document may
 */
function rewriteNumbers(text: string, rewrite: (number: string) => string): string {
  let result = '';
  let taken = 0;
  let depth = 0;
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found] = match;
    if (found === '"') {
      token.lastIndex = endOfString(text, match.index);
    } else if (found === '{' || found === '[') {
      depth += 1;
      // The document itself does not count as a level.
      if (depth > limits.documentDepth + 1) {
        throw new JsonProblem(`it is nested more than ${limits.documentDepth} levels deep`);
      }
    } else if (found === '}' || found === ']') {
      depth -= 1;
    } else {
      const rewritten = rewrite(found);
      if (rewritten === found) continue;
      result += text.slice(taken, match.index) + rewritten;
      taken = token.lastIndex;
    }
  }
  return taken === 0 ? text : result + text.slice(taken);
}

/** @returns the index after the closing quote; the length of the text if there is none */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
}

/**
 * Like JSON.parse, but integers that a double cannot hold become the API's `{"$int64": "…"}` or `{"$uint64": "…"}`.
 * @throws {JsonProblem} an integer needs more than 64 bits, a number exceeds a double, or there are too many levels for
 * a document
 * @throws {SyntaxError} the text is not JSON
 */
export const parseExactly = (text: string): unknown => JSON.parse(rewriteNumbers(text, importedNumber));

function importedNumber(number: string): string {
  const value = Number(number);
  if (/^-?(?:0|[1-9]\d*)$/.test(number)) {
    if (String(value) === number || number === '-0') return number;
    return largeInteger(number);
  }
  if (!Number.isFinite(value) && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(number)) {
    throw new JsonProblem(`the number ${shortened(number)} is beyond the range of a double`);
  }
  return number;
}

function largeInteger(digits: string): string {
  // 2^64 has twenty digits; longer integers are refused without a conversion.
  const value = digits.length <= 21 ? BigInt(digits) : undefined;
  if (value !== undefined && BigInt.asIntN(64, value) === value) return `{"$int64":"${digits}"}`;
  if (value !== undefined && BigInt.asUintN(64, value) === value) return `{"$uint64":"${digits}"}`;
  throw new JsonProblem(
    `the integer ${shortened(digits)} has more than 64 bits: write it as a string, or as a float with an exponent`,
  );
}

/**
 * Like JSON.stringify, but writes a large integer in a double as a float, so that it is read back as the same double.
 */
export const stringifyExactly = (value: unknown): string => rewriteNumbers(JSON.stringify(value), exportedNumber);

function exportedNumber(number: string): string {
  const value = Number(number);
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : number;
}

const shortened = (number: string): string => (number.length > 40 ? `${number.slice(0, 40)}…` : number);
