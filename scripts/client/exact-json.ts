/**
 * JSON whose numbers keep their digits. JSON.parse makes a double of each number, and JSON.stringify prints a double that holds
 * an integer with digits that another reader takes for another integer: here the tokens of numbers decide.
 */
import { limits } from '../../limits.ts';

/** A number that the API cannot hold, or text that nests too deep. */
export class JsonProblem extends Error {}

/** Quotes, brackets and numbers: enough to tell strings from what stands between them. */
const token = /["{}[\]]|-?\d[\d.eE+-]*/g;

/**
 * Replaces number tokens of a text, which need not be valid JSON. Strings stay as they are.
 * @throws {JsonProblem} where brackets nest deeper than a document may
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
      // The document itself is no level.
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

/** @returns the index behind the closing quote, or the length of a text that has none */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
}

/**
 * As JSON.parse, but integers whose digits a double does not keep become the API's `{"$int64": "…"}` or `{"$uint64": "…"}`.
 * @throws {JsonProblem} an integer of more than 64 bits, a number beyond the doubles, or more levels than a document may have
 * @throws {SyntaxError} no JSON
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
  // 2^64 has twenty digits; a longer integer is not worth converting.
  const value = digits.length <= 21 ? BigInt(digits) : undefined;
  if (value !== undefined && BigInt.asIntN(64, value) === value) return `{"$int64":"${digits}"}`;
  if (value !== undefined && BigInt.asUintN(64, value) === value) return `{"$uint64":"${digits}"}`;
  throw new JsonProblem(
    `the integer ${shortened(digits)} has more than 64 bits: write it as a string, or as a float with an exponent`,
  );
}

/** As JSON.stringify, but a double that holds a large integer is written as a float, so that it is read as the same double. */
export const stringifyExactly = (value: unknown): string => rewriteNumbers(JSON.stringify(value), exportedNumber);

function exportedNumber(number: string): string {
  const value = Number(number);
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : number;
}

const shortened = (number: string): string => (number.length > 40 ? `${number.slice(0, 40)}…` : number);
