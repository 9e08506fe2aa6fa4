/**
 * Parses and formats keypaths: `a.b`, `a["x.y"]`. A key that is not empty and contains none of `. [ ] "` may be written
 * bare; any key may be written as a JSON string in brackets.
 */
import { BadUserInputError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { isWellFormed } from './value.ts';

const bareKey = /^[^.[\]"]+$/;
const bareKeyHere = /[^.[\]"]+/y;
/** The extent of a JSON string; JSON.parse then checks its escapes. */
const quotedKeyHere = /"(?:[^"\\]|\\.)*"/sy;

export const isBareKey = (key: string): boolean => bareKey.test(key);

/** @throws {BadUserInputError} that names `argument`, the problem and its place in the text */
export function parseKeypath(text: string, argument: string): Path {
  if (text.length > limits.keypathCharacters) {
    throw new BadUserInputError(argument, `a keypath may have at most ${limits.keypathCharacters} characters`);
  }
  const path: string[] = [];
  let at = 0;
  do {
    const start = at;
    const bracketed = text[at] === '[';
    if (path.length > 0 && !bracketed) {
      if (text[at] !== '.') throw malformed(argument, text, at, 'expected . or [');
      at++;
    }
    const token = bracketed ? quotedKey(text, at, argument) : matchAt(bareKeyHere, text, at);
    if (token === undefined) throw malformed(argument, text, at, 'expected a key');
    const key = bracketed ? parsedKey(token, argument, text, at) : token;
    at += bracketed ? token.length + 2 : token.length;
    checkKey(key, argument, text, start);
    path.push(key);
    if (path.length > limits.documentDepth) {
      throw new BadUserInputError(argument, `a keypath may have at most ${limits.documentDepth} keys`);
    }
  } while (at < text.length);
  return path;
}

/** @param at the index of the opening bracket */
function quotedKey(text: string, at: number, argument: string): string {
  const token = matchAt(quotedKeyHere, text, at + 1);
  if (token === undefined) throw malformed(argument, text, at + 1, 'expected a key in double quotes');
  const end = at + 1 + token.length;
  if (text[end] !== ']') throw malformed(argument, text, end, 'expected ]');
  return token;
}

function parsedKey(token: string, argument: string, text: string, at: number): string {
  try {
    return String(JSON.parse(token));
  } catch (cause) {
    throw malformed(argument, text, at + 1, 'expected a JSON string', { cause });
  }
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function checkKey(key: string, argument: string, text: string, at: number): void {
  if (key === '__proto__') throw malformed(argument, text, at, '__proto__ cannot be a key');
  if (!isWellFormed(key)) throw malformed(argument, text, at, 'half of a surrogate pair');
}

function malformed(argument: string, text: string, at: number, problem: string, options?: ErrorOptions) {
  const where = at < text.length ? `at character ${at + 1}` : 'at its end';
  return new BadUserInputError(
    argument,
    `the keypath ${JSON.stringify(text)} is malformed ${where}: ${problem}`,
    options,
  );
}

/** The inverse of parseKeypath. The root, [], becomes the empty string, which is not a keypath. */
export function formatKeypath(path: Path): string {
  let text = '';
  for (const key of path) {
    if (!isBareKey(key)) text += `[${JSON.stringify(key)}]`;
    else text += text === '' ? key : `.${key}`;
  }
  return text;
}

/** Keys from the root of a document; the root itself is []. */
export type Path = readonly string[];
