/** Loads a definitions file, in TypeScript or JavaScript, without a build. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti, type Jiti } from 'jiti';
import { DefinitionError } from '../errors.ts';
import { checkDefinitions } from './check.ts';
import type { Definitions } from './definitions.ts';
import * as helpers from './language.ts';

/** The language module beside this one: the source or the built file, as this module itself. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const language = fileURLToPath(new URL(`./language.${extension}`, import.meta.url));

/**
 * @param file absolute, or relative to the working directory
 * @throws {DefinitionError} if the file does not exist, fails to run, or exports invalid definitions
 */
export async function loadDefinitions(file: string): Promise<Definitions> {
  const path = resolve(file);
  if (!existsSync(path))
    throw new DefinitionError(`the definitions file ${path}, named by COLLECTIONS, does not exist`);
  const jiti = createJiti(import.meta.url, {
    alias: { tideline: language },
    fsCache: false,
    moduleCache: false,
  });
  keepStacks(() => loadCompiler(jiti));
  let source: unknown;
  try {
    source = await jiti.import(path, { default: true });
  } catch (cause) {
    throw new DefinitionError(`the definitions file ${path} cannot be run: ${problemOf(cause)}`, { cause });
  }
  try {
    return checkDefinitions(source);
  } catch (cause) {
    if (!(cause instanceof DefinitionError)) throw cause;
    throw new DefinitionError(`${path}:\n${cause.message}`, { cause });
  }
}

function problemOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const missing =
    /^(\w+) is not defined$/.exec(cause.message) ??
    /^\(0 ?, ?_tideline\.(\w+)\) is not a function$/.exec(cause.message);
  const name = missing?.[1];
  if (name === undefined) return cause.message;
  // The first place in the stack is where the name is used.
  const place = /\((?:file:\/\/)?([^()\s]+:\d+):\d+\)|at (?:file:\/\/)?(\/[^()\s]+:\d+):\d+/.exec(cause.stack ?? '');
  const at = place === null ? '' : ` (${place[1] ?? place[2]})`;
  const known = Object.keys(helpers).sort();
  if (known.includes(name)) return `${name} is not defined${at}: import it from 'tideline'`;
  const typed = name.toLowerCase();
  const meant = known.find(
    (helper) => helper.toLowerCase().startsWith(typed) || typed.startsWith(helper.toLowerCase()),
  );
  const guess = meant === undefined ? '' : ` did you mean ${meant}?`;
  return `${name} is not defined${at}:${guess} 'tideline' has ${known.join(', ')}`;
}

/** jiti loads its compiler, Babel, with the first file that it compiles. */
const loadCompiler = (jiti: Jiti) => jiti.transform({ source: '', filename: 'empty.ts' });

/**
 * Babel replaces `Error.prepareStackTrace` and raises `Error.stackTraceLimit` to 50, which makes every later error
 * slower: undo that.
 */
function keepStacks(work: () => void): void {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    work();
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
}
