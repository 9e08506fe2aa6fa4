/**
 * JSON as requests bring it, looked through for integers that would silently become others: JSON.parse makes doubles of all
 * numbers, and 9007199254740993 is none.
 */
import { BadUserInputError } from '../errors.ts';
import { limits } from '../limits.ts';
import { isBareKey } from './crdt/keypath.ts';

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

/** @returns the index after the closing quote */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
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
