/** Loads a definitions file, TypeScript or JavaScript, without a build. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti, type Jiti } from 'jiti';
import { DefinitionError } from '../errors.ts';
import { checkDefinitions } from './check.ts';
import type { Definitions } from './definitions.ts';

/** The language module beside this one: its source when run from source, the built one when run from the build. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const language = fileURLToPath(new URL(`./language.${extension}`, import.meta.url));

/**
 * @param file absolute, or relative to the working directory
 * @throws {DefinitionError} where there is no such file, it cannot be run, or what it exports cannot be served
 */
export async function loadDefinitions(file: string): Promise<Definitions> {
  const path = resolve(file);
  if (!existsSync(path)) throw new DefinitionError(`there is no definitions file ${path}: COLLECTIONS names it`);
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
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new DefinitionError(`the definitions file ${path} cannot be run: ${problem}`, { cause });
  }
  try {
    return checkDefinitions(source);
  } catch (cause) {
    if (!(cause instanceof DefinitionError)) throw cause;
    throw new DefinitionError(`${path}:\n${cause.message}`, { cause });
  }
}

/** jiti loads its compiler, Babel, with the first file that it compiles. */
const loadCompiler = (jiti: Jiti) => jiti.transform({ source: '', filename: 'empty.ts' });

/** Babel replaces `Error.prepareStackTrace` and raises `Error.stackTraceLimit` to 50 once loaded: every error would cost more. */
function keepStacks(work: () => void): void {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    work();
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
}
