/**
 * JSON as requests bring it. Before it is parsed: whether it holds more values than memory should be spent on. Afterwards:
 * whether JSON.parse, which makes doubles of all numbers, silently made other integers of some, as 9007199254740993 is no double.
 */
import { BadUserInputError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { isBareKey } from './keypath.ts';

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Looks at brackets, commas and strings alone, so that it takes a fraction of the time of JSON.parse. Short texts are not looked at.
 * @param text JSON, or anything: what is no JSON is left to JSON.parse
 * @returns what is wrong: more than limits.requestValues, or deeper than limits.requestDepth
 */
export function jsonProblem(text: string): string | undefined {
  if (text.length <= limits.smallJsonCharacters) return undefined;
  let depth = 0;
  let values = 1;
  let mayBeEmpty = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    // Blanks: between an opening bracket and its closing one they are no value.
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

const tooDeep = `JSON that is nested more than ${limits.requestDepth} levels deep is not taken: make it flatter`;
const tooManyValues = `a request has at most ${limits.requestValues} JSON values (numbers, strings, objects, arrays, …): send less at once`;

/** Whether an integer's digits survive as a double: exactly, or as the digits in which JavaScript itself writes that double. */
export function keepsDigits(integer: string): boolean {
  const number = Number(integer);
  return !Number.isFinite(number) || String(number) === integer || BigInt(number) === BigInt(integer);
}

export const lostDigits = (integer: string): string =>
  `the integer ${integer.length > 40 ? `${integer.slice(0, 40)}…` : integer} would lose digits: write {"$int64": "…"} or {"$uint64": "…"}, or a float with an exponent`;

/** Whether there is any need to look: a double holds every integer of fifteen digits. */
export const hasManyDigits = (text: string): boolean => /\d{16}/.test(text);

/** What an array or an object is read up to: an index, or where the last key stands in the text. */
type Place = { index: number } | { keyStart: number; keyEnd: number };

/**
 * Iterative, however deep it goes.
 * @param text valid JSON: each of its tokens says all by itself then
 * @param argument how errors name the whole: `metadata`
 * @param within where what errors name begins: `variables` is no part of an argument's name
 * @throws {BadUserInputError} an integer that a double does not hold
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

/** Deeper is no document: an answer has no room for all that a request may nest. */
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
