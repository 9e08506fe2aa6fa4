/**
 * Checks on the JSON text of requests. jsonProblem runs before JSON.parse and refuses texts with too many values or too
 * deep a nesting. checkIntegers runs after it and refuses integers that a double cannot hold, such as 9007199254740993:
 * JSON.parse would silently round them.
 */
import { BadUserInputError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { isBareKey } from './keypath.ts';

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Looks only at brackets, commas and strings, so it takes a fraction of the time of JSON.parse. Skips short texts.
 * @param text any text; JSON.parse reports the syntax errors
 * @returns why the text is refused: it has more than limits.requestValues values, or more than limits.requestDepth
 * levels
 */
export function jsonProblem(text: string): string | undefined {
  if (text.length <= limits.smallJsonCharacters) return undefined;
  let depth = 0;
  let values = 1;
  let mayBeEmpty = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    // Whitespace between an opening bracket and its closing one is not a value.
    if (code <= 0x20) continue;
    if (code === closeBracket || code === closeBrace) {
      depth -= 1;
      mayBeEmpty = false;
      continue;
    }
    if (mayBeEmpty || code === comma) values += 1;
    mayBeEmpty = code === openBracket || code === openBrace;
    if (mayBeEmpty) depth += 1;
    if (depth > limits.requestDepth) return tooDeep;
    if (values > limits.requestValues) return tooManyValues;
    if (code === quote) index = endOfString(text, index) - 1;
  }
  return undefined;
}

const tooDeep = `JSON may be nested at most ${limits.requestDepth} levels deep: make it flatter`;
const tooManyValues = `a request may have at most ${limits.requestValues} JSON values (numbers, strings, objects, arrays, …): send less at once`;

/** True if a double holds the integer exactly, or if JavaScript itself prints that double with these digits. */
export function keepsDigits(integer: string): boolean {
  const number = Number(integer);
  return !Number.isFinite(number) || String(number) === integer || BigInt(number) === BigInt(integer);
}

export const lostDigits = (integer: string): string =>
  `the integer ${integer.length > 40 ? `${integer.slice(0, 40)}…` : integer} would lose digits: write {"$int64": "…"} or {"$uint64": "…"}, or a float with an exponent`;

/** A cheap pre-check: a double holds every integer of up to fifteen digits. */
export const hasManyDigits = (text: string): boolean => /\d{16}/.test(text);

/** How far an array or an object has been read: the index of the item, or where the last key is in the text. */
type Place = { index: number } | { keyStart: number; keyEnd: number };

/**
 * Iterative: deep nesting cannot overflow the stack.
 * @param text valid JSON, so each token can be classified without its context
 * @param argument the name of the whole text in errors, such as `metadata`
 * @param within keys to leave out of the names in errors: `variables` is not part of an argument's name
 * @throws {BadUserInputError} if a double cannot hold one of the integers
 */
export function checkIntegers(text: string, argument: string, within: readonly string[] = []): void {
  if (!hasManyDigits(text)) return;
  const places: Place[] = [];
  const token = /[{}[\],"]|-?\d[\d.eE+-]*/g;
  let expectsKey = false;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found] = match;
    const place = places.at(-1);
    switch (found) {
      case '{':
        places.push({ keyStart: 0, keyEnd: 0 });
        expectsKey = true;
        break;
      case '[':
        places.push({ index: 0 });
        expectsKey = false;
        break;
      case '}':
      case ']':
        places.pop();
        expectsKey = false;
        break;
      case ',':
        expectsKey = place !== undefined && 'keyStart' in place;
        if (place !== undefined && 'index' in place) place.index += 1;
        break;
      case '"':
        token.lastIndex = endOfString(text, match.index);
        if (expectsKey && place !== undefined && 'keyStart' in place) {
          place.keyStart = match.index;
          place.keyEnd = token.lastIndex;
        }
        expectsKey = false;
        break;
      default:
        if (found.length >= 16 && /^-?\d+$/.test(found) && !keepsDigits(found)) {
          throw new BadUserInputError(nameOf(argument, keysOf(text, places), within), lostDigits(found));
        }
    }
  }
}

/** @returns the index after the closing quote; without one, the text's end */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === backslash) backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
  }
  return text.length;
}

/** Stops at the depth of a document: the response has no room for every level that a request may nest. */
const keysOf = (text: string, places: readonly Place[]): readonly string[] =>
  places
    .slice(0, limits.documentDepth)
    .map((place) =>
      'index' in place ? String(place.index) : String(JSON.parse(text.slice(place.keyStart, place.keyEnd))),
    );

function nameOf(argument: string, keys: readonly string[], within: readonly string[]): string {
  const isWithin = keys.length > within.length && within.every((key, depth) => key === keys[depth]);
  const [first = argument, ...below] = [argument, ...(isWithin ? keys.slice(within.length) : keys)].filter(
    (key, depth) => depth > 0 || key !== '',
  );
  return below.reduce((name, key) => (isBareKey(key) ? `${name}.${key}` : `${name}[${JSON.stringify(key)}]`), first);
}
